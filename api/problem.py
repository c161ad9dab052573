"""Errors of the API: RFC 9457 problem details, for every refusal of every route.

A problem's `type` is a fixed name that a program may branch on; `detail` is a sentence for a person; `errors` names
each field that was wrong, by JSON pointer into the body, by parameter (path and query) or by header. Nothing that the
caller sent is echoed, so that no personal datum travels through an error into a log.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Mapping, Sequence
from http import HTTPStatus
from itertools import islice
from typing import Annotated, Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, ConfigDict, Field
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.responses import Response

from api import known_paths, request_ids, response_headers
from api.field_types import MOST_PROBLEMS
from api.invalid_fields import BODY, sentence, worded
from api.known_names import hint, known_at
from domain.errors import AlreadyExists, Barred, DomainError, InvalidField, NotAllowed, NotFound, Refused, VersionConflict
from projections.engine.warehouse import WarehouseFull, WarehouseUnreachable
from sounds.children import Stopping
from store.clock import ClockOff
from store.database import CommitUnsure, NoRoom, StoreUnavailable
from store.disk_reserve import ReserveReached

log = logging.getLogger(__name__)

MEDIA_TYPE = "application/problem+json"
PREFIX = "urn:problem-type:atende:"
NO_JSON = "the body of this request is JSON: send it with Content-Type: application/json"
NO_PATH = "the API has no such path: /docs lists its paths"
EXAMPLE_OF_INVALID = "sla_ms should be 86400000 or less"


class FieldProblem(BaseModel):
    """One invalid field: exactly one of `pointer`, `parameter`, `header` names it."""

    model_config = ConfigDict(title="FieldProblem")

    pointer: Annotated[str | None, Field(description="JSON pointer into the request body", examples=["/sla_ms"])] = None
    parameter: Annotated[str | None, Field(description="path or query parameter", examples=["from"])] = None
    header: Annotated[str | None, Field(description="request header", examples=["Idempotency-Key"])] = None
    detail: Annotated[str, Field(description="what is wrong with it, a sentence that names it", examples=[EXAMPLE_OF_INVALID])]


class ProblemDetails(BaseModel):
    """RFC 9457 problem details: why the request was refused."""

    model_config = ConfigDict(title="Problem")

    type: Annotated[
        str,
        Field(description="fixed identifier of the reason, for programs; `docs/errors.md` lists them", examples=[PREFIX + "call-ended"]),
    ]
    title: Annotated[str, Field(description="the kind of problem in words", examples=["Refused in the current state"])]
    status: Annotated[int, Field(description="the HTTP status code", examples=[409])]
    detail: Annotated[str, Field(description="an explanation for people", examples=["the visit has ended already"])]
    errors: Annotated[list[FieldProblem] | None, Field(description="each invalid field")] = None
    permission: Annotated[
        str | None,
        Field(description="the permission whose lack is the reason; absent if it is another one", examples=["gerenciar-service"]),
    ] = None


class Problem(Exception):
    """A refusal. kind: a key of KINDS, which gives status and title. code: the reason, which ends the `type`; the kind itself for refusals of the API."""

    def __init__(
        self,
        kind: str,
        detail: str,
        *,
        errors: Sequence[FieldProblem] = (),
        headers: Mapping[str, str] | None = None,
        permission: str | None = None,
        code: str = "",
    ) -> None:
        super().__init__(detail)
        self.kind = kind
        self.code = code or kind
        self.detail = detail
        self.errors = tuple(errors)
        self.headers = dict(headers or {})
        self.permission = permission


KINDS: dict[str, tuple[int, str]] = {
    "malformed": (400, "Malformed request"),
    "unauthenticated": (401, "Not logged in"),
    "not-allowed": (403, "Not allowed"),
    "not-found": (404, "Not found"),
    "method-not-allowed": (405, "Method not allowed"),
    "timed-out": (408, "The request did not come in time"),
    "refused": (409, "Refused in the current state"),
    "already-exists": (409, "Already exists"),
    "version-conflict": (409, "Changed by another request meanwhile"),
    "too-large": (413, "Request too large"),
    "unsupported-media-type": (415, "Wrong Content-Type"),
    "invalid": (422, "Invalid fields"),
    "too-many-requests": (429, "Too many requests"),
    "headers-too-large": (431, "Request headers too large"),
    "internal": (500, "Internal error"),
    "not-reached": (503, "Position not reached yet"),
    "unavailable": (503, "A backend server is unavailable"),
    "outcome-unknown": (503, "Outcome unknown"),
    "too-many-connections": (503, "Too many connections"),
    "clock": (503, "The clock of this server is wrong"),
    "no-room": (507, "No room for files"),
}
"""Every kind of problem: its HTTP status and title."""

_BY_STATUS = {400: "malformed", 401: "unauthenticated", 403: "not-allowed", 413: "too-large"}

_OF_DOMAIN: tuple[tuple[type[DomainError], str], ...] = (
    (InvalidField, "invalid"),
    (NotFound, "not-found"),
    (NotAllowed, "not-allowed"),
    (Barred, "unauthenticated"),
    (AlreadyExists, "already-exists"),
    (VersionConflict, "version-conflict"),
    (Refused, "refused"),
)


_RETRY_S = "2"
UNKNOWN_OUTCOME = (
    "the connection to the store was lost while it saved this: repeat the request with the same Idempotency-Key, and it is executed once"
)
_AWAY: Mapping[type[Exception], tuple[str, str]] = {
    CommitUnsure: ("outcome-unknown", UNKNOWN_OUTCOME),
    ReserveReached: ("no-room", "the disk of the server has no room for files: what is free is kept for calls"),
    NoRoom: ("unavailable", "the disk of the store is full: nothing was done"),
    WarehouseFull: ("unavailable", "the disk of the figures is full: commands are saved, figures wait for room"),
    StoreUnavailable: ("unavailable", "the store is unavailable: nothing was done"),
    WarehouseUnreachable: ("unavailable", "the server of the figures is unavailable"),
    Stopping: ("unavailable", "the server stops: nothing was done"),
    ClockOff: ("clock", ""),
}
"""Temporary errors of backend servers and of the clock. Addresses are for the operator only: they are in the log."""


def of_servers(error: Exception) -> Problem:
    """The problem for an unavailable server or a wrong clock."""
    kind, detail = next(known for type_, known in _AWAY.items() if isinstance(error, type_))
    return Problem(kind, detail or str(error), headers={"Retry-After": _RETRY_S})


def invalid(parameter: str, wrong: str, code: str = "") -> Problem:
    """The problem for an invalid path or query parameter. wrong: what is wrong, to be put behind its name: "should be a time zone"."""
    return of_fields([FieldProblem(parameter=parameter, detail=sentence(parameter, wrong))], code)


Refusal = Callable[[str, str], Problem]
"""`invalid` or `invalid_header`."""


def invalid_header(header: str, wrong: str) -> Problem:
    """The same for a header, named as the documentation writes it."""
    return of_fields([FieldProblem(header=header, detail=sentence(header, wrong))])


def of_fields(errors: Sequence[FieldProblem], code: str = "") -> Problem:
    """The problem for invalid fields."""
    return Problem("invalid", "; ".join(error.detail for error in errors), errors=errors, code=code)


def render(problem: Problem) -> Response:
    """The response for `problem`."""
    status, title = KINDS[problem.kind]
    request_ids.note_refusal(problem.code)
    body: dict[str, Any] = {"type": PREFIX + problem.code, "title": title, "status": status, "detail": problem.detail}
    if problem.errors:
        body["errors"] = [error.model_dump(exclude_none=True) for error in problem.errors]
    if problem.permission:
        body["permission"] = problem.permission
    headers = dict(problem.headers)
    if status == HTTPStatus.UNAUTHORIZED:
        headers.setdefault("WWW-Authenticate", 'Bearer realm="atende"')
    # ASCII escapes: a lone surrogate in a message must not break the response.
    return Response(json.dumps(body).encode("ascii"), status, headers, MEDIA_TYPE)


def stated(error: InvalidField | NotFound) -> dict[str, str]:
    """By each wrong field, "" for the whole body: its name, and what the domain says of it in a sentence of its own."""
    return {field: f"{field or BODY}: {wrong}" for field, wrong in islice(error.wrong.items(), MOST_PROBLEMS)}


def _in_body(field: str, detail: str) -> FieldProblem:
    """The problem of a field of a command, as `queue_ids.0`; "" for the whole body."""
    return FieldProblem(pointer=field and "/" + field.replace(".", "/"), detail=detail)


def _in_question(field: str, detail: str) -> FieldProblem:
    """The problem of a parameter of a question."""
    return FieldProblem(parameter=field, detail=detail)


def of_domain(error: DomainError, place: Callable[[str, str], FieldProblem] = _in_body) -> Problem:
    """The problem for a refused command, or a refused question. place: the problem of one of its fields."""
    kind = next((kind for type_, kind in _OF_DOMAIN if isinstance(error, type_)), "refused")
    if isinstance(error, InvalidField):
        return of_fields([place(field, detail) for field, detail in stated(error).items()], error.code)
    if isinstance(error, NotFound):
        return Problem(kind, str(error), errors=[place(field, detail) for field, detail in stated(error).items()], code=error.code)
    if isinstance(error, AlreadyExists) and error.field:
        return Problem(kind, str(error), errors=[place(error.field, f"{error.field}: {error}")], code=error.code)
    if isinstance(error, NotAllowed):
        return Problem(kind, str(error), permission=error.permission, code=error.code)
    return Problem(kind, str(error), code=error.code)


def _of_validation(request: Request, error: RequestValidationError) -> Problem:
    """The problem that names every field that did not validate."""
    found = error.errors()
    if any(item["type"] == "json_invalid" for item in found):
        return Problem("malformed", "the body is not JSON")
    return of_fields([_field(tuple(item["loc"]), worded(item) + _hint(request, item)) for item in found[:MOST_PROBLEMS]])


def _hint(request: Request, item: Any) -> str:
    """Which name may have been meant, if the error is an unknown one."""
    place = tuple(item["loc"])
    return hint(str(place[-1])[:64], known_at(request, place)) if item["type"] == "extra_forbidden" else ""


def _is_of_another_type(request: Request, error: RequestValidationError) -> bool:
    """Whether a body was not read as JSON because its Content-Type is another one, or is missing."""
    has_body = any(tuple(item["loc"]) == ("body",) and item["type"] != "missing" for item in error.errors())
    return has_body and not is_json(request)


def is_json(request: Request) -> bool:
    """Whether the request says that its body is JSON."""
    essence = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    return essence == "application/json" or (essence.startswith("application/") and essence.endswith("+json"))


def _field(loc: tuple[int | str, ...], wrong: str) -> FieldProblem:
    place, rest = str(loc[0]), loc[1:]
    if place == "body":
        # Unknown keys of a client are echoed only up to 64 characters: they may hold anything.
        steps = [str(step).replace("~", "~0").replace("/", "~1")[:64] for step in rest]
        pointer = "".join("/" + step for step in steps)
        return FieldProblem(pointer=pointer, detail=sentence(pointer, wrong))
    name = str(rest[0])[:64] if rest else place
    detail = sentence(name, wrong)
    return FieldProblem(header=name, detail=detail) if place == "header" else FieldProblem(parameter=name, detail=detail)


def _of_http(error: HTTPException, path: str) -> Problem:
    """The problem for an error of the framework, which says of a path only that it is not found, or that it has no such method."""
    if error.status_code == HTTPStatus.NOT_FOUND:
        return Problem("not-found", NO_PATH)
    if error.status_code == HTTPStatus.METHOD_NOT_ALLOWED:
        return _of_method(known_paths.methods(path) or (error.headers or {}).get("Allow", "").split(", "))
    kind = _BY_STATUS.get(error.status_code, "malformed" if error.status_code < HTTPStatus.INTERNAL_SERVER_ERROR else "internal")
    return Problem(kind, str(error.detail), headers=error.headers)


def _of_method(methods: Sequence[str]) -> Problem:
    allowed = ", ".join(methods)
    return Problem("method-not-allowed", f"this path takes {allowed}", headers={"Allow": allowed})


def _reached(request: Request, problem: Problem) -> Problem:
    """What is wrong with a request, or that its path has no such method: GET /v1/agents/log-in does not mean an agent with the id "log-in"."""
    if problem.kind not in ("invalid", "unsupported-media-type") or not known_paths.is_named(request.scope["path"]):
        return problem
    methods = known_paths.methods(request.scope["path"])
    if request.method in methods:
        return problem
    return _of_method(methods)


def install(app: FastAPI) -> None:
    """Make every error of `app` a problem response."""

    async def on_problem(request: Request, error: Exception) -> Response:
        assert isinstance(error, Problem)
        return render(_reached(request, error))

    async def on_domain(request: Request, error: Exception) -> Response:
        assert isinstance(error, DomainError)
        return render(of_domain(error, _in_question if request.method == "GET" else _in_body))

    async def on_http(request: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)
        return render(_of_http(error, request.scope["path"]))

    async def on_validation(request: Request, error: Exception) -> Response:
        assert isinstance(error, RequestValidationError)
        is_of_another_type = _is_of_another_type(request, error)
        problem = Problem("unsupported-media-type", NO_JSON) if is_of_another_type else _of_validation(request, error)
        return render(_reached(request, problem))

    async def on_error(request: Request, _: Exception) -> Response:
        headers = request_ids.headers_of(request.scope) | response_headers.headers_of(request.scope)
        return render(Problem("internal", "internal error of the server; see its log", headers=headers))

    async def on_away(request: Request, error: Exception) -> Response:
        log.warning("method=%s route=%s outcome=away reason=%s", request.method, request_ids.route_of(request.scope), error)
        return render(of_servers(error))

    async def on_gone(_: Request, __: Exception) -> Response:
        return Response(status_code=request_ids.GONE)

    app.add_exception_handler(ClientDisconnect, on_gone)
    for kind in _AWAY:
        app.add_exception_handler(kind, on_away)
    app.add_exception_handler(Problem, on_problem)
    app.add_exception_handler(DomainError, on_domain)
    app.add_exception_handler(RequestValidationError, on_validation)
    app.add_exception_handler(HTTPException, on_http)
    app.add_exception_handler(Exception, on_error)
