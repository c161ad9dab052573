"""A page in a browser: its session is a cookie that only its own requests bring, and other origins may use the API if the operator says so."""

from __future__ import annotations

from dataclasses import replace
from http.cookies import SimpleCookie

import pytest

from api.app import create_app
from api.session_cookie import COOKIE
from store.sessions import GRACE_US
from tests.api.test_auth import problem_of
from tests.kit.http import PASSWORD, Client, serving

OWN = {"Origin": "http://center", "Sec-Fetch-Site": "same-origin"}
CONSOLE = "https://console.example"


class Browser:
    """A page: it keeps the cookie itself, as the client's own jar would mix windows up."""

    def __init__(self, client: Client, cookie: str = "") -> None:
        self.client = client
        self.cookie = cookie

    def post(self, path, json, headers=OWN):
        cookie = {"Cookie": f"{COOKIE}={self.cookie}"} if self.cookie else {}
        answer = self.client.post(path, json=json, headers={**headers, **cookie})
        self.client._http.cookies.clear()
        for field in answer.headers.get_list("set-cookie"):
            if COOKIE in (given := SimpleCookie(field)):
                self.set = given[COOKIE]
                self.cookie = self.set.value
        return answer


@pytest.fixture
def page(ana, client) -> Browser:
    """A page in which Ana is logged in."""
    browser = Browser(client)
    answer = log_in_by_cookie(browser, ana)
    assert answer.status_code == 200, answer.text
    assert answer.json()["refresh_token"] is None
    assert answer.json()["access_token"]
    return browser


def log_in_by_cookie(browser, person, headers=OWN):
    return browser.post("/v1/auth/login", {"email": person.email, "password": PASSWORD, "session": "cookie"}, headers)


def test_the_cookie_is_for_the_routes_of_sessions_alone_and_for_no_script(page):
    assert (page.set["path"], page.set["httponly"], page.set["samesite"], page.set["secure"]) == ("/v1/auth", True, "strict", "")
    assert int(page.set["max-age"]) == 14 * 24 * 3600


@pytest.mark.parametrize(("public", "path"), [("https://atende.example", "/v1/auth"), ("https://atende.example/center", "/center/v1/auth")])
def test_behind_tls_the_cookie_is_secure_and_lies_under_the_public_path(ana, client, center, public, path):
    center._settings = replace(center._settings, public_url=public)
    browser = Browser(client)
    assert log_in_by_cookie(browser, ana, {"Origin": "https://atende.example"}).status_code == 200
    assert (browser.set["secure"], browser.set["path"]) == (True, path)


def test_a_page_renews_without_seeing_the_refresh_token(page, client):
    before = page.cookie
    answer = page.post("/v1/auth/refresh", {})
    assert answer.status_code == 200, answer.text
    assert answer.json()["refresh_token"] is None
    assert page.cookie != before
    assert client.get("/v1/me", headers={"Authorization": f"Bearer {answer.json()['access_token']}"}).status_code == 200


def test_two_windows_that_renew_at_once_both_stay(page, client, center):
    other = Browser(client, page.cookie)
    for window in (page, other):
        assert window.post("/v1/auth/refresh", {}).status_code == 200
    assert page.cookie == other.cookie
    old = Browser(client, page.cookie)
    assert page.post("/v1/auth/refresh", {}).status_code == 200
    center.clock.pass_s(GRACE_US / 1_000_000)
    problem_of(old.post("/v1/auth/refresh", {}), 401, "unauthenticated")
    problem_of(page.post("/v1/auth/refresh", {}), 401, "unauthenticated")


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://[center"},
        {"Origin": ""},
        {"Origin": "http://center.evil.example", "Sec-Fetch-Site": "same-origin"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {},
    ],
)
def test_the_cookie_of_a_request_that_no_own_page_sends_is_refused(page, ana, client, headers):
    for path in ("/v1/auth/refresh", "/v1/auth/logout"):
        problem_of(Browser(client, page.cookie).post(path, {}, headers), 403, "not-allowed")
    problem_of(log_in_by_cookie(Browser(client), ana, headers), 403, "not-allowed")
    assert page.post("/v1/auth/refresh", {}).status_code == 200


def test_a_browser_without_fetch_metadata_is_known_by_its_origin_and_one_without_origin_by_its_metadata(page):
    for headers in ({"Origin": "http://center"}, {"Sec-Fetch-Site": "same-origin"}):
        assert page.post("/v1/auth/refresh", {}, headers).status_code == 200


def test_logging_out_deletes_the_cookie_and_ends_the_session(page, client):
    token = page.cookie
    assert page.post("/v1/auth/logout", {}).status_code == 204
    assert (page.cookie, page.set["max-age"]) == ("", "0")
    problem_of(Browser(client, token).post("/v1/auth/refresh", {}), 401, "unauthenticated")


def test_a_program_needs_no_origin_for_its_own_token(ana, client):
    answer = client.post("/v1/auth/refresh", json={"refresh_token": ana.tokens["refresh_token"]})
    assert answer.status_code == 200
    assert answer.json()["refresh_token"]
    assert "set-cookie" not in answer.headers


def test_without_cookie_and_token_nobody_renews(client):
    problem_of(client.post("/v1/auth/refresh", json={}, headers=OWN), 401, "unauthenticated")


PREFLIGHT = {
    "Origin": CONSOLE,
    "Access-Control-Request-Method": "POST",
    "Access-Control-Request-Headers": "authorization,content-type,if-position",
}


def test_no_other_origin_reads_an_answer_by_default(ana, client):
    answer = ana.get("/v1/me", headers={"Origin": CONSOLE})
    assert "access-control-allow-origin" not in answer.headers
    assert client.request("OPTIONS", "/v1/me", headers=PREFLIGHT).status_code == 405


@pytest.fixture
def allowing(center):
    """A client of the center, which lets pages of the console's origin use its API."""
    center._settings = replace(center._settings, cors_origins=(CONSOLE,))
    with serving(create_app(center)) as client:
        yield client


def test_an_origin_that_the_operator_allows_uses_the_api_with_its_session(ana, allowing):
    preflight = allowing.request("OPTIONS", "/v1/auth/refresh", headers=PREFLIGHT)
    assert preflight.status_code == 200, preflight.text
    assert preflight.headers["access-control-allow-origin"] == CONSOLE
    assert preflight.headers["access-control-allow-credentials"] == "true"
    page = Browser(allowing)
    answer = log_in_by_cookie(page, ana, {"Origin": CONSOLE, "Sec-Fetch-Site": "same-site"})
    assert answer.status_code == 200, answer.text
    answer = page.post("/v1/auth/refresh", {}, {"Origin": CONSOLE})
    assert answer.status_code == 200
    assert "retry-after" in answer.headers["access-control-expose-headers"].lower()
    # Refusals are readable too.
    refused = allowing.get("/v1/me", headers={"Origin": CONSOLE})
    assert (refused.status_code, refused.headers["access-control-allow-origin"]) == (401, CONSOLE)


def test_an_origin_that_is_not_named_gets_nothing_even_then(ana, allowing):
    answer = allowing.get("/v1/me", headers={"Origin": "https://evil.example"})
    assert "access-control-allow-origin" not in answer.headers
    preflight = allowing.request("OPTIONS", "/v1/me", headers={**PREFLIGHT, "Origin": "https://evil.example"})
    assert preflight.status_code == 400
    problem_of(log_in_by_cookie(Browser(allowing), ana, {"Origin": "https://evil.example"}), 403, "not-allowed")
