"""Attacks on a running server, each from a process of its own, and how long other clients wait meanwhile.

An attack comes from one address of the loopback, and other clients come from another. It runs with a low priority: an attacker has a
machine of his own, and does not take the server's processor from it.
"""

from __future__ import annotations

import asyncio
import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager, suppress
from urllib.parse import urlsplit

import httpx

ATTACKER = "127.0.0.66"
CLIENT = "127.0.0.2"
DEADLINE_S = 60
HALF_OPEN = 2_000
UPLOADS = 40

_READY = "attacking"
_REQUESTS = 150


@contextmanager
def attacking(attack: str, url: str, email: str, token: str) -> Iterator[None]:
    """Run the attack, a function of this module, during the block; it begins when the attack has reached its full strength.

    email: whose account is attacked. token: an access token of the attacker, of another company.
    """
    command = [sys.executable, "-m", "tests.kit.attacks", attack, url, email, token]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, encoding="ascii")
    try:
        assert process.stdout is not None
        assert process.stdout.readline().strip() == _READY
        yield
        assert process.poll() is None, "the attack has ended by itself"
    finally:
        process.kill()
        process.communicate(timeout=DEADLINE_S)


def p99(url: str, ask: Callable[[httpx.Client], httpx.Response], *, keeps_connection: bool = True) -> float:
    """The seconds within which 99 of 100 requests of another client are answered. Every answer must be one of success."""
    transport = httpx.HTTPTransport(local_address=CLIENT, retries=0)
    limits = {} if keeps_connection else {"headers": {"Connection": "close"}}
    times = []
    with httpx.Client(base_url=url, transport=transport, timeout=DEADLINE_S, **limits) as client:
        for _ in range(_REQUESTS):
            began = time.perf_counter()
            answer = ask(client)
            times.append(time.perf_counter() - began)
            assert answer.is_success, answer.text
    return sorted(times)[_REQUESTS * 99 // 100]


def worst_ratio(idle: Callable[[], float], attacked: Callable[[], float], *, allowed: float, rounds: int = 6) -> float:
    """How much longer clients wait while they are attacked: the best of some rounds, because other work on the machine disturbs single ones."""
    best = float("inf")
    for _ in range(rounds):
        best = min(best, attacked() / idle())
        if best <= allowed:
            break
    return best


# The attacks


async def flood_of_bad_bodies(host: str, port: int, *_: str) -> None:
    """Bodies of login that validation would take long for, without a pause, over 16 connections."""
    small = json.dumps({f"k{n}": 1 for n in range(400)}).encode()
    large = json.dumps({f"k{n}": 1 for n in range(60_000)}).encode()
    await _over_connections(host, port, [_post("/v1/auth/login", small[:4_000]), _post("/v1/auth/login", large)])


async def flood_of_bad_lists(host: str, port: int, _: str, token: str) -> None:
    """Commands with lists of thousands of wrong items, of a user of another company, without a pause, over 16 connections."""
    bodies = (("/v1/queues", {"name": "x", "agents": [1] * 60_000}), ("/v1/ivrs", {"name": "x", "menu": [{"a": 1}] * 14_000}))
    headers = f"Authorization: Bearer {token}\r\n"
    await _over_connections(host, port, [_post(path, json.dumps(body).encode(), headers=headers) for path, body in bodies])


async def guesses(host: str, port: int, email: str, *_: str) -> None:
    """Wrong passwords for one account, and for others, without a pause, over 16 connections."""
    tries = [{"email": name, "password": "Seja#Mal1"} for name in (email, *(f"{n}@empresa.example" for n in range(15)))]
    await _over_connections(host, port, [_post("/v1/auth/login", json.dumps(one).encode()) for one in tries])


async def half_open_connections(host: str, port: int, *_: str) -> None:
    """Connections that begin a request and never end it; every one that the server closes is opened anew."""
    opened = 0

    async def hold() -> None:
        nonlocal opened
        while True:
            with suppress(OSError):
                reader, writer = await asyncio.open_connection(host, port, local_addr=(ATTACKER, 0))
                opened += 1
                if opened == HALF_OPEN:
                    print(_READY, flush=True)  # noqa: T201 - read by `attacking`
                writer.write(b"GET /healthz HTTP/1.1\r\nHost: x\r\n")
                await reader.read()
                writer.close()
            await asyncio.sleep(0.5)

    await asyncio.gather(*(hold() for _ in range(HALF_OPEN)))


async def uploads(host: str, port: int, _: str, token: str) -> None:
    """Files that are no logs, of a user of another company, without a pause, over 40 connections."""
    request = _post("/v1/imports", b"x" * (24 << 20), "application/octet-stream", f"Authorization: Bearer {token}\r\n")
    await _over_connections(host, port, [request], connections=UPLOADS, full_after=2)


async def _over_connections(host: str, port: int, requests: list[bytes], *, connections: int = 16, full_after: int = 400) -> None:
    """Send the requests over and over. full_after: so many answers the attack has its full strength."""
    answered = 0

    async def repeat(first: int) -> None:
        nonlocal answered
        turn = first
        while True:
            with suppress(OSError):
                reader, writer = await asyncio.open_connection(host, port, local_addr=(ATTACKER, 0))
                writer.write(requests[turn % len(requests)])
                await reader.read()
                writer.close()
            turn += 1
            answered += 1
            if answered == full_after:
                print(_READY, flush=True)  # noqa: T201 - read by `attacking`

    await asyncio.gather(*(repeat(first) for first in range(connections)))


def _post(path: str, body: bytes, media: str = "application/json", headers: str = "") -> bytes:
    head = f"POST {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Type: {media}\r\nContent-Length: {len(body)}\r\n{headers}\r\n"
    return head.encode() + body


_ATTACKS: dict[str, Callable[[str, int, str, str], Awaitable[None]]] = {
    attack.__name__: attack for attack in (flood_of_bad_bodies, flood_of_bad_lists, guesses, half_open_connections, uploads)
}


async def _main(attack: str, url: str, email: str, token: str) -> None:
    parts = urlsplit(url)
    await _ATTACKS[attack](parts.hostname or "", parts.port or 0, email, token)


if __name__ == "__main__":
    os.nice(10)
    socket.setdefaulttimeout(DEADLINE_S)
    asyncio.run(_main(*sys.argv[1:]))
