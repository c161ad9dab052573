"""Field types that several routes share, each with its limits, so that the OpenAPI document states what is accepted."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import partial
from itertools import islice
from typing import Annotated, Any
from uuid import UUID

from fastapi import Path
from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    GetCoreSchemaHandler,
    StringConstraints,
    model_validator,
)
from pydantic_core import CoreSchema, PydanticCustomError, PydanticKnownError, core_schema

from api.invalid_fields import form
from domain.dialled_numbers import SHORTEST_DIALLED, unspaced
from domain.names import LONGEST_NAME, UNSEEN, cleaned
from domain.texts import LONGEST_SAID

MOST_PROBLEMS = 20
"""An answer names so many wrong fields: who sends thousands is no reader of all of them."""

MAX_POSITION = 2**53 - 1
"""The largest whole number that every JSON reader keeps exactly."""

_NAME = form(rf"^[^{UNSEEN}]*[^{UNSEEN}\s][^{UNSEEN}]*$", "should be visible characters on one line, and not blank")
_TEXT = form(r"^[^\x00-\x08\x0b\x0c\x0e-\x1f\x7f]*$", "should have no control characters but line breaks and tabs")
ONE_LINE = form(r"^[^\x00-\x1f\x7f]*$", "should be one line without control characters")

Name = Annotated[str, StringConstraints(min_length=1, max_length=LONGEST_NAME, pattern=_NAME), AfterValidator(cleaned)]
"""A name: one line, not blank, every character visible. Case and blanks do not distinguish names."""

Text = Annotated[str, StringConstraints(max_length=LONGEST_SAID, pattern=_TEXT)]
"""Free text; line breaks and tabs are the only control characters."""

Line = Annotated[str, StringConstraints(max_length=LONGEST_NAME, pattern=ONE_LINE)]
"""One line of text, or none."""

Digits = Annotated[str, StringConstraints(max_length=20, pattern=form(r"^[0-9]*$", "should have digits alone"))]

_WRITTEN = r"[ (]*\+?[ (]*[0-9*#][0-9*# ()./\-]*"
_NUMBER = "should be a telephone number: digits, after a + if need be, with blanks, brackets, points, dashes or slashes between them"

Phone = Annotated[str, Field(min_length=3, max_length=40, pattern=form(f"^{_WRITTEN}$", _NUMBER))]
"""A telephone number, as people write it: `(11) 98765-4321`, `+55 11 98765-4321`, `5511987654321`. The same spellings are accepted wherever one is sent."""

Number = Annotated[str, Field(max_length=40, pattern=form(f"^(?:{_WRITTEN}| *)$", _NUMBER)), AfterValidator(unspaced)]
"""The number of a call, as people or the network write it; empty if there is none. Kept without what stands between its digits."""

DialledNumber = Annotated[
    Phone,
    Field(
        description=f"the customer's number: {SHORTEST_DIALLED} digits or more, after a `+` if need be; blanks, brackets, points, dashes and slashes are dropped",
        examples=["(11) 98765-4321"],
    ),
]
"""A number that an agent, or a dialler, calls."""

_SOME_ID = "40ca8005-24cc-572c-9dd4-4d30c9eb3e0b"

InteractionId = Annotated[UUID, Path(description="the call's id, from the response that created it or from a report", examples=[_SOME_ID])]
QueueId = Annotated[UUID, Path(description="the queue's id, from the response that registered it or from the list", examples=[_SOME_ID])]
AgentId = Annotated[UUID, Path(description="the agent's id, from a response about the agent or from the list", examples=[_SOME_ID])]
IvrId = Annotated[UUID, Path(description="the IVR's id, from the response that registered it or from the list", examples=[_SOME_ID])]
CallbackId = Annotated[UUID, Path(description="the callback's id, from the list", examples=[_SOME_ID])]
UserId = Annotated[
    UUID, Path(description="the user's id, from the response that registered the user or from the list", examples=[_SOME_ID])
]

Milliseconds = Annotated[int, Field(ge=0, le=86_400_000)]

Position = Annotated[int, Field(ge=0, le=MAX_POSITION)]


_FIRST, _LAST = datetime(2000, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC)


def _within(moment: datetime) -> datetime:
    if not _FIRST <= moment < _LAST:
        msg = "should be between the years 2000 and 2100"
        raise ValueError(msg)
    return moment


def _written_out(said: Any) -> Any:
    """Pydantic would take a plain number for seconds or milliseconds since 1970."""
    if isinstance(said, datetime) or (isinstance(said, str) and said[4:5] == "-"):
        return said
    raise PydanticCustomError("datetime_parsing", "an instant is written in ISO 8601")


Moment = Annotated[
    AwareDatetime,
    BeforeValidator(_written_out),
    AfterValidator(_within),
    Field(description="ISO 8601 with `Z` or an offset, from the year 2000 to 2099", examples=["2026-03-02T14:05:09.250-03:00"]),
]


Instant = Annotated[str, Field(description="ISO 8601 with offset", json_schema_extra={"format": "date-time"})]
"""An instant in an answer, as the query or the API has written it."""


def microseconds(moment: datetime | None) -> int | None:
    """A moment in the commands' unit: microseconds since 1970."""
    if moment is None:
        return None
    since = moment - datetime(1970, 1, 1, tzinfo=UTC)
    return (since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds


Version = Annotated[
    int,
    Field(
        ge=1, description='send it as `If-Match: "7"` with a command, which is refused (409) if somebody changed this since', examples=[7]
    ),
]

_MANY = ("list", "tuple", "set", "frozenset", "dict")
"""Parts of a model that hold any number of others."""


def _of_at_most(most: int, said: Any) -> Any:
    if isinstance(said, list | tuple | dict) and len(said) > most:
        raise PydanticKnownError("too_long", {"field_type": "List", "max_length": most, "actual_length": len(said)})
    return said


def _refused_early(part: Any) -> Any:
    """A part of a model's schema, in which every list is refused for its length before any of its items is validated, and at its first wrong item."""
    if isinstance(part, list | tuple):
        return type(part)(_refused_early(inner) for inner in part)
    if not isinstance(part, dict):
        return part
    made: Any = {word: inner if word in ("metadata", "serialization") else _refused_early(inner) for word, inner in part.items()}
    if part.get("type") not in _MANY or "fail_fast" in part:
        # A model inside of another one has been here already.
        return made
    made["fail_fast"] = True
    return core_schema.no_info_before_validator_function(partial(_of_at_most, part["max_length"]), made)


class Sent(BaseModel):
    """What a request says. Unknown fields are refused, so that typing errors are noticed.

    A list has a greatest length, and the first of its items that is wrong speaks for all: nobody keeps the server busy with thousands of them.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        """The schema that Pydantic makes, with its lists refused early."""
        early: CoreSchema = _refused_early(handler(source))
        return early


class Body(Sent):
    """The body of a request."""

    @model_validator(mode="before")
    @classmethod
    def _some_unknown_fields_say_enough(cls, said: Any) -> Any:
        """Each unknown field is a problem of its own in the answer: a body of many thousands is not worked off to its end."""
        if not isinstance(said, dict) or len(said) <= len(cls.model_fields) + MOST_PROBLEMS:
            return said
        known = {field.alias or name for name, field in cls.model_fields.items()}
        unknown = islice((name for name in said if name not in known), MOST_PROBLEMS)
        return {name: said[name] for name in [*known.intersection(said), *unknown]}


class Shape(BaseModel):
    """The body of a response."""

    model_config = ConfigDict(frozen=True)


class Receipt(Shape):
    """The receipt of a command: its events are on disk."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"id": "7b9d2f0e-5a4b-5c1e-9a77-0d5d8a8c6f10", "version": 3, "position": 1204, "result": {}}]}
    )

    id: Annotated[UUID, Field(description="id of the interaction, queue, agent … of the command")]
    version: Annotated[int, Field(description="number of events that it has now")]
    position: Annotated[int, Field(description="position of the log; send it as `If-Position` to read figures that cover it")]
    result: Annotated[dict[str, object], Field(description="what else the command tells")]
