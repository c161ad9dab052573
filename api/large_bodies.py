"""Requests with a large body are worked on one at a time, with a rest after each: to parse a hundred kilobytes takes longer than most requests in all."""

from __future__ import annotations

import asyncio
from collections import deque
from time import monotonic

from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.fair_turns import ANY_NUMBER, Claim, FairTurns

LARGE_BYTES = 16_384
"""A list of five hundred names."""

RESTS = 3
"""After each, so many times as long as it took belong to other requests."""

LONGEST_REST_S = 0.5

_ONE = [Claim("large", 1)]


class LargeBodiesASGI:
    """Receives large bodies whole, and then passes them on in turn: the clients' addresses by turns, a client's own requests one after the other.

    Files are left out, which are not parsed. streamed: method and path of the requests with one of any size. upload_end: the end of the paths of PUT requests with a small one.
    """

    def __init__(self, app: ASGIApp, *, streamed: tuple[str, str], upload_end: str) -> None:
        self._app = app
        self._streamed = streamed
        self._upload_end = upload_end
        self._turns = FairTurns(ANY_NUMBER)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on: at once, unless its body is large."""
        if scope["type"] != "http" or self._is_file(scope) or not _may_be_large(scope):
            await self._app(scope, receive, send)
            return
        body = await _Body.received(receive)
        if body.size <= LARGE_BYTES:
            await self._app(scope, body.again, send)
            return
        client = scope["client"][0] if scope.get("client") else ""
        async with self._turns.turn(client, _ONE, bounded=False):
            began = monotonic()
            try:
                await self._app(scope, body.again, send)
            finally:
                await asyncio.sleep(min(RESTS * (monotonic() - began), LONGEST_REST_S))

    def _is_file(self, scope: Scope) -> bool:
        method, path = scope["method"], scope["path"]
        return (method, path) == self._streamed or (method == "PUT" and path.endswith(self._upload_end))


def _may_be_large(scope: Scope) -> bool:
    """Whether the body has no length, or a large one."""
    headers = dict(scope["headers"])
    return b"transfer-encoding" in headers or int(headers.get(b"content-length", b"0")) > LARGE_BYTES


class _Body:
    """The messages of a body, received before they are asked for."""

    def __init__(self, receive: Receive) -> None:
        self.size = 0
        self._receive = receive
        self._messages: deque[Message | HTTPException] = deque()

    @classmethod
    async def received(cls, receive: Receive) -> _Body:
        """All of it, or what came before the client went away or sent too much."""
        body = cls(receive)
        is_whole = False
        while not is_whole:
            try:
                message = await receive()
            except HTTPException as too_large:
                body._messages.append(too_large)
                break
            body._messages.append(message)
            body.size += len(message.get("body", b""))
            is_whole = not message.get("more_body", False)
        return body

    async def again(self) -> Message:
        """The next message, as the server has received it."""
        if not self._messages:
            return await self._receive()
        message = self._messages.popleft()
        if isinstance(message, HTTPException):
            raise message
        return message
