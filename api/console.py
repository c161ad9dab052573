"""The console, which is the web application for people: files that `make web` builds into `api/console_files`, served at `/`.

Files have a hash of their content in their names, so a browser keeps them for ever; the page that names them is asked for again every time.
A path that is no file is a page of the console (`/inbound`) for whoever takes HTML, except below the paths of the API.
"""

from __future__ import annotations

import re
from hashlib import sha256
from mimetypes import guess_type
from pathlib import Path

from fastapi import FastAPI
from fastapi.responses import FileResponse, HTMLResponse, Response
from starlette.requests import Request
from starlette.types import Receive, Scope, Send

from api.problem import Problem, render
from api.response_headers import headers_of

DIRECTORY = Path(__file__).parent / "console_files"
"""Where the build puts the files. The wheel contains them."""

_COMPRESSED = (("br", ".br"), ("gzip", ".gz"))
"""The compressed copies of a file, the smallest first: their Content-Encoding, and what their names end with."""

FILES_PATH = "/assets/"
"""Below it are the files that have a hash in their names."""

_RESERVED = ("/v1", "/docs", "/healthz", "/readyz", "/metrics", "/openapi.json")
_PAGE = "index.html"
_REFUSED = re.compile(r"\bq=0(\.0*)?\s*$")
_FOR_EVER = "public, max-age=31536000, immutable"
_ASK_AGAIN = "no-cache"

NOT_BUILT = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Atende</title>
<style>body { font: 16px/1.5 system-ui, sans-serif; max-width: 36rem; margin: 12vh auto; padding: 0 1rem; color-scheme: light dark }</style>
<h1>The console is not built</h1>
<p>This server runs from a source tree in which nobody has built the console yet. Build it, then load this page again:</p>
<pre>make web</pre>
<p>The API works without it: <a href="/docs">its documentation</a>.</p>
</html>
"""


def is_built(directory: Path = DIRECTORY) -> bool:
    """Whether there is a console to serve."""
    return (directory / _PAGE).is_file()


class ConsoleASGI:
    """Answers GET of paths that no route has with files of the console; `otherwise` answers everything else, which is not found."""

    def __init__(self, directory: Path, otherwise: object) -> None:
        self._directory = directory
        self._otherwise = otherwise

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a file, or pass the request on."""
        answer = self.answer(Request(scope)) if scope["type"] == "http" and scope["method"] == "GET" else None
        await (self._otherwise if answer is None else answer)(scope, receive, send)  # type: ignore[operator]

    def answer(self, request: Request) -> Response | None:
        """The file that a path names; None if the path is none of the console's."""
        path = request.url.path
        if any(path == reserved or path.startswith(f"{reserved}/") for reserved in _RESERVED):
            return None
        file = self._file_at(path)
        if file is not None:
            return _file(file, request, _FOR_EVER if path.startswith(FILES_PATH) else _ASK_AGAIN)
        if "." in path.rpartition("/")[2]:
            return None
        if not _takes_html(request):
            return render(Problem("not-found", "there is nothing at this path: paths of the API begin with /v1"))
        page = self._directory / _PAGE
        return (
            _file(page, request, _ASK_AGAIN)
            if is_built(self._directory)
            else HTMLResponse(NOT_BUILT, headers={"Cache-Control": _ASK_AGAIN})
        )

    def _file_at(self, path: str) -> Path | None:
        """The file of the console at this path; None if there is none. The path is whatever a stranger sends: too long for a file, or with a NUL."""
        try:
            file = (self._directory / path.lstrip("/")).resolve()
            return file if file.is_relative_to(self._directory) and file.is_file() else None
        except (OSError, ValueError):
            return None


def install(app: FastAPI, directory: Path = DIRECTORY) -> None:
    """Serve the console wherever `app` has no route."""
    app.router.default = ConsoleASGI(directory.resolve(), app.router.default)


def _takes_html(request: Request) -> bool:
    """Whether the client takes a page, as browsers do and whoever takes anything: a program that asks for JSON has mistaken the path."""
    ranges = (one.partition(";") for one in request.headers.get("accept", "*/*").lower().split(","))
    return any(kind.strip() in ("text/html", "text/*", "*/*") and not _REFUSED.search(more) for kind, _, more in ranges)


def _file(file: Path, request: Request, caching: str) -> Response:
    """A file, in the smallest compressed form beside it that the browser takes; 304 if the browser has it."""
    headers = {"Cache-Control": caching, "Vary": "Accept-Encoding" if caching == _FOR_EVER else "Accept-Encoding, Cookie"}
    media_type = guess_type(file.name)[0]
    accepted = {part.strip() for part in request.headers.get("accept-encoding", "").split(",")}
    for encoding, suffix in _COMPRESSED:
        compressed = file.with_name(file.name + suffix)
        if encoding in accepted and compressed.is_file():
            file = compressed
            headers["Content-Encoding"] = encoding
            break
    if caching == _ASK_AGAIN:
        # A page that was kept is valid only under the same policy.
        policy = headers_of(request.scope).get("Content-Security-Policy", "")
        headers["ETag"] = f'"{sha256(policy.encode() + file.read_bytes()).hexdigest()[:32]}"'
        if request.headers.get("if-none-match") == headers["ETag"]:
            return Response(status_code=304, headers=headers)
    return FileResponse(file, headers=headers, media_type=media_type)
