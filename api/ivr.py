"""Routes for IVRs (URAs): the number that customers call, business hours, messages and menu."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any
from uuid import UUID

from fastapi import Query, Response
from msgspec.structs import asdict
from pydantic import Field

from api.access import Authenticated
from api.field_types import ONE_LINE, Body, Digits, IvrId, Line, Name, Receipt, Shape, Text, Version
from api.invalid_fields import form
from api.lists import Page, Paged, registered
from api.problem_documents import QUERY_FOR_ALL, documented, of_command
from api.slice_router import SliceRouter
from commands import ivr as commands
from domain import ivr_settings as domain
from projections.queries.registers import RegisteredIvr
from projections.queries.settings import ivr as settings_of_ivr

TAG = {"name": "ivr", "description": "IVRs (URAs): numbers, business hours, messages, menus."}

router = SliceRouter(
    prefix="/v1/ivrs",
    tags=["ivr"],
    responses=documented("unauthenticated", "invalid", "unavailable", "clock"),
)

VOICE = form(r"^([\w.][\w.\-]*)?$", "should be a voice of the speech engine, as pt-br")
"""How a voice is written."""

_Clock = Annotated[
    str,
    Field(pattern=form(r"^(([01][0-9]|2[0-3]):[0-5][0-9]|24:00)$", "should be a time of day, as 08:00, at most 24:00"), examples=["08:00"]),
]
_File = Annotated[
    str,
    Field(
        max_length=200,
        pattern=form(r"^([\w .\-]+\.([mM][pP]3|[wW][aA][vV]))?$", "should be empty, or the name of a file that ends with .mp3 or .wav"),
    ),
]
_Day = Annotated[
    str,
    Field(
        pattern=form(r"^([0-9]{4}-)?(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])$", "should be a day, as 2026-11-20, or 12-25 for every year"),
        description="`2026-11-20`, or `12-25` for that day of every year",
        examples=["12-25"],
    ),
]


class Message(Body):
    """An announcement: a text spoken by a voice, or an uploaded file; silence if both are empty."""

    text: Annotated[Text, Field(examples=["Bem-vindo à Central."])] = ""
    voice: Annotated[
        str,
        Field(
            max_length=60,
            pattern=VOICE,
            description="of the speech engine; empty: Brazilian Portuguese",
            examples=["pt-br"],
        ),
    ] = ""
    file: Annotated[_File, Field(description="name of an uploaded .mp3 or .wav", examples=["boas-vindas.wav"])] = ""


class Hours(Body):
    """Business hours on a weekday: from `opens` until before `closes`, by the wall clock of the IVR's zone."""

    weekday: Annotated[int, Field(ge=0, le=6, description="0 is Monday")]
    opens: _Clock
    closes: Annotated[_Clock, Field(description="24:00 is the day's end; past midnight is the next weekday's", examples=["18:00"])]


class Holiday(Body):
    """A day on which the IVR is closed, from midnight to midnight."""

    day: _Day
    name: Annotated[Line, Field(examples=["Natal"])] = ""


class IvrOption(Body):
    """A menu option: `digit` leads to `queue`."""

    digit: Annotated[str, Field(pattern=form(r"^[0-9*#]$", "should be one key: a digit, * or #"), examples=["1"])]
    queue: Annotated[Name, Field(description="name of a queue that exists", examples=["vendas"])]


_Hours = Annotated[tuple[Hours, ...] | None, Field(max_length=100)]
_Said = Message | None
_Milliseconds = int | None


class IvrChange(Body):
    """The settings of an IVR. Omitted fields stay unchanged; of a new IVR they are: Brazil, open 24x7, silent, without a menu."""

    country: Annotated[Digits | None, Field(description="country code", examples=["55"])] = None
    area_code: Annotated[Digits | None, Field(examples=["11"])] = None
    number: Annotated[Digits | None, Field(examples=["40028922"])] = None
    always_open: Annotated[bool | None, Field(description="24x7; otherwise open during `hours`, except on `holidays`")] = None
    timezone: Annotated[
        str | None, Field(max_length=60, pattern=ONE_LINE, description="IANA time zone of `hours`", examples=["America/Sao_Paulo"])
    ] = None
    hours: _Hours = None
    holidays: Annotated[tuple[Holiday, ...] | None, Field(max_length=domain.MOST_HOLIDAYS)] = None
    welcome: Annotated[_Said, Field(description="heard first")] = None
    prompt: Annotated[_Said, Field(description="reads out the menu; empty: it is made from the menu")] = None
    invalid: Annotated[_Said, Field(description="heard after a key that is no option")] = None
    no_choice: Annotated[_Said, Field(description="heard when nothing was keyed in time")] = None
    closed: Annotated[_Said, Field(description="heard out of hours, on holidays, and by blocked callers")] = None
    unanswered: Annotated[_Said, Field(description="heard if nobody answers the call in time")] = None
    protocol: Annotated[_Said, Field(description="heard before the queue; `{protocol}` in its text is the call's protocol number")] = None
    position: Annotated[_Said, Field(description="heard before the queue; `{position}` in its text is the caller's place in it")] = None
    wait: Annotated[
        _Said, Field(description="heard before the queue if an estimate is known; `{minutes}` in its text is the estimated wait")
    ] = None
    callback: Annotated[_Said, Field(description="offers to call back: key 1 accepts")] = None
    callback_kept: Annotated[_Said, Field(description="confirms that the caller will be called back")] = None
    menu: Annotated[tuple[IvrOption, ...] | None, Field(max_length=12, description="in the order of the announcement")] = None
    attempts: Annotated[
        int | None,
        Field(ge=1, le=domain.MOST_ATTEMPTS, description="how often a caller may key nothing or something invalid", examples=[3]),
    ] = None
    choice_wait_ms: Annotated[
        _Milliseconds,
        Field(ge=domain.SHORTEST_CHOICE_MS, le=domain.LONGEST_CHOICE_MS, description="how long a key is awaited", examples=[5_000]),
    ] = None
    fallback_queue: Annotated[
        Line | None,
        Field(
            description="queue of callers without a valid choice, and of all if there is no menu; empty: the call ends", examples=["vendas"]
        ),
    ] = None
    queue_wait_ms: Annotated[
        _Milliseconds,
        Field(
            ge=domain.SHORTEST_QUEUE_WAIT_MS,
            le=domain.LONGEST_QUEUE_WAIT_MS,
            description="how long a caller waits in a queue at most",
            examples=[600_000],
        ),
    ] = None
    callback_from: Annotated[
        int | None,
        Field(ge=0, le=domain.MOST_WAITING, description="a callback is offered while so many wait or more; 0: never", examples=[5]),
    ] = None

    def settings(self) -> dict[str, Any]:
        """The settings as the commands take them."""
        given: dict[str, Any] = {name: getattr(self, name) for name in IvrChange.model_fields}
        made: dict[str, Callable[[Any], Any]] = {
            "hours": lambda value: tuple(domain.Hours(**hours.model_dump()) for hours in value),
            "holidays": lambda value: tuple(domain.Holiday(**holiday.model_dump()) for holiday in value),
            "menu": lambda value: tuple(domain.Option(**option.model_dump()) for option in value),
            **dict.fromkeys(domain.MESSAGES, lambda value: domain.Message(**value.model_dump())),
        }
        return {name: made[name](value) if value is not None and name in made else value for name, value in given.items()}


class IvrSummary(Shape):
    """An IVR (URA)."""

    id: UUID
    name: Annotated[str, Field(examples=["principal"])]


class IvrDetail(IvrSummary):
    """An IVR with all its settings."""

    version: Version
    country: str
    area_code: str
    number: str
    always_open: bool
    timezone: str
    hours: list[Hours]
    holidays: list[Holiday]
    welcome: Message
    prompt: Message
    invalid: Message
    no_choice: Message
    closed: Message
    unanswered: Message
    protocol: Message
    position: Message
    wait: Message
    callback: Message
    callback_kept: Message
    menu: list[IvrOption]
    attempts: int
    choice_wait_ms: int
    fallback_queue: str
    queue_wait_ms: int
    callback_from: int


@router.get("", summary="The IVRs of the company", responses=QUERY_FOR_ALL)
async def list_ivrs(context: Authenticated, params: Annotated[Paged, Query()]) -> Page[IvrSummary]:
    """Ordered by name, without deleted ones. Every user may read the list."""
    return await registered(context, params, RegisteredIvr, IvrSummary)


@router.get("/{ivr_id}", summary="One IVR", responses=documented("not-found"))
async def get_ivr(ivr_id: IvrId, context: Authenticated) -> IvrDetail:
    """Its current settings, even if the figures do not cover their last change yet."""
    found, settings = await context.ask(settings_of_ivr, ivr_id)
    values = asdict(settings)
    for name in domain.MESSAGES:
        message: domain.Message = values[name]
        values[name] = Message(text=message.text, voice=message.voice, file=message.file)
    return IvrDetail.model_validate({"id": found.id, "version": found.version, "name": found.name, **values}, from_attributes=True)


class NewIvr(IvrChange):
    """A new IVR."""

    name: Annotated[Name, Field(description="the name in dialplans; it never changes", examples=["principal"])]


@router.post("", status_code=201, summary="Register an IVR", responses=of_command("already-exists"), response_model=Receipt)
async def register_ivr(body: NewIvr, context: Authenticated) -> Response:
    """Registers an IVR (URA); the response's `id` is the IVR's. IVRs that a source names are registered automatically."""
    return await context.do(commands.RegisterIvr(name=body.name, **body.settings()), 201)


@router.patch("/{ivr_id}", summary="Change the settings of an IVR", responses=of_command("not-found"), response_model=Receipt)
async def change_ivr(ivr_id: IvrId, body: IvrChange, context: Authenticated) -> Response:
    """The changes apply from now on. A menu must lead to queues that exist."""
    return await context.do(commands.ChangeIvrSettings(ivr=ivr_id, **body.settings()))


@router.delete("/{ivr_id}", summary="Remove an IVR from the settings", responses=of_command("not-found"), response_model=Receipt)
async def delete_ivr(ivr_id: IvrId, context: Authenticated) -> Response:
    """Its earlier calls stay in all figures."""
    return await context.do(commands.DeleteIvr(ivr=ivr_id))
