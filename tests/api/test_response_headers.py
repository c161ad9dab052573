"""What every response tells a browser, and what HEAD answers."""

import re
from dataclasses import replace
from html.parser import HTMLParser

import httpx
import pytest

from api.app import create_app
from api.response_headers import CONTENT_SECURITY_POLICY, HSTS, security_headers
from tests.api.test_auth import problem_of
from tests.kit.http import PASSWORD, serving
from tests.kit.openapi import STREAMS, operations

PATHS = (
    "/v1/me",
    "/v1/queues",
    "/nowhere",
    "/healthz",
    "/docs",
    "/docs/assets/swagger-ui.css",
    "/first-access",
    "/openapi.json",
    "/metrics",
)


@pytest.mark.parametrize("path", PATHS)
def test_every_response_forbids_what_browsers_must_not_do(ana, path):
    for ask in (ana.get, ana.client.get):
        headers = ask(path).headers
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["content-security-policy"] == CONTENT_SECURITY_POLICY
        assert headers["referrer-policy"] == "no-referrer"
        assert "strict-transport-security" not in headers


def test_the_policy_lets_no_page_run_scripts_of_its_text_and_nobody_frame_it():
    policy = dict(part.strip().split(" ", 1) for part in CONTENT_SECURITY_POLICY.split(";"))
    assert policy["frame-ancestors"] == policy["base-uri"] == "'none'"
    assert "unsafe" not in policy["default-src"]
    assert "script-src" not in policy


def test_browsers_that_came_by_tls_come_by_tls_again(center):
    app = create_app(center)
    with serving(app) as client:
        client._http.base_url = httpx.URL("https://center")
        assert client.get("/healthz").headers["strict-transport-security"] == HSTS
        client._http.base_url = httpx.URL("http://center")
        assert "strict-transport-security" not in client.get("/healthz").headers


def test_a_public_address_of_tls_is_enough(center):
    center._settings = replace(center._settings, public_url="https://atende.example.com")
    with serving(create_app(center)) as client:
        assert client.get("/healthz").headers["strict-transport-security"] == HSTS


def test_no_cache_keeps_answers_with_tokens_or_personal_data(ana, client):
    login = client.post("/v1/auth/login", json={"email": ana.email, "password": PASSWORD})
    registered = ana.post("/v1/users", {"name": "Bia", "email": "bia@empresa.example"})
    refreshed = client.post("/v1/auth/refresh", json={"refresh_token": login.json()["refresh_token"]})
    for answer in (login, registered, refreshed, ana.get("/v1/me"), client.get("/v1/me")):
        assert answer.headers["cache-control"] == "no-store"


class Scripts(HTMLParser):
    """Collects what a page would run that is written in the page itself."""

    def __init__(self) -> None:
        super().__init__()
        self.inline = []
        self.external = []
        self.is_in_script = False

    def handle_starttag(self, tag, attrs):
        self.inline += [name for name, value in attrs if name.startswith("on") or (value or "").startswith("javascript:")]
        self.is_in_script = tag == "script"
        if self.is_in_script and dict(attrs).get("src"):
            self.external.append(dict(attrs)["src"])

    def handle_endtag(self, tag):
        self.is_in_script = False

    def handle_data(self, data):
        if self.is_in_script and data.strip():
            self.inline.append(data)


@pytest.mark.parametrize("path", ["/docs"])
def test_pages_work_under_the_policy(client, path):
    page = Scripts()
    page.feed(client.get(path).text)
    assert page.inline == []
    assert page.external
    for script in page.external:
        answer = client.get(script)
        assert (answer.status_code, answer.headers["content-type"].partition(";")[0]) == (200, "text/javascript")
        assert not re.search(r"\beval\(|new Function\(", answer.text) or "swagger-ui-bundle" in script


# HEAD


def test_every_route_with_get_answers_head_with_the_same_headers_and_no_body(ana, document):
    asked = 0
    for operation in operations(document):
        if operation.method != "get" or operation.path in ("/metrics", *STREAMS):
            continue
        path, params = operation.at("40ca8005-24cc-572c-9dd4-4d30c9eb3e0b"), operation.needed
        got, head = (ana.ask(method, path, params=params) for method in ("GET", "HEAD"))
        assert (head.status_code, head.content) == (got.status_code, b""), path
        assert head.headers.keys() == got.headers.keys(), path
        asked += got.status_code == 200
    assert asked > 10


@pytest.mark.parametrize("path", ["/docs", "/docs/assets/swagger-ui.css", "/openapi.json"])
def test_pages_answer_head(client, path):
    answer = client.request("HEAD", path, headers={"Accept-Encoding": "identity"})
    assert (answer.status_code, answer.content) == (200, b"")
    assert int(answer.headers["content-length"]) > 0


def test_the_live_stream_ends_after_the_headers_of_head(ana):
    answer = ana.ask("HEAD", "/v1/live")
    assert (answer.status_code, answer.content) == (200, b"")
    assert answer.headers["content-type"].startswith("text/event-stream")


def test_head_is_refused_where_get_is(ana):
    answer = ana.ask("HEAD", "/v1/agents/log-in")
    assert answer.status_code == 405
    assert answer.headers["allow"] == "POST"


# Content-Type


def test_a_body_of_another_content_type_is_refused_as_that_on_every_route(ana, document):
    asked = 0
    for operation in operations(document):
        if operation.method == "get" or operation.file is not None:
            continue
        for content_type in ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "application/jsonp"):
            answer = ana.ask(
                operation.method.upper(), operation.at(SOME_ID), content=b'{"name": "x"}', headers={"Content-Type": content_type}
            )
            problem_of(answer, 415, "unsupported-media-type")
        assert "415" in operation.definition["responses"], operation.path
        asked += "requestBody" not in operation.definition
    assert asked > 15


SOME_ID = "40ca8005-24cc-572c-9dd4-4d30c9eb3e0b"


@pytest.mark.parametrize("content_type", ["application/json", "Application/JSON; charset=utf-8", "application/merge-patch+json"])
def test_json_of_any_kind_is_read(ana, content_type):
    answer = ana.ask("POST", "/v1/queues", content=b'{"name": "vendas"}', headers={"Content-Type": content_type})
    assert answer.status_code == 201


def test_no_body_is_no_body_of_another_type(ana):
    problem_of(ana.ask("POST", "/v1/queues"), 422, "invalid")


def test_an_unexpected_error_has_the_headers_of_every_response(ana, client, center, monkeypatch):
    def fail(*_):
        raise RuntimeError("unexpected")

    monkeypatch.setattr(center.bus, "_execute", fail)
    client._http._transport.raise_app_exceptions = False
    answer = ana.post("/v1/queues", {"name": "vendas"})
    problem_of(answer, 500, "internal")
    for name, value in security_headers(is_by_tls=False, is_private=True).items():
        assert answer.headers[name] == value
