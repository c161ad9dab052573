"""How the OpenAPI document describes the problems that a route may answer with, with an example of each kind."""

from __future__ import annotations

from typing import Any

from api.problem import EXAMPLE_OF_INVALID, KINDS, MEDIA_TYPE, NO_JSON, PREFIX, UNKNOWN_OUTCOME


def documented(*kinds: str) -> dict[int | str, dict[str, Any]]:
    """The OpenAPI `responses` of a route that may return problems of `kinds`."""
    by_status: dict[int | str, list[str]] = {}
    for kind in kinds:
        by_status.setdefault(KINDS[kind][0], []).append(kind)
    return {
        status: {
            "description": " or ".join(KINDS[kind][1] for kind in named),
            "content": {
                MEDIA_TYPE: {
                    "schema": {"$ref": "#/components/schemas/Problem"},
                    "examples": {kind: {"summary": KINDS[kind][1], "value": _EXAMPLES[kind]} for kind in named},
                }
            },
            **({"headers": _HEADERS[int(status)]} if int(status) in _HEADERS else {}),
        }
        for status, named in by_status.items()
    }


_RETRY_AFTER = {"Retry-After": {"description": "seconds after which to try again", "schema": {"type": "integer", "minimum": 1}}}
_RATE_LIMIT = {
    "RateLimit-Policy": {
        "description": "of an API key, of tries to log in, or of requests without a token: requests (`q`) in a window of `w` seconds",
        "schema": {"type": "string"},
    },
    "RateLimit": {
        "description": "requests that remain (`r`), and seconds until the whole quota is there again (`t`): until the next one is accepted, if none remains",
        "schema": {"type": "string"},
    },
}
_HEADERS: dict[int, dict[str, Any]] = {
    401: {"WWW-Authenticate": {"description": "how to log in", "schema": {"type": "string"}}},
    429: _RETRY_AFTER | _RATE_LIMIT,
    503: _RETRY_AFTER,
    507: _RETRY_AFTER,
}

_DETAILS = {
    "malformed": "the body is not JSON",
    "unauthenticated": "the access token is missing, wrong or has expired",
    "not-allowed": "this needs the permission gerenciar-service",
    "not-found": "no such queue",
    "method-not-allowed": "this path takes GET, HEAD, POST",
    "refused": "the call has ended already",
    "already-exists": "a queue of this name exists",
    "version-conflict": "changed by another request meanwhile, three times in a row",
    "too-large": "Request body is too large",
    "unsupported-media-type": NO_JSON,
    "invalid": EXAMPLE_OF_INVALID,
    "too-many-requests": "too many failed logins; try again in 30 s",
    "timed-out": "the headers of a request did not come within 10 s",
    "headers-too-large": "the headers of a request have at most 32768 bytes",
    "too-many-connections": "too many connections are open",
    "internal": "internal error of the server; see its log",
    "not-reached": "the figures cover position 1200, not yet 1204",
    "unavailable": "the store is unavailable: nothing was done",
    "outcome-unknown": UNKNOWN_OUTCOME,
    "no-room": "the disk of the server has no room for files: what is free is kept for calls",
    "clock": "the clock of this machine is 3,600 s ahead of the store's: it answers nobody until it is set right",
}


_EXAMPLE_CODES = {
    "not-allowed": "permission-missing",
    "not-found": "queue-unknown",
    "refused": "call-ended",
    "already-exists": "queue-exists",
}
"""The code in the example of a kind whose problems have codes of their own."""


AWAY = ("unavailable", "outcome-unknown", "clock")
"""Kinds of problems of a command while a server is unavailable or the clock is wrong."""


def _example(kind: str) -> dict[str, Any]:
    status, title = KINDS[kind]
    body: dict[str, Any] = {"type": PREFIX + _EXAMPLE_CODES.get(kind, kind), "title": title, "status": status, "detail": _DETAILS[kind]}
    if kind == "invalid":
        body["errors"] = [{"pointer": "/sla_ms", "detail": EXAMPLE_OF_INVALID}]
    if kind == "not-allowed":
        body["permission"] = "gerenciar-service"
    return body


_EXAMPLES = {kind: _example(kind) for kind in KINDS}

QUERY_FOR_ALL = documented("unauthenticated", "not-found", "invalid", "not-reached", "unavailable", "clock")
"""The problem responses of a query on the company's rows that every user may run."""

QUERY = QUERY_FOR_ALL | documented("not-allowed")
"""The problem responses of a query that needs a permission."""


def of_command(*more: str) -> dict[int | str, dict[str, Any]]:
    """The problem responses of a command: those of every command, and `more`."""
    usual = ("malformed", "unauthenticated", "not-allowed", "refused", "version-conflict")
    return documented(*usual, *more, "too-large", "invalid", *AWAY)
