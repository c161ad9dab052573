"""Refusals of the API as exceptions: a class per HTTP status, and the stable code of the problem in `code`."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import httpx


@dataclass(frozen=True)
class FieldProblem:
    """One wrong field. place: a JSON pointer into the body, a parameter or a header."""

    place: str
    detail: str


class Problem(Exception):
    """The API refused a request, or could not answer it.

    code: the last part of the problem's `type`, for programs ("call-ended", "queue-unknown" ...); detail: a sentence for people.
    permission: the permission whose lack is the reason, "" for other reasons. retry_after_s: when to try again, None if the server did not say.
    """

    def __init__(self, response: httpx.Response) -> None:
        body = _body_of(response)
        self.response = response
        self.status = response.status_code
        self.code = str(body.get("type", "")).rpartition(":")[2]
        self.detail = str(body.get("detail") or response.reason_phrase)
        self.permission = str(body.get("permission") or "")
        self.errors = tuple(
            FieldProblem(str(error.get("pointer") or error.get("parameter") or error.get("header") or ""), str(error.get("detail", "")))
            for error in body.get("errors") or ()
        )
        self.retry_after_s = retry_after_s(response)
        super().__init__(f"{self.status} {self.code}: {self.detail}")


class Unauthenticated(Problem):
    """401: the access token is missing, wrong or has expired, or the API key is accepted no more (`code`: api-key-barred)."""


class NotAllowed(Problem):
    """403: the caller may not do this; `permission` is the one that they lack, "" if `code` is another reason."""


class NotFound(Problem):
    """404: the company has nothing with this id."""


class Conflict(Problem):
    """409: the command is not possible in the current state; `code` says why."""


class Invalid(Problem):
    """422: `errors` names each wrong field."""


class TooManyRequests(Problem):
    """429, after all retries."""


class Unavailable(Problem):
    """503, after all retries."""


_BY_STATUS = {
    401: Unauthenticated,
    403: NotAllowed,
    404: NotFound,
    409: Conflict,
    422: Invalid,
    429: TooManyRequests,
    503: Unavailable,
}


def raise_for_problem(response: httpx.Response) -> None:
    """Raise the Problem of a response that is an error."""
    if response.is_error:
        response.read()
        raise _BY_STATUS.get(response.status_code, Problem)(response)


def retry_after_s(response: httpx.Response) -> float | None:
    """The seconds of the header Retry-After; None without it."""
    value = response.headers.get("retry-after", "")
    return float(value) if value.isascii() and value.isdigit() else None


def _body_of(response: httpx.Response) -> dict[str, Any]:
    try:
        body = json.loads(response.content)
    except ValueError:
        # A proxy may answer with a page of its own.
        return {}
    return body if isinstance(body, dict) else {}
