"""The server gives browsers the console where it has no route, and tells how to build it where it is not built."""

from __future__ import annotations

import gzip
from http.client import HTTPConnection
from pathlib import Path

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from api import console
from tests.kit.served import server_of

PAGE = "<!doctype html><title>Atende</title>"
SCRIPT = "export const one = 1;" * 50
SMALLER = b"as brotli makes it"


@pytest.fixture
def files(tmp_path: Path) -> Path:
    (tmp_path / "assets").mkdir()
    (tmp_path / "index.html").write_text(PAGE)
    (tmp_path / "assets" / "index-abc.js").write_text(SCRIPT)
    (tmp_path / "assets" / "index-abc.js.gz").write_bytes(gzip.compress(SCRIPT.encode()))
    (tmp_path / "assets" / "index-abc.js.br").write_bytes(SMALLER)
    (tmp_path.parent / "secret.txt").write_text("secret")
    return tmp_path


def client(directory: Path) -> TestClient:
    app = FastAPI(docs_url=None, redoc_url=None)

    @app.get("/v1/me")
    def me() -> str:
        return "me"

    console.install(app, directory)
    return TestClient(app)


@pytest.mark.parametrize("path", ["/", "/inbound", "/interacoes/7fbbf231", "/a%00b", "/" + "a" * 300, "/" + "a/" * 3_000, "/%ff%fe"])
def test_a_path_that_is_no_file_is_a_page_of_the_console(files: Path, path: str) -> None:
    answer = client(files).get(path)
    assert (answer.status_code, answer.text) == (200, PAGE)
    assert answer.headers["cache-control"] == "no-cache"


@pytest.mark.parametrize(
    "path", ["/v1", "/v1/nothing", "/docs/nothing", "/metrics/nothing", "/openapi.json/nothing", "/assets/old-def.js", "/robots.txt"]
)
def test_a_path_of_the_api_and_a_file_that_is_not_there_are_not_found(files: Path, path: str) -> None:
    assert client(files).get(path).status_code == 404


@pytest.mark.parametrize("accept", ["application/json", "application/problem+json, application/json;q=0.9", "text/html;q=0, */json", ""])
def test_who_takes_no_page_is_told_where_the_api_is(files: Path, accept: str) -> None:
    answer = client(files).get("/reports/inbound", headers={"Accept": accept})
    assert (answer.status_code, answer.headers["content-type"]) == (404, "application/problem+json")
    assert answer.json()["detail"] == "there is nothing at this path: paths of the API begin with /v1"


@pytest.mark.parametrize(
    "accept", ["text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", "*/*", "application/json, */*;q=0.1"]
)
def test_who_takes_anything_gets_a_page(files: Path, accept: str) -> None:
    assert client(files).get("/reports/inbound", headers={"Accept": accept}).text == PAGE


def test_a_method_other_than_get_is_never_the_console(files: Path) -> None:
    assert client(files).post("/inbound").status_code == 404
    assert client(files).post("/v1/me").status_code == 405


def test_a_file_with_a_hash_is_kept_for_ever_and_sent_compressed(files: Path) -> None:
    answer = client(files).get("/assets/index-abc.js", headers={"Accept-Encoding": "gzip"})
    assert answer.text == SCRIPT
    assert answer.headers["content-encoding"] == "gzip"
    assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert "javascript" in answer.headers["content-type"]
    smaller = client(files).get("/assets/index-abc.js", headers={"Accept-Encoding": "gzip, deflate, br, zstd"})
    assert (smaller.headers["content-encoding"], smaller.headers["content-length"]) == ("br", str(len(SMALLER)))
    plain = client(files).get("/assets/index-abc.js", headers={"Accept-Encoding": "identity"})
    assert (plain.text, "content-encoding" in plain.headers) == (SCRIPT, False)


def test_the_page_is_asked_for_again_and_not_sent_again(files: Path) -> None:
    first = client(files).get("/")
    again = client(files).get("/inbound", headers={"If-None-Match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")


@pytest.mark.parametrize("path", ["/../secret.txt", "/%2e%2e/secret.txt", "/assets/..%2f..%2fsecret.txt"])
def test_no_path_leads_out_of_the_files(files: Path, path: str) -> None:
    with server_of(client(files).app) as address:
        host, port = address.removeprefix("http://").split(":")
        connection = HTTPConnection(host, int(port))
        # A client would resolve the dots itself.
        connection.putrequest("GET", path)
        connection.endheaders()
        assert b"secret" not in connection.getresponse().read()
        connection.close()


def test_without_a_built_console_the_page_tells_how_to_build_it(tmp_path: Path) -> None:
    answer = client(tmp_path).get("/")
    assert answer.status_code == 200
    assert "make web" in answer.text
