"""Query parameters that an operation does not have are refused, so that typing errors are noticed."""

from __future__ import annotations

from fastapi import Request
from pydantic import BaseModel

from api.invalid_fields import UNKNOWN_PARAMETER
from api.known_names import hint
from api.problem import invalid

_LONGEST_NAME = 64
"""A name is shown up to this length: it may hold anything."""


async def known_parameters_only(request: Request) -> None:
    """Refuse the request (422) for the first query parameter that its operation does not have.

    Operations whose parameters are a `Parameters` model refuse others themselves, with all that is wrong.
    """
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
