"""How `serve` configures the server."""

from __future__ import annotations

import asyncio

import pytest
from starlette.types import Receive, Scope, Send

from cli.serve import configured
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
