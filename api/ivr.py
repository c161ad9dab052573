"""Routes for IVRs (URAs): the number that customers call, business hours, messages and menu."""

from __future__ import annotations

from typing import Annotated, Any
from uuid import UUID

from fastapi import Query, Response
from msgspec.structs import asdict
from pydantic import Field

from api.access import Authenticated
from api.field_types import Body, Digits, Done, IvrId, Name, Shape, Text
from api.lists import Page, Paged, registered
from api.problem import QUERY_FOR_ALL, documented, of_command
from api.slice_router import SliceRouter
from commands import ivr as commands
from domain import ivr as domain_ivr
from projections.queries.registers import RegisteredIvr
from projections.queries.settings import ivr as settings_of_ivr

TAG = {"name": "ivr", "description": "IVRs (URAs): numbers, business hours, messages, menus."}

router = SliceRouter(
    prefix="/v1/ivrs",
    tags=["ivr"],
    responses=documented("unauthenticated", "invalid", "unavailable", "clock"),
)

_Clock = Annotated[str, Field(pattern=r"^(([01][0-9]|2[0-3]):[0-5][0-9]|24:00)$", examples=["08:00"])]
_File = Annotated[str, Field(max_length=200, pattern=r"^([\w .\-]+\.([mM][pP]3|[wW][aA][vV]))?$")]


class Message(Body):
    """An announcement: a text spoken by a voice, or an uploaded file; silence if both are empty."""

    text: Annotated[Text, Field(examples=["Bem-vindo à Central."])] = ""
    voice: Annotated[str, Field(max_length=60, pattern=r"^[\w.\-]*$", examples=["pt-BR-Francisca"])] = ""
    file: Annotated[_File, Field(description="name of an uploaded .mp3 or .wav", examples=["boas-vindas.wav"])] = ""


class Hours(Body):
    """Business hours on a weekday: from `opens` until before `closes`, by the wall clock of the IVR's zone."""

    weekday: Annotated[int, Field(ge=0, le=6, description="0 is Monday")]
    opens: _Clock
    closes: Annotated[_Clock, Field(description="24:00 is the day's end; past midnight is the next weekday's", examples=["18:00"])]


class IvrOption(Body):
    """A menu option: `digit` leads to `queue`."""

    digit: Annotated[str, Field(pattern=r"^[0-9*#]$", examples=["1"])]
    queue: Annotated[Name, Field(description="name of a queue that exists", examples=["vendas"])]


class IvrChange(Body):
    """The settings of an IVR. Omitted fields stay unchanged; of a new IVR they are: Brazil, open 24x7, silent, without a menu."""

    country: Annotated[Digits | None, Field(description="country code", examples=["55"])] = None
    area_code: Annotated[Digits | None, Field(examples=["11"])] = None
    number: Annotated[Digits | None, Field(examples=["40028922"])] = None
    always_open: Annotated[bool | None, Field(description="24x7; otherwise open during `hours`")] = None
    timezone: Annotated[str | None, Field(max_length=60, description="IANA time zone of `hours`", examples=["America/Sao_Paulo"])] = None
    hours: Annotated[tuple[Hours, ...] | None, Field(max_length=100)] = None
    welcome: Annotated[Message | None, Field(description="heard first")] = None
    closed: Annotated[Message | None, Field(description="heard out of hours")] = None
    unanswered: Annotated[Message | None, Field(description="heard if nobody answers the call in time")] = None
    menu: Annotated[tuple[IvrOption, ...] | None, Field(max_length=12, description="in the order of the announcement")] = None

    def settings(self) -> dict[str, Any]:
        """The settings as the commands take them."""
        return {
            "country": self.country,
            "area_code": self.area_code,
            "number": self.number,
            "always_open": self.always_open,
            "timezone": self.timezone,
            "hours": None if self.hours is None else tuple(domain_ivr.Hours(**hours.model_dump()) for hours in self.hours),
            "welcome": _message(self.welcome),
            "closed": _message(self.closed),
            "unanswered": _message(self.unanswered),
            "menu": None if self.menu is None else tuple(domain_ivr.Option(**option.model_dump()) for option in self.menu),
        }


def _message(message: Message | None) -> domain_ivr.Message | None:
    return None if message is None else domain_ivr.Message(**message.model_dump())


class IvrSummary(Shape):
    """An IVR (URA)."""

    id: UUID
    name: Annotated[str, Field(examples=["principal"])]


class IvrDetail(IvrSummary):
    """An IVR with all its settings."""

    country: str
    area_code: str
    number: str
    always_open: bool
    timezone: str
    hours: list[Hours]
    welcome: Message
    closed: Message
    unanswered: Message
    menu: list[IvrOption]


@router.get("", summary="The IVRs of the company", responses=QUERY_FOR_ALL)
async def list_ivrs(context: Authenticated, params: Annotated[Paged, Query()]) -> Page[IvrSummary]:
    """Ordered by name, without deleted ones. Every user may read the list."""
    return await registered(context, params, RegisteredIvr, IvrSummary)


@router.get("/{ivr_id}", summary="One IVR", responses=documented("not-found"))
async def get_ivr(ivr_id: IvrId, context: Authenticated) -> IvrDetail:
    """Its current settings, even if the figures do not cover their last change yet."""
    found, settings = await context.ask(settings_of_ivr, ivr_id)
    return IvrDetail.model_validate({"id": found.id, "name": found.name, **asdict(settings)}, from_attributes=True)


class NewIvr(IvrChange):
    """A new IVR."""

    name: Annotated[Name, Field(description="the name in dialplans; it never changes", examples=["principal"])]


@router.post("", status_code=201, summary="Register an IVR", responses=of_command("already-exists"), response_model=Done)
async def register_ivr(body: NewIvr, context: Authenticated) -> Response:
    """Registers an IVR (URA); the response's `id` is the IVR's. IVRs that a source names are registered automatically."""
    return await context.do(commands.RegisterIvr(name=body.name, **body.settings()), 201)


@router.patch("/{ivr_id}", summary="Change the settings of an IVR", responses=of_command("not-found"), response_model=Done)
async def change_ivr(ivr_id: IvrId, body: IvrChange, context: Authenticated) -> Response:
    """The changes apply from now on. A menu must lead to queues that exist."""
    return await context.do(commands.ChangeIvrSettings(ivr=ivr_id, **body.settings()))


@router.delete("/{ivr_id}", summary="Remove an IVR from the settings", responses=of_command("not-found"), response_model=Done)
async def delete_ivr(ivr_id: IvrId, context: Authenticated) -> Response:
    """Its earlier calls stay in all figures."""
    return await context.do(commands.DeleteIvr(ivr=ivr_id))
