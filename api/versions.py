"""Versions of the API, each named by the date on which it was published: `Atende-Version`, a header of requests and of their answers.

A change that a correct client could notice makes a new version; what is only added (routes, optional fields, codes, types of messages) does not.
A client that names a version is answered by it for as long as it is supported; one that names none is answered by the newest.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from email.utils import format_datetime
from typing import Any, NamedTuple

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.invalid_fields import sentence
from api.problem import FieldProblem, of_fields, render
from api.problem_documents import documented

VERSION_HEADER = "Atende-Version"
NEWEST = "2026-11-29"
SUPPORTED = (NEWEST,)
"""The versions that are answered, oldest first."""

_VERSIONED = "/v1/"


class Deprecation(NamedTuple):
    """Something is deprecated since an instant, and refused from `sunset` on. link: the page that says what to do instead."""

    since: datetime
    sunset: datetime
    link: str

    @property
    def headers(self) -> dict[str, str]:
        """What answers say of it (RFC 9745, RFC 8594)."""
        return {
            "Deprecation": f"@{int(self.since.timestamp())}",
            "Sunset": format_datetime(self.sunset, usegmt=True),
            "Link": f'<{self.link}>; rel="deprecation"',
        }


DEPRECATED: Mapping[str, Deprecation] = {}
"""What is deprecated: versions, and single operations by their `operationId`. Its answers have the headers, and the OpenAPI document says so."""

_DOCUMENTED = {
    "Deprecation": "since when this is deprecated (RFC 9745)",
    "Sunset": "the instant after which this is refused (RFC 8594)",
    "Link": "what to do instead",
}


class VersionASGI:
    """Refuses requests of the API that name an unknown version (422), and says in every answer which version it is of, and whether that, or the operation, is deprecated."""

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
                headers = MutableHeaders(scope=message)
                headers[VERSION_HEADER] = version
                for name in (version, getattr(scope.get("route"), "name", "")):
                    if name in DEPRECATED:
                        headers.update(DEPRECATED[name].headers)
            await send(message)

        app = self._app if named in SUPPORTED else _unknown()
        await app(scope, receive, send_with_version)


def _unknown() -> ASGIApp:
    detail = sentence(VERSION_HEADER, f"should be a version of this API: {', '.join(SUPPORTED)}")
    return render(of_fields([FieldProblem(header=VERSION_HEADER, detail=detail)]))


def document_versions(document: dict[str, Any]) -> None:
    """Describe `Atende-Version` in the OpenAPI document, a header of every request and every answer of the API, and what is deprecated."""
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
        headers = answered
        if operation["operationId"] in DEPRECATED:
            operation["deprecated"] = True
            headers = answered | {name: {"description": text, "schema": {"type": "string"}} for name, text in _DOCUMENTED.items()}
        operation["parameters"].append(asked)
        operation["responses"] = {str(status): answer for status, answer in documented("invalid").items()} | operation["responses"]
        for answer in operation["responses"].values():
            answer["headers"] = answer.get("headers", {}) | headers
