"""Routes for an agent's phone: a session for the phone in the browser, or another telephone of the agent."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, TypeVar
from urllib.parse import urlsplit

from fastapi import Query, Request, Response
from pydantic import Field

from api.access import Authenticated, RequestContext
from api.field_types import Body, Instant, Name, Receipt, Shape
from api.figure_parameters import Parameters
from api.instants import iso
from api.invalid_fields import form
from api.problem_documents import documented, of_command
from api.slice_router import SliceRouter
from commands import phones as commands
from commands.companies import companies
from domain.errors import Refused
from domain.phones import ENDPOINT

TAG = {"name": "phone", "description": "The agent's phone: in the browser, by SIP over WebSocket, or on the desk."}

router = SliceRouter(
    prefix="/v1/phone", tags=["phone"], responses=documented("unauthenticated", "not-allowed", "invalid", "unavailable", "clock")
)

_OF_AGENT = of_command("not-found")
_SESSION = "9f86d081884c7d659a2feaa0c55ad015"

T = TypeVar("T")

Session = Annotated[
    str, Field(max_length=64, pattern=form(r"^[0-9a-f]*$", "should be the `session` of an answer, as it is"), examples=[_SESSION])
]


class PhoneOpening(Body):
    """Whose phone is opened."""

    agent: Annotated[Name, Field(description="the agent's name", examples=["Ana"])]
    session: Annotated[
        Session,
        Field(description="the session that is renewed, so that its credential lasts longer; empty: a new one, which ends any other"),
    ] = ""


class PhoneClosing(Parameters):
    """Whose phone is closed."""

    agent: Annotated[Name, Field(description="the agent's name", examples=["Ana"])]
    session: Annotated[Session, Field(description="only if this is still the phone's session; empty: any")] = ""


class ChosenPhone(Body):
    """A telephone of the agent's own."""

    agent: Annotated[Name, Field(description="the agent's name", examples=["Ana"])]
    interface: Annotated[str, Field(max_length=100, description="the telephone, as the PBX names it", examples=["PJSIP/1001"])]


class ReleasedPhone(Parameters):
    """A telephone that is the agent's no longer."""

    agent: Annotated[Name, Field(description="the agent's name", examples=["Ana"])]
    interface: Annotated[str, Field(max_length=100, description="the telephone, as the PBX names it", examples=["PJSIP/1001"])]


class PhoneSession(Shape):
    """A credential by which a browser registers at the PBX as the agent's telephone."""

    session: Annotated[str, Field(description="names the session when it is renewed or closed", examples=[_SESSION])]
    websocket_url: Annotated[str, Field(description="where SIP over WebSocket is spoken", examples=["wss://pbx.example.com:8089/ws"])]
    uri: Annotated[str, Field(description="the telephone's SIP address", examples=[f"sip:{ENDPOINT}9f86d081884c7d65@pbx.example.com"])]
    username: Annotated[str, Field(description="the name by which it registers", examples=[f"{ENDPOINT}9f86d081884c7d65"])]
    password: Annotated[str, Field(description="valid until `expires_at`; kept nowhere", examples=["5feceb66ffc86f38d952786c6d696c79"])]
    expires_at: Annotated[Instant, Field(description="until when the credential is valid", examples=["2026-03-02T17:20:09.250Z"])]


@router.post("/session", summary="Open or renew the session of a phone in the browser", responses=_OF_AGENT)
async def open_phone_session(body: PhoneOpening, context: Authenticated, request: Request, response: Response) -> PhoneSession:
    """A new session ends the one of any other browser, and its telephone becomes the one that rings. The PBX knows it some moments later: register again when it refuses.

    The answer sets a cookie by which the pages of this center that the browser asks for from then on may connect to `websocket_url`: their policy
    names it to nobody else. A page that was asked for before is loaded again.

    Renew it before `expires_at`, also during a call: the credential stays the same. Needs `gerenciar-atendimento`, and an agent of one's own.
    """
    # Who may not is told so first, whether the company has an Asterisk or not.
    context.asker.must_have(commands.OpenPhone.permission)
    address = await _address(context)
    receipt = await context.application.execute(commands.OpenPhone(agent=body.agent, session=body.session), context.caller)
    opened = receipt.result
    context.application.page_policy.let_connect(request, response, address)
    return PhoneSession(
        session=opened["session"],
        websocket_url=address,
        uri=f"sip:{opened['username']}@{urlsplit(address).hostname}",
        username=opened["username"],
        password=commands.phone_password(context.application.center.store.keyring, context.tenant, opened["session"]),
        expires_at=iso(opened["expires_at"] // 1_000),
    )


@router.delete("/session", summary="Close the session of a phone in the browser", responses=_OF_AGENT, response_model=Receipt)
async def close_phone_session(params: Annotated[PhoneClosing, Query()], context: Authenticated) -> Response:
    """The credential is no longer valid, and the telephone rings no more. Nothing happens if the session has ended already."""
    return await context.do(commands.ClosePhone(agent=params.agent, session=params.session))


@router.put("/interface", summary="Use a telephone of one's own", responses=_OF_AGENT, response_model=Receipt)
async def choose_phone(body: ChosenPhone, context: Authenticated) -> Response:
    """A telephone on the desk, or a softphone, that the PBX knows: calls ring there, and a session of the phone in the browser ends. Earlier calls of the telephone stay whose they were.

    Only telephones that the operator gives to agents (`phones=` of the Asterisk's setting), or any with `gerenciar-agentes` and a level above `user`. Refused for the telephone of another
    agent, as the PBX's queues or that agent have named it. Needs `gerenciar-atendimento`, and an agent of one's own, or `gerenciar-agentes`.
    """
    given = await _of_company(context, context.application.center.given_phones) or ()
    return await context.do(commands.ChoosePhone(agent=body.agent, interface=body.interface, given=tuple(given)))


@router.delete("/interface", summary="Give up a telephone of one's own", responses=_OF_AGENT, response_model=Receipt)
async def release_phone(params: Annotated[ReleasedPhone, Query()], context: Authenticated) -> Response:
    """Calls of the agent ring there no more, and another agent may choose it. Nothing happens if it is none of the agent's.

    Needs `gerenciar-atendimento`, and an agent of one's own, or `gerenciar-agentes`.
    """
    return await context.do(commands.ReleasePhone(agent=params.agent, interface=params.interface))


async def _address(context: RequestContext) -> str:
    """Where browsers reach the company's Asterisk."""
    address = await _of_company(context, context.application.center.phone_addresses)
    if not address:
        raise Refused("phone-not-offered", "no Asterisk of the company takes phones in the browser")
    return address


async def _of_company(context: RequestContext, settings: Mapping[str, T]) -> T | None:
    """What the settings of Asterisks say for the caller's company; those without a company are of the oldest."""
    known = await context.application.ask(companies, context.application.center.store) if settings else []
    for place, company in enumerate(known):
        if company.id == context.tenant:
            return settings.get(company.name) or (settings.get("") if place == 0 else None)
    return None
