"""How `serve` configures the server."""

from __future__ import annotations

import asyncio
import logging
import socket
import threading

import pytest
from starlette.types import Message, Receive, Scope, Send

from api.request_ids import IdentifiedASGI
from cli import serve
from cli.serve import Server, configured, cut_off_quietly
from settings import Settings


async def client_seen(settings: Settings, peer: str, forwarded: str) -> tuple[str, str]:
    """The client's address and the scheme that the application sees."""
    seen: list[Scope] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        seen.append(scope)

    config = configured(app, settings)
    config.load()
    headers = [(b"x-forwarded-for", forwarded.encode()), (b"x-forwarded-proto", b"https")]
    await config.loaded_app({"type": "http", "client": (peer, 1), "scheme": "http", "headers": headers}, None, None)  # type: ignore[arg-type]
    return seen[0]["client"][0], seen[0]["scheme"]


@pytest.mark.parametrize("peer", ["127.0.0.1", "::1", "192.0.2.9"])
def test_nobodys_forwarded_address_counts_unless_a_setting_names_the_proxy(peer: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FORWARDED_ALLOW_IPS", "*")
    assert asyncio.run(client_seen(Settings(), peer, "203.0.113.5")) == (peer, "http")
    assert asyncio.run(client_seen(Settings(trusted_proxies=("10.0.0.0/8",)), peer, "203.0.113.5")) == (peer, "http")


@pytest.mark.parametrize("forwarded", ["203.0.113.5", "198.51.100.1, 203.0.113.5", "203.0.113.5, 10.0.0.9"])
def test_a_trusted_proxy_names_the_last_client_that_is_no_proxy(forwarded: str) -> None:
    settings = Settings(trusted_proxies=("10.0.0.0/8",))
    assert asyncio.run(client_seen(settings, "10.0.0.7", forwarded)) == ("203.0.113.5", "https")


async def nothing() -> None:
    """What goes on alongside the server here."""


def test_what_is_not_answered_in_time_is_cut_off_at_the_end_without_an_error(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(serve, "_GRACE_S", 0.05)
    caplog.set_level(logging.INFO, "api.request_ids")
    asked = threading.Event()

    async def never(scope: Scope, receive: Receive, send: Send) -> None:
        assert scope["type"] == "http", "no lifespan"
        asked.set()
        await asyncio.Event().wait()

    server = Server(configured(IdentifiedASGI(never), Settings()), nothing, lambda: None)
    with socket.create_server(("127.0.0.1", 0)) as bound:
        thread = threading.Thread(target=server.run, args=([bound],))
        thread.start()
        with socket.create_connection(bound.getsockname()) as client:
            client.sendall(b"GET /v1/queues HTTP/1.1\r\nHost: x\r\n\r\n")
            assert asked.wait(30)
            server.should_exit = True
            assert client.recv(1) == b""
            thread.join(30)
    assert not thread.is_alive()
    (line,) = (record.getMessage() for record in caplog.records if record.name == "api.request_ids")
    assert "status=499" in line
    assert [record for record in caplog.records if record.levelno >= logging.ERROR] == []


def test_a_stream_that_ends_in_the_middle_is_completed() -> None:
    sent: list[Message] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"one", "more_body": True})

    async def send(message: Message) -> None:
        sent.append(message)

    async def receive() -> Message:
        return {"type": "http.request"}

    asyncio.run(cut_off_quietly(app)({"type": "http"}, receive, send))
    assert not sent[-1].get("more_body", False)
    assert [message.get("body") for message in sent] == [None, b"one", b""]
