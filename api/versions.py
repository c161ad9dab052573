"""Versions of the API, each named by the date on which it was published: `Atende-Version`, a header of requests and of their answers.

A change that a correct client could notice makes a new version; what is only added (routes, optional fields, codes, types of messages) does not.
A client that names a version is answered by it for as long as it is supported; one that names none is answered by the newest.
"""

from __future__ import annotations

from typing import Any

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.problem import FieldProblem, Problem, documented, render

VERSION_HEADER = "Atende-Version"
NEWEST = "2026-11-29"
SUPPORTED = (NEWEST,)
"""The versions that are answered, oldest first."""

_VERSIONED = "/v1/"


class VersionASGI:
    """Refuses requests of the API that name an unknown version (422), and says in every answer which version it is of."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, if this version of the API is known."""
        if scope["type"] != "http" or not scope["path"].startswith(_VERSIONED):
            await self._app(scope, receive, send)
            return
        named = Headers(scope=scope).get(VERSION_HEADER, NEWEST)
        version = named if named in SUPPORTED else NEWEST

        async def send_with_version(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message)[VERSION_HEADER] = version
            await send(message)

        app = self._app if named in SUPPORTED else _unknown()
        await app(scope, receive, send_with_version)


def _unknown() -> ASGIApp:
    detail = f"should be a version of this API: {', '.join(SUPPORTED)}"
    return render(Problem("invalid", f"{VERSION_HEADER}: {detail}", errors=[FieldProblem(header=VERSION_HEADER, detail=detail)]))


def document_versions(document: dict[str, Any]) -> None:
    """Describe `Atende-Version` in the OpenAPI document: a header of every request and every answer of the API."""
    schema = {"type": "string", "enum": list(SUPPORTED)}
    asked = {
        "name": VERSION_HEADER,
        "in": "header",
        "required": False,
        "description": "The version of the API that the client was made for, a date; the newest by default. An unknown one is refused.",
        "schema": schema,
        "example": NEWEST,
    }
    answered = {VERSION_HEADER: {"description": "the version of the API that this answer is of", "schema": schema}}
    paths = (operations for path, operations in document["paths"].items() if path.startswith(_VERSIONED))
    for operation in (operation for operations in paths for operation in operations.values()):
        operation["parameters"].append(asked)
        operation["responses"] = {str(status): answer for status, answer in documented("invalid").items()} | operation["responses"]
        for answer in operation["responses"].values():
            answer["headers"] = answer.get("headers", {}) | answered
