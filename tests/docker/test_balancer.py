"""The balancer of `docker/haproxy` before a real API: what it passes on, and what it holds back."""

from __future__ import annotations

import re
import socket
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from time import monotonic

import httpx
import pytest

from services.debian import NotInstalled
from services.haproxy import haproxy
from tests.journeys.command_line import CommandLine
from tests.kit.compose import DOCKER
from tests.kit.http import PASSWORD
from tests.kit.ports import HOST, closed_port
from tests.kit.servers import missing
from tests.kit.waiting import within

EMAIL = "ana@empresa.example"
MOST = 256
"""Connections of one client."""
TOO_MANY = 40
GUESSES = 30
BETWEEN_S = 9.0, 20.0


@dataclass(frozen=True)
class Balanced:
    """An API behind the balancer: the balancer's address, and an administrator's token."""

    url: str
    token: str

    def connect(self) -> socket.socket:
        """A connection to the balancer."""
        parts = httpx.URL(self.url)
        return socket.create_connection((parts.host, parts.port or 0), timeout=30)


@pytest.fixture(scope="module")
def balanced(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Balanced]:
    """One API runs, and the other one of the configuration is dead."""
    try:
        program = haproxy()
    except NotInstalled as error:
        missing(f"no HAProxy: {error}")
    folder = tmp_path_factory.mktemp("balancer")
    atende = CommandLine(folder / "data", {"ATENDE_TRUSTED_PROXIES": HOST})
    with ExitStack() as stack:
        api = stack.enter_context(atende.serving())
        dead = stack.enter_context(closed_port())
        listening = stack.enter_context(socket.create_server((HOST, 0), backlog=1_024))
        configured = folder / "haproxy.cfg"
        configured.write_text(on_this_machine(api.url.removeprefix("http://"), f"{HOST}:{dead}", listening.fileno()))
        process = subprocess.Popen([program, "-db", "-f", str(configured)], pass_fds=[listening.fileno()], stdout=subprocess.DEVNULL)
        stack.callback(process.wait, 30)
        stack.callback(process.terminate)
        url = f"http://{HOST}:{listening.getsockname()[1]}"
        within(lambda: httpx.get(f"{url}/readyz").is_success)
        link = re.search(r"#(\S+)", atende("admin", EMAIL).out)
        assert link is not None
        httpx.post(f"{url}/v1/auth/password", json={"token": link[1], "password": PASSWORD}).raise_for_status()
        answer = httpx.post(f"{url}/v1/auth/login", json={"email": EMAIL, "password": PASSWORD}).raise_for_status()
        yield Balanced(url, answer.json()["access_token"])


def on_this_machine(api: str, dead: str, descriptor: int) -> str:
    """The configuration of the deployment, with two addresses of this machine for the APIs, and a socket for the clients."""
    text = (DOCKER / "haproxy" / "haproxy.cfg").read_text()
    text = re.sub(r"^resolvers docker\n(    .*\n)+", "", text, flags=re.MULTILINE).replace(" resolvers docker init-addr libc,none", "")
    for written, here in (("bind :8080", f"bind fd@{descriptor}"), ("api-1:8080", dead), ("api-2:8080", api)):
        assert text.count(written) == 1, written
        text = text.replace(written, here)
    return text


def test_metrics_are_not_passed_on_and_requests_reach_the_api_that_lives(balanced: Balanced) -> None:
    assert httpx.get(f"{balanced.url}/metrics").status_code == 404
    headers = {"Authorization": f"Bearer {balanced.token}"}
    assert [httpx.get(f"{balanced.url}/v1/me", headers=headers).status_code for _ in range(4)] == [200] * 4


def test_a_stream_begins_at_once(balanced: Balanced) -> None:
    headers, began = {"Authorization": f"Bearer {balanced.token}"}, monotonic()
    with httpx.stream("GET", f"{balanced.url}/v1/watch", params={"q": "/v1/monitoring"}, headers=headers, timeout=30) as stream:
        assert next(stream.iter_lines()) == ": watching"
    assert monotonic() - began < BETWEEN_S[0]


def test_a_client_that_writes_addresses_into_its_headers_is_limited_all_the_same(balanced: Balanced) -> None:
    body = {"email": "nobody@empresa.example", "password": "x"}
    answers = [
        httpx.post(f"{balanced.url}/v1/auth/login", json=body, headers={"X-Forwarded-For": f"203.0.113.{guess}"}).status_code
        for guess in range(GUESSES)
    ]
    assert answers.count(429) > GUESSES // 2


def test_headers_that_are_too_large_or_too_slow_are_refused(balanced: Balanced) -> None:
    with balanced.connect() as large:
        large.sendall(b"GET / HTTP/1.1\r\nHost: a\r\nX: " + b"a" * 40_000 + b"\r\n\r\n")
        assert large.recv(64).startswith(b"HTTP/1.1 400")
    with balanced.connect() as slow:
        began = monotonic()
        slow.sendall(b"GET / HTTP/1.1\r\nHost: a\r\n")
        assert slow.recv(64).startswith(b"HTTP/1.1 408")
        assert BETWEEN_S[0] < monotonic() - began < BETWEEN_S[1]


def test_one_client_has_so_many_connections_and_no_more(balanced: Balanced) -> None:
    with ExitStack() as stack:
        opened, at_once = [], 0
        for _ in range(MOST + TOO_MANY):
            try:
                opened.append(stack.enter_context(balanced.connect()))
            except ConnectionResetError:
                at_once += 1
        for one in opened:
            one.settimeout(0)
        within(lambda: at_once + sum(is_closed(one) for one in opened) >= TOO_MANY)
    within(lambda: is_ready(balanced.url))


def is_ready(url: str) -> bool:
    """Whether a new connection is answered again."""
    try:
        return httpx.get(f"{url}/readyz").is_success
    except httpx.TransportError:
        return False


def is_closed(connection: socket.socket) -> bool:
    """Whether the other side has ended a connection on which nothing was received."""
    try:
        return connection.recv(1, socket.MSG_PEEK) == b""
    except BlockingIOError:
        return False
    except OSError:
        return True
