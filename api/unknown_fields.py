"""Query parameters that an operation does not have are refused, and so is the body of one that takes none, so that typing errors are noticed."""

from __future__ import annotations

from fastapi import Request
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, ValidationError

from api.field_types import Body
from api.invalid_fields import UNKNOWN_PARAMETER
from api.known_names import hint
from api.problem import NO_JSON, Problem, invalid, is_json

_LONGEST_NAME = 64
"""A name is shown up to this length: it may hold anything."""

_READING = ("GET", "HEAD")
"""Methods whose body means nothing to anybody."""


class _Nothing(Body):
    """The body of an operation that takes none."""


async def known_fields_only(request: Request) -> None:
    """Refuse the request (422) for the first query parameter that its operation does not have, and for the fields of a body if it takes no body.

    Operations whose parameters, or whose body, are a model refuse others themselves, with all that is wrong.
    """
    _known_parameters_only(request)
    route = request.scope["route"]
    takes_body = route.body_field is not None or "requestBody" in (route.openapi_extra or {})
    if request.method not in _READING and not takes_body:
        await _no_body(request)


def _known_parameters_only(request: Request) -> None:
    if not request.scope["query_string"]:
        return
    known: set[str] = set()
    for field in request.scope["route"].dependant.query_params:
        kind = field.field_info.annotation
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            return
        known.add(field.alias)
    unknown = next((name for name in request.query_params if name not in known), None)
    if unknown is not None:
        raise invalid(unknown[:_LONGEST_NAME], UNKNOWN_PARAMETER + hint(unknown, sorted(known)))


async def _no_body(request: Request) -> None:
    """Refuse a body that is neither empty nor `{}`, which some clients always send."""
    sent = await request.body()
    if not sent:
        return
    if not is_json(request):
        raise Problem("unsupported-media-type", NO_JSON)
    try:
        _Nothing.model_validate_json(sent)
    except ValidationError as error:
        raise RequestValidationError([{**wrong, "loc": ("body", *wrong["loc"])} for wrong in error.errors()]) from error
