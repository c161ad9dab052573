"""Who gets in, for how long, and what a token is good for."""

import base64
import json
import time
from dataclasses import replace
from uuid import UUID

import httpx
import jwt
import pytest

from api import auth
from api.access_tokens import ACCESS_S
from api.application_state import ApplicationState
from api.problem import PREFIX
from api.problem_types import kind_of
from commands.passwords import hashed_password
from commands.users import ActivateUser, DeactivateUser, IssuePasswordLink, SetPassword, SetPermissions
from tests.kit.http import PASSWORD, operator


def problem_of(answer, status, kind):
    """The problem of an answer. kind: its kind, or its own code."""
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    body = answer.json()
    code = body["type"].removeprefix(PREFIX)
    assert kind in (code, kind_of(code))
    assert body["status"] == status
    return body


def test_a_user_is_who_the_token_says(ana):
    me = ana.get("/v1/me").json()
    assert (me["email"], me["level"], me["active"], me["has_password"]) == ("ana@empresa.example", "admin", True, True)
    assert ana.get("/v1/company").json()["name"] == "Empresa"


@pytest.mark.parametrize(
    ("email", "password", "company"),
    [
        ("ana@empresa.example", "Seja#Bem2", ""),
        ("outra@empresa.example", PASSWORD, ""),
        ("ana@empresa.example", PASSWORD, "Outra"),
        ("not an address", PASSWORD, ""),
    ],
)
def test_nobody_else_gets_in(ana, client, email, password, company):
    answer = client.post("/v1/auth/login", json={"email": email, "password": password, "company": company})
    problem_of(answer, 401, "unauthenticated")
    assert answer.headers["www-authenticate"].startswith("Bearer")


def test_the_address_is_written_as_one_likes(ana, client):
    answer = client.post("/v1/auth/login", json={"email": " ANA@Empresa.Example ", "password": PASSWORD})
    assert answer.status_code == 200


def test_one_address_in_two_companies_is_two_users(log_in, client):
    first = log_in("Empresa", "ana@x.example")
    second = log_in("Outra", "ana@x.example")
    assert first.tokens["company_id"] != second.tokens["company_id"]
    assert second.get("/v1/company").json()["name"] == "Outra"


def test_an_access_token_lives_ten_minutes(ana, center):
    center.clock.pass_s(ACCESS_S - 1)
    assert ana.get("/v1/me").status_code == 200
    center.clock.pass_s(1)
    answer = ana.get("/v1/me")
    problem_of(answer, 401, "unauthenticated")
    assert 'error="invalid_token"' in answer.headers["www-authenticate"]


def _forged(token: str, secret: str, algorithm: str = "HS256", **changes: object) -> str:
    payload = jwt.decode(token, options={"verify_signature": False})
    return jwt.encode(payload | changes, secret, algorithm)


def _unsigned(token: str) -> str:
    head = base64.urlsafe_b64encode(json.dumps({"alg": "none", "typ": "JWT"}).encode()).decode().rstrip("=")
    return f"{head}.{token.split('.')[1]}."


def test_only_tokens_of_this_server_count(ana, center):
    good = ana.tokens["access_token"]
    bad = [
        _forged(good, "t" * 64),
        _forged(good, center.token_secret, "HS512"),
        _forged(good, center.token_secret, sub="nobody"),
        _forged(good, center.token_secret, iss="another"),
        _unsigned(good),
        good[:-2],
        ana.tokens["refresh_token"],
        "ü",
        "",
    ]
    assert ana.client.get("/v1/me", headers={"Authorization": f"Bearer {good}"}).status_code == 200
    for token in bad:
        problem_of(ana.client.get("/v1/me", headers={b"Authorization": b"Bearer " + token.encode()}), 401, "unauthenticated")
    problem_of(ana.client.get("/v1/me", headers={"Authorization": f"Basic {good}"}), 401, "unauthenticated")
    problem_of(ana.client.get("/v1/me"), 401, "unauthenticated")


def test_refreshing_goes_on_with_new_tokens(ana, center, client):
    center.clock.pass_s(ACCESS_S)
    answer = client.post("/v1/auth/refresh", json={"refresh_token": ana.tokens["refresh_token"]})
    assert answer.status_code == 200
    fresh = answer.json()
    assert fresh["refresh_token"] != ana.tokens["refresh_token"]
    ana.tokens = fresh
    assert ana.get("/v1/me").status_code == 200


def test_a_refresh_token_used_twice_within_a_minute_gives_the_same_and_later_ends_the_session(ana, client, center):
    old = ana.tokens["refresh_token"]
    fresh = client.post("/v1/auth/refresh", json={"refresh_token": old}).json()["refresh_token"]
    assert client.post("/v1/auth/refresh", json={"refresh_token": old}).json()["refresh_token"] == fresh
    center.clock.pass_s(60)
    problem_of(client.post("/v1/auth/refresh", json={"refresh_token": old}), 401, "unauthenticated")
    problem_of(client.post("/v1/auth/refresh", json={"refresh_token": fresh}), 401, "unauthenticated")


def test_logging_out_ends_the_session(ana, client):
    token = ana.tokens["refresh_token"]
    assert client.post("/v1/auth/logout", json={"refresh_token": token}).status_code == 204
    problem_of(client.post("/v1/auth/refresh", json={"refresh_token": token}), 401, "unauthenticated")


@pytest.mark.parametrize("token", ["x", "ü" * 20, "A" * 200, "==="])
def test_a_text_that_is_no_refresh_token_is_refused(client, token):
    problem_of(client.post("/v1/auth/refresh", json={"refresh_token": token}), 401, "unauthenticated")
    assert client.post("/v1/auth/logout", json={"refresh_token": token}).status_code == 204


def test_what_a_user_may_do_changes_with_the_next_token(ana, log_in, client, center):
    bia = log_in(email="bia@empresa.example", permissions=("gerenciar-service",))
    assert bia.post("/v1/queues", {"name": "vendas"}).status_code == 201
    center.bus.execute(SetPermissions(user=UUID(bia.get("/v1/me").json()["id"]), level="user", permissions=()), operator("Empresa"))
    bia.tokens = client.post("/v1/auth/refresh", json={"refresh_token": bia.tokens["refresh_token"]}).json()
    body = problem_of(bia.post("/v1/queues", {"name": "suporte"}), 403, "not-allowed")
    assert body["permission"] == "gerenciar-service"


def test_who_is_kept_out_does_not_come_back(ana, log_in, client):
    bia = log_in(email="bia@empresa.example", permissions=())
    bia_id = bia.get("/v1/me").json()["id"]
    assert ana.post(f"/v1/users/{bia_id}/deactivate").status_code == 200
    problem_of(client.post("/v1/auth/refresh", json={"refresh_token": bia.tokens["refresh_token"]}), 401, "unauthenticated")
    problem_of(client.post("/v1/auth/login", json={"email": bia.email, "password": PASSWORD}), 401, "unauthenticated")
    assert ana.post(f"/v1/users/{bia_id}/activate").status_code == 200
    assert client.post("/v1/auth/login", json={"email": bia.email, "password": PASSWORD}).status_code == 200


def test_a_user_kept_out_by_the_operator_cannot_refresh(log_in, client, center):
    bia = log_in(permissions=())
    center.bus.execute(DeactivateUser(user=UUID(bia.get("/v1/me").json()["id"])), operator("Empresa"))
    problem_of(client.post("/v1/auth/refresh", json={"refresh_token": bia.tokens["refresh_token"]}), 401, "unauthenticated")


def test_a_one_time_token_sets_a_password_once(ana, client, center):
    registered = ana.post("/v1/users", {"name": "Bia", "email": "bia@empresa.example", "permissions": ["gerenciar-relatorio"]})
    assert registered.status_code == 201
    token = registered.json()["result"]["token"]
    weak = client.post("/v1/auth/password", json={"token": token, "password": "Aabbcc1#"})
    assert problem_of(weak, 422, "invalid")["errors"][0]["pointer"] == "/password"
    assert client.post("/v1/auth/password", json={"token": token, "password": "Outra#Vez1"}).status_code == 204
    problem_of(client.post("/v1/auth/password", json={"token": token, "password": "Outra#Vez2"}), 409, "refused")
    answer = client.post("/v1/auth/login", json={"email": "bia@empresa.example", "password": "Outra#Vez1"})
    assert answer.json()["permissions"] == ["gerenciar-relatorio"]


def test_under_the_policy_of_nist_length_counts_and_what_is_known_of_the_user(ana, client, center):
    center._settings = replace(center._settings, password_policy="nist")
    link = center.bus.execute(IssuePasswordLink(email=ana.email), operator("Empresa")).result["token"]
    for weak in (PASSWORD, "anaempresa2026", "Empresa.Empresa1", "password123456"):
        answer = client.post("/v1/auth/password", json={"token": link, "password": weak})
        assert problem_of(answer, 422, "invalid")["errors"][0]["pointer"] == "/password"
    assert client.post("/v1/auth/password", json={"token": link, "password": "quatro cavalos azuis nadam"}).status_code == 204
    assert client.post("/v1/auth/login", json={"email": ana.email, "password": "quatro cavalos azuis nadam"}).status_code == 200
    problem_of(client.post("/v1/auth/password", json={"token": "unknown", "password": "quatro cavalos azuis nadam"}), 409, "refused")
    assert client.get("/v1/auth/password-rules").json() == {"policy": "nist", "shortest": 12, "longest": 128}


def test_the_rules_of_passwords_are_said_to_everybody(client):
    assert client.get("/v1/auth/password-rules").json() == {"policy": "composition", "shortest": 6, "longest": 20}


def test_a_new_password_ends_the_sessions_of_before(ana, client, center):
    link = center.bus.execute(IssuePasswordLink(email=ana.email), operator("Empresa")).result["token"]
    assert client.post("/v1/auth/password", json={"token": link, "password": "Outra#Vez1"}).status_code == 204
    problem_of(client.post("/v1/auth/refresh", json={"refresh_token": ana.tokens["refresh_token"]}), 401, "unauthenticated")
    problem_of(client.post("/v1/auth/login", json={"email": ana.email, "password": PASSWORD}), 401, "unauthenticated")


def test_a_user_changes_the_own_password_by_the_one_of_now_and_all_sessions_end(ana, client):
    fresh = "Ainda#Melh0r"
    wrong = ana.post("/v1/auth/own-password", {"current": "Seja#Bem2", "password": fresh})
    assert problem_of(wrong, 422, "password-wrong")["errors"][0]["pointer"] == "/current"
    weak = ana.post("/v1/auth/own-password", {"current": PASSWORD, "password": "semnada"})
    assert problem_of(weak, 422, "password-weak")["errors"][0]["pointer"] == "/password"
    assert ana.get("/v1/me").status_code == 200
    done = ana.post("/v1/auth/own-password", {"current": PASSWORD, "password": fresh})
    assert (done.status_code, done.content) == (204, b"")
    problem_of(client.post("/v1/auth/refresh", json={"refresh_token": ana.tokens["refresh_token"]}), 401, "unauthenticated")
    login = {"email": "ana@empresa.example"}
    problem_of(client.post("/v1/auth/login", json=login | {"password": PASSWORD}), 401, "unauthenticated")
    assert client.post("/v1/auth/login", json=login | {"password": fresh}).status_code == 200


def test_who_finds_a_session_open_does_not_guess_the_password(ana):
    tries = [ana.post("/v1/auth/own-password", {"current": f"Errada#{n}x", "password": "Ainda#Melh0r"}) for n in range(7)]
    assert [answer.status_code for answer in tries] == [422] * 5 + [429] * 2


def test_a_token_of_a_second_company_sets_the_password_there(log_in, client):
    log_in("Empresa")
    other = log_in("Outra", "chefe@outra.example")
    token = other.post("/v1/users", {"name": "Bia", "email": "bia@outra.example"}).json()["result"]["token"]
    assert client.post("/v1/auth/password", json={"token": token, "password": PASSWORD}).status_code == 204
    answer = client.post("/v1/auth/login", json={"email": "bia@outra.example", "password": PASSWORD})
    assert answer.json()["company_id"] == other.tokens["company_id"]


@pytest.mark.parametrize("token", ["x", "A" * 54, "ü"])
def test_a_text_that_is_no_one_time_token_is_refused(ana, client, token):
    problem_of(client.post("/v1/auth/password", json={"token": token, "password": PASSWORD}), 409, "refused")


def _at(client, address):
    """Further requests come from this address, from a device without cookies."""
    client._http.cookies.clear()
    client._http._transport = httpx.ASGITransport(client.transport.app, client=(address, 50_000))


def test_guessing_is_slowed_down(ana, client, center):
    guess, right = ({"email": ana.email, "password": password} for password in ("Seja#Mal1", PASSWORD))
    _at(client, "192.0.2.6")
    statuses = [client.post("/v1/auth/login", json=guess).status_code for _ in range(6)]
    assert statuses == [401] * 5 + [429]
    _at(client, "192.0.2.7")
    refused = client.post("/v1/auth/login", json=right)
    problem_of(refused, 429, "too-many-requests")
    center.clock.pass_s(int(refused.headers["retry-after"]))
    assert client.post("/v1/auth/login", json=right).status_code == 200
    assert client.post("/v1/auth/login", json=right).status_code == 200


def test_guesses_elsewhere_do_not_lock_out_a_known_device_or_address(ana, client):
    guess, right = ({"email": ana.email, "password": password} for password in ("Seja#Mal1", PASSWORD))
    cookies = dict(client._http.cookies)
    _at(client, "192.0.2.6")
    assert [client.post("/v1/auth/login", json=guess).status_code for _ in range(6)][-1] == 429
    _at(client, "127.0.0.1")
    assert client.post("/v1/auth/login", json=right).status_code == 200
    _at(client, "192.0.2.6")
    client._http.cookies.update(cookies)
    assert client.post("/v1/auth/login", json=right).status_code == 200


def test_the_cookie_of_a_known_device_is_for_the_login_alone_and_not_for_scripts(ana, client):
    answer = client.post("/v1/auth/login", json={"email": ana.email, "password": PASSWORD})
    cookie = answer.headers["set-cookie"]
    assert cookie.startswith("atende_device_")
    for attribute in ("HttpOnly", "SameSite=strict", "Path=/v1/auth", "Max-Age="):
        assert attribute in cookie
    assert "Secure" not in cookie
    client._http.base_url = httpx.URL("https://center")
    assert "Secure" in client.post("/v1/auth/login", json={"email": ana.email, "password": PASSWORD}).headers["set-cookie"]


GUESS = "Seja#Mal1"


@pytest.fixture
def twice_known(log_in, client, center):
    """Logs in by one e-mail address, which has a user with another password in each of two companies: of the victim, and of the attacker."""
    log_in("Empresa", "ana@x.example")
    log_in("Outra", "ana@x.example")
    link = center.bus.execute(IssuePasswordLink(email="ana@x.example"), operator("Outra")).result["token"]
    assert client.post("/v1/auth/password", json={"token": link, "password": "Outra#Vez1"}).status_code == 204
    _at(client, "192.0.2.6")

    def log_in_at(company, password, *, forgets_cookies=True):
        if forgets_cookies:
            client._http.cookies.clear()
        return client.post("/v1/auth/login", json={"email": "ana@x.example", "password": password, "company": company})

    return log_in_at


@pytest.mark.parametrize("own_company", ["Outra", ""])
@pytest.mark.parametrize("forgets_cookies", [True, False])
def test_a_login_in_one_company_frees_no_guesses_in_another(twice_known, own_company, forgets_cookies):
    statuses = []
    for _ in range(8):
        statuses.append(twice_known("Empresa", GUESS, forgets_cookies=forgets_cookies).status_code)
        assert twice_known(own_company, "Outra#Vez1", forgets_cookies=forgets_cookies).status_code == 200
    assert statuses.count(401) <= 5
    assert statuses[-1] == 429


def test_a_login_without_a_company_counts_wherever_its_password_was_tried(twice_known):
    assert [twice_known("", GUESS).status_code for _ in range(6)] == [401] * 5 + [429]
    for company, right in (("Empresa", PASSWORD), ("Outra", "Outra#Vez1")):
        problem_of(twice_known(company, right), 429, "too-many-requests")


def test_guesses_in_one_company_lock_no_known_address_out_of_another(twice_known, client):
    _at(client, "192.0.2.7")
    assert twice_known("Outra", "Outra#Vez1").status_code == 200
    _at(client, "192.0.2.6")
    assert [twice_known("Empresa", GUESS).status_code for _ in range(6)][-1] == 429
    _at(client, "192.0.2.7")
    assert twice_known("Outra", "Outra#Vez1").status_code == 200
    assert twice_known("", "Outra#Vez1").status_code == 200
    problem_of(twice_known("", GUESS), 429, "too-many-requests")


@pytest.mark.parametrize("first", ["Empresa", ""])
def test_a_wait_does_not_tell_whether_an_address_has_a_user_in_a_company(ana, client, first):
    then = "" if first else "Empresa"
    seen = []
    for number, email in enumerate((ana.email, "nobody@empresa.example")):
        statuses = []
        for company, address in ((first, f"192.0.2.{number}"), (then, f"198.51.100.{number}")):
            _at(client, address)
            login = {"email": email, "password": GUESS, "company": company}
            statuses += [client.post("/v1/auth/login", json=login).status_code for _ in range(6)]
        seen.append(statuses)
    assert seen[0] == seen[1]


def test_a_login_whose_password_is_reset_meanwhile_opens_no_session(ana, client, center, monkeypatch):
    check = auth.check_credentials

    def reset_after(*given):
        who = check(*given)
        link = center.bus.execute(IssuePasswordLink(email=ana.email), operator("Empresa")).result["token"]
        center.bus.execute(SetPassword(token=link, hashed=hashed_password("Outra#Vez1")), operator("Empresa"))
        client.transport.app.state.application.sessions.close_all(who.user)
        return who

    monkeypatch.setattr(auth, "check_credentials", reset_after)
    problem_of(client.post("/v1/auth/login", json={"email": ana.email, "password": PASSWORD}), 401, "unauthenticated")
    assert center.store.recorder.db.execute("SELECT count(*) FROM sessions") == [(0,)]


def test_a_login_whose_user_is_deactivated_meanwhile_opens_no_session(ana, client, center, monkeypatch):
    check = auth.check_credentials

    def deactivated_after(*given):
        who = check(*given)
        center.bus.execute(DeactivateUser(user=who.user), operator("Empresa"))
        return who

    monkeypatch.setattr(auth, "check_credentials", deactivated_after)
    before = center.store.recorder.db.execute("SELECT count(*) FROM sessions")
    problem_of(client.post("/v1/auth/login", json={"email": ana.email, "password": PASSWORD}), 401, "unauthenticated")
    assert center.store.recorder.db.execute("SELECT count(*) FROM sessions") == before


def test_a_session_that_was_refused_while_its_user_was_deactivated_stays_ended(log_in, client, center):
    bia = log_in(permissions=())
    user, token = UUID(bia.tokens["user_id"]), {"refresh_token": bia.tokens["refresh_token"]}
    center.bus.execute(DeactivateUser(user=user), operator("Empresa"))
    problem_of(client.post("/v1/auth/refresh", json=token), 401, "unauthenticated")
    center.bus.execute(ActivateUser(user=user), operator("Empresa"))
    problem_of(client.post("/v1/auth/refresh", json=token), 401, "unauthenticated")


def test_the_clock_of_the_machine_does_not_lengthen_a_wait(ana, client):
    throttle = client.transport.app.state.application.throttle
    assert throttle._clock == client.transport.app.state.application.center.clock.seconds
    assert ApplicationState(ana.client.transport.app.state.application.center).throttle._clock is time.monotonic


def test_users_are_seen_by_who_may_manage_them(ana, log_in):
    bia = log_in(email="bia@empresa.example", permissions=("gerenciar-relatorio",))
    bia_id = bia.get("/v1/me").json()["id"]
    assert ana.get(f"/v1/users/{bia_id}").json()["email"] == "bia@empresa.example"
    assert problem_of(bia.get(f"/v1/users/{bia_id}"), 403, "not-allowed")["permission"] == "gerenciar-usuário"
