"""The filters of D1, Rastreio de Interações, in a URL or in a body."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal
from uuid import UUID

from pydantic import ConfigDict, Field

from api.field_types import MAX_POSITION, Body, Phone
from api.figure_parameters import OfIvrs, OfPart, Past, Word
from api.interaction_lookups import LookedUp
from api.invalid_fields import form
from api.lists import PageParameters
from api.reports import Format
from domain.voice.outbound_and_ivr import Status
from projections.figures.voice_quality import Band
from projections.queries.interactions_selection import Interactions, State

Duration = Annotated[int, Field(ge=0, le=1_000_000_000)]
TimeOfDay = Annotated[str, Field(pattern=form(r"^([01][0-9]|2[0-3]):[0-5][0-9]$", "should be a time of day, as 09:00"))]


class Filters(OfPart, OfIvrs, PageParameters):
    """Filters of calls, by their beginning, and the page."""

    NO_FILTERS: ClassVar[frozenset[str]] = PageParameters.NO_FILTERS | {"count", "call", "phone"}
    """`LookedUp` stands for the call and the number."""

    @property
    def names_calls(self) -> bool:
        """Whether the filters name certain calls, or their customer."""
        return self.protocol is not None or self.contact_id is not None or bool(self.call or self.correlation_id)

    @property
    def usual_days(self) -> int | None:
        """None where certain calls are named: they are found whenever they were."""
        return None if self.names_calls else super().usual_days

    def wanted_state(self, past: Past) -> State:
        """The state that was asked for, or else the usual one. What was open at an instant is not known."""
        return self.state or ("all" if self.names_calls and past.moment_ms is None else "finished")

    medium: Annotated[Literal["voice"], Field(description="Mídia", examples=["voice"])] = "voice"
    direction: Annotated[Literal["inbound", "outbound"] | None, Field(description="TIPO")] = None
    protocol: Annotated[int | None, Field(ge=0, le=MAX_POSITION, description="PROTOCOLO", examples=[4711])] = None
    status: Annotated[tuple[Status, ...], Field(max_length=20, description="STATUS: one of these", examples=[["abandoned"]])] = ()
    tag: Annotated[
        tuple[Word, ...],
        Field(max_length=100, description="tagged with one of these, whatever the case; accents count", examples=[["venda fechada"]]),
    ] = ()
    state: Annotated[
        State | None,
        Field(
            description="`finished`: have ended; `open`: go on, not with an instant as `as_of`. By default `finished`; `all` where `protocol`, `call`, `correlation_id`, `contact_id` or a number names what is looked for",
            examples=["all"],
        ),
    ] = None
    call: Annotated[
        Word,
        Field(
            description="your own id of the call, as you sent it; also one that may be a telephone number or a CPF, in whose place answers have a UUID",
            examples=["crm-4711"],
        ),
    ] = ""
    quality: Annotated[tuple[Band, ...], Field(max_length=3, description="QUALIDADE DE CHAMADA: one of these", examples=[["low"]])] = ()
    contact_id: Annotated[
        UUID | None, Field(description="the customer, by the contact's id", examples=["40ca8005-24cc-572c-9dd4-4d30c9eb3e0b"])
    ] = None
    min_duration_ms: Annotated[Duration | None, Field(description="DURAÇÃO: the shortest", examples=[60_000])] = None
    max_duration_ms: Annotated[Duration | None, Field(description="DURAÇÃO: the longest", examples=[600_000])] = None
    time_from: Annotated[
        TimeOfDay | None,
        Field(description="HORA: began at this time of day or later, in the time zone of the answer", examples=["09:00"]),
    ] = None
    time_to: Annotated[
        TimeOfDay | None,
        Field(description="HORA: began before this time of day; earlier than `time_from`: over midnight", examples=["12:30"]),
    ] = None
    count: Annotated[bool, Field(description="whether to count the calls of all pages: `count` of the answer")] = False
    correlation_id: Annotated[
        Word,
        Field(
            description="the `X-Correlation-Id` of a request that changed the call, or its `Request-Id`; one that may be a telephone number or a CPF is sealed, and finds nothing",
            examples=["crm-4711"],
        ),
    ] = ""
    order: Annotated[Literal["asc", "desc"], Field(description="by their beginning; `desc`: the newest first")] = "asc"


class OfInteractions(Filters):
    """Filters of calls in the URL."""

    format: Format = "json"


class InteractionSearch(Filters, Body):
    """Filters of calls in a body: a customer's number too, which is personal and so never part of a URL."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"phone": "(31) 97791-6159", "state": "all", "order": "desc"}]})

    phone: Annotated[Phone | None, Field(description="the customer's number, in any spelling", examples=["(31) 97791-6159"])] = None

    @property
    def names_calls(self) -> bool:
        """A number names a customer."""
        return self.phone is not None or super().names_calls


def wanted(past: Past, params: OfInteractions | InteractionSearch, named: LookedUp) -> Interactions:
    """The selection that the filters make. named: what they name and only the key store knows."""
    return Interactions(
        question=past.question(params, "total", past.period(params)),
        medium=params.medium,
        direction=params.direction or "",
        protocol=params.protocol,
        statuses=params.status,
        contact=params.contact_id if named.contact is None else named.contact,
        qualities=params.quality,
        duration_ms=(params.min_duration_ms, params.max_duration_ms),
        minutes=_minutes(params.time_from, params.time_to),
        tags=params.tag,
        state=params.wanted_state(past),
        id=named.call,
        correlation=params.correlation_id,
        descending=params.order == "desc",
        limit=params.limit,
    )


def _minutes(since: str | None, until: str | None) -> tuple[int, int] | None:
    """The minutes of the day from one time to another; None without either."""
    if since is None and until is None:
        return None
    return _minute(since or "00:00"), _minute(until or "24:00")


def _minute(time: str) -> int:
    hour, minute = time.split(":")
    return 60 * int(hour) + int(minute)
