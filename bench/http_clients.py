"""HTTP clients. Each sends one request after the other on its own connection."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from urllib.parse import urlsplit

_LONGEST_LINE = 1 << 24


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


class Connection:
    """A keep-alive connection, on which one request follows the other. It costs the measuring process little: a client library takes more than the server."""

    def __init__(self, address: str, token: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._head = f"Host: {urlsplit(address).netloc}\r\nAuthorization: Bearer {token}\r\n"
        self._reader = reader
        self._writer = writer

    @classmethod
    async def open(cls, address: str, token: str) -> Connection:
        """Connect to a server."""
        parts = urlsplit(address)
        return cls(address, token, *await asyncio.open_connection(parts.hostname, parts.port, limit=_LONGEST_LINE))

    async def post(self, path: str, body: bytes) -> tuple[int, bytes]:
        """Post JSON. Returns the status and the body of the answer, which must have a Content-Length."""
        head = f"POST {path} HTTP/1.1\r\n{self._head}Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
        self._writer.write(head.encode() + body)
        answered = (await self._reader.readuntil(b"\r\n\r\n")).lower()
        _, _, rest = answered.partition(b"content-length:")
        return int(answered.split(b" ", 2)[1]), await self._reader.readexactly(int(rest.split(b"\r\n", 1)[0]))

    async def stream(self, path: str) -> AsyncIterator[bytes]:
        """Get server-sent events, line by line. The server sends each event as one chunk, so a line is never cut."""
        self._writer.write(f"GET {path} HTTP/1.1\r\n{self._head}\r\n".encode())
        while line := await self._reader.readline():
            yield line

    async def close(self) -> None:
        """End the connection."""
        self._writer.close()
        await self._writer.wait_closed()


async def _post(url: str, bodies: Iterator[bytes], token: str, clients: int, status: int) -> Answers:
    path = urlsplit(url).path
    seconds: list[float] = []
    unexpected: list[int] = []

    async def client() -> None:
        connection = await Connection.open(url, token)
        for body in bodies:
            sent = time.perf_counter()
            answered, _ = await connection.post(path, body)
            seconds.append(time.perf_counter() - sent)
            if answered != status:
                unexpected.append(answered)
        await connection.close()

    started = time.perf_counter()
    await asyncio.gather(*(client() for _ in range(clients)))
    return Answers(seconds, time.perf_counter() - started, unexpected)
