"""Who has no valid access token is refused cheaply after too many requests; who has one does not notice."""

import httpx
import pytest

from api import stranger_limit
from api.auth import Login
from api.stranger_limit import PER_SECOND
from tests.api.test_auth import problem_of
from tests.kit.http import PASSWORD

BURST, FILES_BURST = 40, 60
"""Of these tests, which would send hundreds of requests otherwise."""


@pytest.fixture(autouse=True)
def small_burst(monkeypatch):
    monkeypatch.setattr(stranger_limit, "BURST", BURST)
    monkeypatch.setattr(stranger_limit, "FILES_BURST", FILES_BURST)


def from_address(client, address):
    """Further requests come from this address."""
    client._http._transport = httpx.ASGITransport(client.transport.app, client=(address, 50_000))


@pytest.fixture
def flooded(client):
    """A client whose address has used up its allowance."""

    def flood(*, path="/v1/auth/refresh", **request):
        statuses = [client.post(path, **request).status_code for _ in range(BURST)]
        assert statuses[0] != 429
        return client.post(path, **request)

    return flood


@pytest.mark.parametrize("path", ["/v1/auth/login", "/v1/auth/refresh", "/v1/auth/password", "/v1/auth/logout"])
def test_a_flood_of_bad_bodies_is_refused_before_they_are_validated(flooded, client, monkeypatch, path):
    problem_of(flooded(path=path, json={"unknown": 1}), 429, "too-many-requests")
    seen = []
    monkeypatch.setattr(Login, "_some_unknown_fields_say_enough", classmethod(lambda _, said: seen.append(said) or said))
    answer = client.post(path, content=b"not even JSON")
    problem_of(answer, 429, "too-many-requests")
    assert answer.headers["connection"] == "close"
    assert int(answer.headers["retry-after"]) >= 1


def test_a_token_of_ones_own_is_no_ticket_to_flood_the_login(ana, client):
    token = {"Authorization": f"Bearer {ana.tokens['access_token']}"}
    statuses = [client.post("/v1/auth/login", json={}, headers=token).status_code for _ in range(BURST + 1)]
    assert statuses[-1] == 429


def test_a_wrong_token_is_a_stranger_even_if_an_open_route_answered_it(client):
    token = {"Authorization": "Bearer junk"}
    statuses = [client.get("/healthz", headers=token).status_code for _ in range(BURST + 1)]
    assert statuses[-1] == 429
    assert client.get("/v1/me", headers=token).status_code == 429


def test_who_is_logged_in_does_not_notice_strangers_at_the_same_address(ana, flooded, client):
    fresh = client.post("/v1/auth/refresh", json={"refresh_token": ana.tokens["refresh_token"]}).json()
    assert flooded(json={}).status_code == 429
    assert ana.get("/v1/me").status_code == 200
    ana.tokens = fresh
    assert ana.get("/v1/me").status_code == 200


def test_a_known_device_logs_in_although_strangers_at_its_address_are_refused(ana, flooded, client):
    credentials = {"email": ana.email, "password": PASSWORD}
    assert client._http.cookies
    cookies = dict(client._http.cookies)
    client._http.cookies.clear()
    assert flooded(json={}).status_code == 429
    assert client.post("/v1/auth/login", json=credentials).status_code == 429
    cookie = "; ".join(f"{name}={value}" for name, value in cookies.items())
    assert client.post("/v1/auth/login", json=credentials, headers={"Cookie": cookie}).status_code == 200


def test_other_addresses_are_not_refused(flooded, client):
    from_address(client, "2001:db8:1:2::1")
    assert flooded(json={}).status_code == 429
    from_address(client, "2001:db8:1:2:ffff::9")
    assert client.get("/healthz").status_code == 429
    from_address(client, "2001:db8:1:3::1")
    assert client.get("/healthz").status_code == 200


def test_the_files_of_the_console_have_an_allowance_of_their_own(flooded, client):
    files = [client.get("/assets/index-abc.js").status_code for _ in range(FILES_BURST + 1)]
    assert (set(files[:-1]), files[-1]) == ({404}, 429)
    assert client.get("/healthz").status_code == 200
    assert flooded(json={}).status_code == 429


@pytest.mark.parametrize(
    ("path", "burst", "policy"),
    [("/assets/index-abc.js", FILES_BURST, f'"file";q={FILES_BURST};w=1'), ("/v1/auth/refresh", BURST, f'"stranger";q={BURST};w=2')],
)
def test_a_refusal_states_the_limit_that_refused(client, monkeypatch, path, burst, policy):
    monkeypatch.setattr(stranger_limit, "FILES_PER_SECOND", float(FILES_BURST))
    answers = [client.post(path, json={}) for _ in range(burst + 1)]
    problem_of(answers[-1], 429, "too-many-requests")
    assert answers[-1].headers["RateLimit-Policy"] == policy


def test_who_guesses_passwords_still_loads_the_console(flooded, client):
    assert flooded(json={}).status_code == 429
    assert client.get("/assets/index-abc.js").status_code == 404


def test_the_allowance_comes_back(flooded, client, center):
    assert flooded(json={}).status_code == 429
    center.clock.pass_s(1)
    assert [client.get("/healthz").status_code for _ in range(int(PER_SECOND) + 1)] == [200] * int(PER_SECOND) + [429]
