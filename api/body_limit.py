"""Limit the size of requests, with or without a Content-Length; requests without an access token have a lower limit."""

from __future__ import annotations

from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.problem import Problem, render

STREAMED = "atende.streamed"
"""The key of a request's ASGI scope that is true while its route receives a body of any size, part by part. The time for the body is then that for each part."""

_CLOSE = {"Connection": "close"}
"""The rest of a body that is too large is not waited for."""


class LimitedASGI:
    """Refuses (413) a request with a body of more than `most` bytes, before or while it is read; of more than `open_most` bytes if the path
    begins with `open_path`, whose routes need no token. streamed: method and path of the requests whose route takes a body of any size, and never holds it whole.
    uploads: the end of the paths of PUT requests with a small file, and how many bytes these may have.
    """

    def __init__(
        self, app: ASGIApp, most: int, open_path: str, open_most: int, *, streamed: tuple[str, str], uploads: tuple[str, int]
    ) -> None:
        self._app = app
        self._most = most
        self._open_path = open_path
        self._open_most = open_most
        self._streamed = streamed
        self._upload_end, self._upload_most = uploads

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on and count the bytes of its body."""
        if scope["type"] != "http" or (scope["method"], scope["path"]) == self._streamed:
            await self._app(scope, receive, send)
            return
        most = self._open_most if scope["path"].startswith(self._open_path) else self._most
        if scope["method"] == "PUT" and scope["path"].endswith(self._upload_end):
            most = self._upload_most
        detail = f"a request has at most {most} bytes here"
        length = next((value for name, value in scope["headers"] if name == b"content-length"), b"0")
        if not length.isdigit() or len(length) > 12 or int(length) > most:
            await render(Problem("too-large", detail, headers=_CLOSE))(scope, receive, send)
            return
        read = 0

        async def counted() -> Message:
            nonlocal read
            message = await receive()
            read += len(message.get("body", b""))
            if read > most:
                # FastAPI passes on only this type of exception while it reads a body.
                raise HTTPException(413, detail, _CLOSE)
            return message

        await self._app(scope, counted, send)
