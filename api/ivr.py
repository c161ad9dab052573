"""IVRs (URAs): the number that customers call, its business hours, messages and menu."""

from __future__ import annotations

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query, Response
from msgspec.structs import asdict
from pydantic import Field

from api.access import Asked
from api.field_types import Body, Digits, Done, IvrId, Name, Shape, Text
from api.lists import Page, Paged, registered
from api.problem import EVERYBODYS_QUESTION, documented, of_command
from commands import ivr as commands
from domain import ivr as domain_ivr
from projections.queries.registers import RegisteredIvr
from projections.queries.settings import ivr as settings_of_ivr

TAG = {"name": "ivr", "description": "IVRs (URAs): numbers, business hours, messages, menus."}

router = APIRouter(
    prefix="/v1/ivrs",
    tags=["ivr"],
    responses=documented("unauthenticated", "invalid", "unavailable", "clock"),
)

_Clock = Annotated[str, Field(pattern=r"^(([01][0-9]|2[0-3]):[0-5][0-9]|24:00)$", examples=["08:00"])]
_File = Annotated[str, Field(max_length=200, pattern=r"^([\w .\-]+\.([mM][pP]3|[wW][aA][vV]))?$")]


class Message(Body):
    """What a caller hears: a text spoken by a voice, or an uploaded file; nothing when both are empty."""

    text: Annotated[Text, Field(examples=["Bem-vindo à Central."])] = ""
    voice: Annotated[str, Field(max_length=60, pattern=r"^[\w.\-]*$", examples=["pt-BR-Francisca"])] = ""
    file: Annotated[_File, Field(description="name of an uploaded .mp3 or .wav", examples=["boas-vindas.wav"])] = ""


class Hours(Body):
    """Open on a weekday from `opens` until before `closes`, by the wall clock of the IVR's zone."""

    weekday: Annotated[int, Field(ge=0, le=6, description="0 is Monday")]
    opens: _Clock
    closes: Annotated[_Clock, Field(description="24:00 is the day's end; past midnight is the next weekday's", examples=["18:00"])]


class Option(Body):
    """Keying `digit` leads to `queue`."""

    digit: Annotated[str, Field(pattern=r"^[0-9*#]$", examples=["1"])]
    queue: Annotated[Name, Field(description="name of a queue that exists", examples=["vendas"])]


class Settings(Body):
    """How an IVR is reached and what callers meet. What is left out stays, or is: Brazil, open 24x7, silent, without a menu."""

    country: Annotated[Digits | None, Field(description="country code", examples=["55"])] = None
    area_code: Annotated[Digits | None, Field(examples=["11"])] = None
    number: Annotated[Digits | None, Field(examples=["40028922"])] = None
    always_open: Annotated[bool | None, Field(description="24x7; otherwise open during `hours`")] = None
    zone: Annotated[str | None, Field(max_length=60, description="IANA time zone of `hours`", examples=["America/Sao_Paulo"])] = None
    hours: Annotated[tuple[Hours, ...] | None, Field(max_length=100)] = None
    welcome: Annotated[Message | None, Field(description="heard first")] = None
    closed: Annotated[Message | None, Field(description="heard out of hours")] = None
    unanswered: Annotated[Message | None, Field(description="heard when nobody took the call in time")] = None
    menu: Annotated[tuple[Option, ...] | None, Field(max_length=12, description="in the order in which it is read out")] = None

    def said(self) -> dict[str, Any]:
        """The settings as the commands take them."""
        return {
            "country": self.country,
            "area_code": self.area_code,
            "number": self.number,
            "always_open": self.always_open,
            "zone": self.zone,
            "hours": None if self.hours is None else tuple(domain_ivr.Hours(**hours.model_dump()) for hours in self.hours),
            "welcome": _message(self.welcome),
            "closed": _message(self.closed),
            "unanswered": _message(self.unanswered),
            "menu": None if self.menu is None else tuple(domain_ivr.Option(**option.model_dump()) for option in self.menu),
        }


def _message(message: Message | None) -> domain_ivr.Message | None:
    return None if message is None else domain_ivr.Message(**message.model_dump())


class SaidIvr(Shape):
    """An IVR (URA)."""

    id: UUID
    name: Annotated[str, Field(examples=["principal"])]


class WholeIvr(SaidIvr):
    """An IVR with all its settings."""

    country: str
    area_code: str
    number: str
    always_open: bool
    zone: str
    hours: list[Hours]
    welcome: Message
    closed: Message
    unanswered: Message
    menu: list[Option]


@router.get("", summary="The IVRs of the company", responses=EVERYBODYS_QUESTION)
async def ivrs(asking: Asked, asked: Annotated[Paged, Query()]) -> Page[SaidIvr]:
    """In the order of their names; those that were deleted left out. Every user may ask."""
    return await registered(asking, asked, RegisteredIvr, SaidIvr)


@router.get("/{ivr}", summary="One IVR", responses=documented("not-found"))
async def one(ivr: IvrId, asking: Asked) -> WholeIvr:
    """As it is at this moment, whether the figures cover it yet or not."""
    found, settings = await asking.ask(settings_of_ivr, ivr)
    return WholeIvr.model_validate({"id": found.id, "name": found.name, **asdict(settings)}, from_attributes=True)


class NewIvr(Settings):
    """An IVR to be."""

    name: Annotated[Name, Field(description="as dialplans say it; it never changes", examples=["principal"])]


@router.post("", status_code=201, summary="Register an IVR", responses=of_command("already-exists"), response_model=Done)
async def register(body: NewIvr, asking: Asked) -> Response:
    """An IVR (URA) comes to be; the answer's `id` is the IVR's. IVRs that a source names come to be by themselves."""
    return await asking.do(commands.RegisterIvr(name=body.name, **body.said()), 201)


@router.patch("/{ivr}", summary="Change what callers meet", responses=of_command("not-found"), response_model=Done)
async def change_settings(ivr: IvrId, body: Settings, asking: Asked) -> Response:
    """From now on. A menu must lead to queues that exist."""
    return await asking.do(commands.ChangeIvrSettings(ivr=ivr, **body.said()))


@router.delete("/{ivr}", summary="Remove an IVR from the settings", responses=of_command("not-found"), response_model=Done)
async def delete(ivr: IvrId, asking: Asked) -> Response:
    """Its calls of before stay in every figure."""
    return await asking.do(commands.DeleteIvr(ivr=ivr))
