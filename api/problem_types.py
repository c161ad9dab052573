"""Every problem type that an answer may have: its code, status, meaning and remedy. `docs/errors.md` is this table as a page.

The domain names the reasons for which it refuses commands (`domain.refusals`); the kinds of problems of the API itself are added here.
"""

from __future__ import annotations

import sys
from typing import Any, NamedTuple, get_args

from api.problem import KINDS, PREFIX
from domain.refusals import MEANINGS, BarredCode, FieldCode, Meaning, NotAllowedCode, RefusedCode, TakenCode, UnknownCode

_OF_THE_API: dict[str, Meaning] = {
    "malformed": Meaning("The request is not HTTP with a JSON body as documented.", "Correct the request; sending it again does not help."),
    "unauthenticated": Meaning(
        "The access token is missing, wrong or has expired, or it is an API key that never was one.",
        "Log in, or exchange the refresh token; check the key.",
    ),
    "not-found": Meaning("There is no such path.", "Check the path against the documentation."),
    "method-not-allowed": Meaning("The path has no such method.", "Use a method that the header `Allow` names."),
    "timed-out": Meaning("The request did not arrive in time.", "Send it again, without pauses."),
    "unsupported-media-type": Meaning(
        "The body has another Content-Type than the route reads.", "Send the Content-Type that is documented."
    ),
    "headers-too-large": Meaning("The headers are larger than the server accepts.", "Send fewer or shorter headers."),
    "too-many-connections": Meaning(
        "The client or all clients together have too many connections.", "Close some, and reuse those that are open."
    ),
    "too-large": Meaning("The body is larger than the API accepts.", "Send less at a time."),
    "too-many-requests": Meaning("Too many tries in a short time.", "Wait as many seconds as `Retry-After` says."),
    "too-many-logins": Meaning(
        "So many log in at the moment that no more may wait; nothing was compared.", "Send the request again after `Retry-After` seconds."
    ),
    "too-many-questions": Meaning(
        "The user, the company or all together ask so many questions about figures that no more may wait, or this one waited too long.",
        "Send the request again after `Retry-After` seconds, and ask fewer at once.",
    ),
    "too-many-streams": Meaning(
        "The user or API key has as many streams open as one may have.", "Close one, then begin again after `Retry-After` seconds."
    ),
    "too-many-uploads": Meaning(
        "The user, the API key or the company sends so many files at the same time that no more may wait, or this one waited too long.",
        "Send the file again after `Retry-After` seconds, and one after another.",
    ),
    "internal": Meaning("An error of the server.", "Send the request again with the same Idempotency-Key; report its `Request-Id`."),
    "not-reached": Meaning("The figures do not cover the position yet.", "Ask again after `Retry-After` seconds."),
    "unavailable": Meaning(
        "A server behind the API does not answer; nothing was done.", "Send the request again after `Retry-After` seconds."
    ),
    "no-room": Meaning(
        "The disk has no room for files; what is free is kept for calls, which go on.",
        "Ask the operator for room, then send the file again.",
    ),
    "outcome-unknown": Meaning(
        "The connection to the store was lost while it saved.", "Send the request again with the same Idempotency-Key: it is executed once."
    ),
    "clock": Meaning("The server's clock is wrong, so it answers nobody.", "Ask the operator to set the clock; try again later."),
}
"""Kinds that are codes themselves, because the API refuses for one reason only; and codes of its own for other reasons."""

_KIND_OF = {
    **dict.fromkeys(get_args(RefusedCode), "refused"),
    **dict.fromkeys(get_args(UnknownCode), "not-found"),
    **dict.fromkeys(get_args(TakenCode), "already-exists"),
    **dict.fromkeys(get_args(NotAllowedCode), "not-allowed"),
    **dict.fromkeys(get_args(BarredCode), "unauthenticated"),
    **dict.fromkeys(get_args(FieldCode), "invalid"),
    **dict.fromkeys(("too-many-logins", "too-many-questions", "too-many-streams", "too-many-uploads"), "too-many-requests"),
    "version-conflict": "version-conflict",
}


def kind_of(code: str) -> str:
    """The kind of problem (a key of `KINDS`) of a code; of a kind, itself."""
    return _KIND_OF.get(code, code)


class ProblemType(NamedTuple):
    """One row of the table."""

    status: int
    title: str
    meaning: str
    remedy: str


_MEANINGS: dict[str, Meaning] = {**_OF_THE_API, **{str(code): meaning for code, meaning in MEANINGS.items()}}

PROBLEM_TYPES: dict[str, ProblemType] = {
    code: ProblemType(*KINDS[kind_of(code)], *meaning)
    for code, meaning in sorted(_MEANINGS.items(), key=lambda item: (KINDS[kind_of(item[0])][0], item[0]))
}
"""Every problem type by its code, ordered by status."""


def for_openapi() -> dict[str, Any]:
    """The table for programs that read the OpenAPI document, by the whole `type`."""
    return {f"{PREFIX}{code}": found._asdict() for code, found in PROBLEM_TYPES.items()}


def page() -> str:
    """The table as a page of the documentation."""
    rows = [f"| `{code}` | {found.status} | {found.meaning} | {found.remedy} |" for code, found in PROBLEM_TYPES.items()]
    return _HEAD + "\n".join(rows) + "\n"


_HEAD = f"""\
# Errors

Every refusal is `application/problem+json` (RFC 9457). Its `type` is `{PREFIX}` followed by a code of this table: a program
branches on it, and a code never changes its meaning. New codes may be added: treat an unknown one by its `status`. `detail` is a sentence for
people and may change; `errors` names each invalid field.

Every answer has the header `Request-Id`: the one that the request brought (1 to 200 printable ASCII characters without blanks), else a new
UUID. It is in the server's log and in the events of the command, beside an `X-Correlation-Id` if the request has one: use that one for what
several requests have in common, and `Request-Id` for a single request. `GET /v1/interactions?correlation_id=` finds a call by either.

A repeat with the same `Idempotency-Key` gets the first answer again, with the header `Idempotency-Replayed: true`.

This page is written by `python -m api.problem_types`; a test compares the two.

| Code | Status | Meaning | What to do |
| --- | --- | --- | --- |
"""


if __name__ == "__main__":
    sys.stdout.write(page())
