"""HTTP clients. Each sends one request after the other on its own connection."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import urlsplit


@dataclass(frozen=True)
class Answers:
    """The answers of a run: the round-trip `seconds` of each, the duration of the run, and the statuses that were not expected."""

    seconds: list[float]
    whole_s: float
    unexpected: list[int]

    @property
    def a_second(self) -> float:
        """Answers a second."""
        return len(self.seconds) / self.whole_s

    def percentile(self, share: float) -> float:
        """The percentile of the round-trip times, in seconds. share: 0.99 for the 99th."""
        return sorted(self.seconds)[min(int(len(self.seconds) * share), len(self.seconds) - 1)]


def post(url: str, bodies: Iterator[bytes], *, token: str, clients: int, status: int) -> Answers:
    """Post every body with `clients` concurrent clients. All answers should have `status`."""
    return asyncio.run(_post(url, bodies, token, clients, status))


async def _post(url: str, bodies: Iterator[bytes], token: str, clients: int, status: int) -> Answers:
    parts = urlsplit(url)
    head = (
        f"POST {parts.path} HTTP/1.1\r\nHost: {parts.netloc}\r\nAuthorization: Bearer {token}\r\n"
        "Content-Type: application/json\r\nContent-Length: %d\r\n\r\n"
    ).encode()
    seconds: list[float] = []
    unexpected: list[int] = []

    async def client() -> None:
        reader, writer = await asyncio.open_connection(parts.hostname, parts.port)
        for body in bodies:
            sent = time.perf_counter()
            writer.write(head % len(body) + body)
            answered = await _read(reader)
            seconds.append(time.perf_counter() - sent)
            if answered != status:
                unexpected.append(answered)
        writer.close()
        await writer.wait_closed()

    started = time.perf_counter()
    await asyncio.gather(*(client() for _ in range(clients)))
    return Answers(seconds, time.perf_counter() - started, unexpected)


async def _read(reader: asyncio.StreamReader) -> int:
    """Read one response that has a Content-Length. Returns its status."""
    head = (await reader.readuntil(b"\r\n\r\n")).lower()
    _, _, rest = head.partition(b"content-length:")
    await reader.readexactly(int(rest.split(b"\r\n", 1)[0]))
    return int(head.split(b" ", 2)[1])
