"""Commands about an agent's phones: the session of the phone in the browser, and which telephone rings."""

from __future__ import annotations

import re
import secrets
from fnmatch import fnmatchcase
from typing import Annotated, ClassVar
from uuid import UUID

from msgspec import Meta

from commands.agents import Expiry, act_as, existing_agent
from commands.handler_context import DEPLOYMENT, OWN, Command, Done, DoneWith, ForOthers, HandlerContext, Result, handles
from domain.access import ACT_FOR_OTHERS, ATTEND, Permission, acts_for_another, must_act_for_all
from domain.agents import Agent
from domain.errors import InvalidField, NotAllowed, Refused
from domain.ids import agent_id, phone_id, roster_id
from domain.phones import ENDPOINT, Phone, must_have_room, phone_of
from domain.voice.roster import Roster
from store.keyring import Keyring

_INTERFACE = re.compile(r"(?:PJSIP|SIP|IAX2)/[\w.-]{1,80}", re.ASCII)
"""A telephone that is registered at the PBX, and nothing through which it would be made to dial: no number at a trunk, no context of the dialplan."""


class PhoneCredential(Result, frozen=True, kw_only=True):
    """By what a browser registers at the PBX. expires_at: us UTC. The password is that of `phone_password`."""

    session: str
    username: str
    expires_at: int


class Telephones(Result, frozen=True, kw_only=True):
    """Where an agent is reached."""

    interfaces: Annotated[tuple[str, ...], Meta(description="the agent's telephones now, as the PBX names them", examples=[["PJSIP/1001"]])]


class OpenPhone(Command, frozen=True, kw_only=True):
    """The agent's browser becomes the agent's telephone.

    session: that which is renewed, so that its credential lasts longer; "" for a new one, which ends any other.
    """

    permission: ClassVar[str] = ATTEND
    permission_for_others: ClassVar[ForOthers] = OWN
    RESULT: ClassVar[type[Result]] = PhoneCredential
    agent: str
    session: str = ""


class ClosePhone(Command, frozen=True, kw_only=True):
    """The agent's browser is no telephone any more. session: only if it is still this one; "" for any."""

    permission: ClassVar[str] = ATTEND
    permission_for_others: ClassVar[Permission] = ACT_FOR_OTHERS
    agent: str
    session: str = ""


class ExpirePhone(Command, frozen=True, kw_only=True):
    """The session of this phone may have expired."""

    permission: ClassVar[str] = ATTEND
    permission_for_others: ClassVar[ForOthers] = DEPLOYMENT
    RESULT: ClassVar[type[Result]] = Expiry
    phone: UUID
    agent: UUID


class TakePhone(Command, frozen=True, kw_only=True):
    """Whoever used the phone in the browser of this agent may not use it from `at` (microseconds) on. Sent by the deployment itself."""

    permission: ClassVar[str] = ATTEND
    permission_for_others: ClassVar[ForOthers] = DEPLOYMENT
    agent: UUID
    at: int


class ReleasePhone(Command, frozen=True, kw_only=True):
    """The agent is reached by this telephone no longer, and another agent may choose it."""

    permission: ClassVar[str] = ATTEND
    permission_for_others: ClassVar[Permission] = ACT_FOR_OTHERS
    RESULT: ClassVar[type[Result]] = Telephones
    agent: str
    interface: str


class ChoosePhone(Command, frozen=True, kw_only=True):
    """The agent is reached by this telephone from now on, one of the agent's own on the desk or the computer: `PJSIP/1001`.

    given: patterns of the telephones that the operator lets agents choose. Any other is chosen only by those who act for all agents.
    """

    permission: ClassVar[str] = ATTEND
    permission_for_others: ClassVar[Permission] = ACT_FOR_OTHERS
    RESULT: ClassVar[type[Result]] = Telephones
    agent: str
    interface: str
    given: tuple[str, ...] = ()


@handles(OpenPhone)
def open_phone(command: OpenPhone, context: HandlerContext) -> DoneWith[PhoneCredential]:
    """The telephone in the browser becomes the one that rings. Renewing changes neither credential nor telephone. Refused on behalf of another user."""
    named = context.load(Agent, agent_id(context.tenant, command.agent))
    if acts_for_another(context.caller.user, named.user if named is not None else None):
        raise NotAllowed("agent-of-another-user", "whoever opens a phone gets its calls: only the agent's own user does")
    agent, phone = _phone(context, command.agent)
    if command.session:
        phone.renew(agent.id, agent.name, command.session, context.metadata)
    else:
        phone.open(agent.id, agent.name, secrets.token_hex(16), context.metadata)
        agent.prefer_interface(phone.interface, context.metadata)
    return DoneWith(phone, PhoneCredential(session=phone.nonce, username=phone.endpoint, expires_at=phone.expires_at))


@handles(ClosePhone)
def close_phone(command: ClosePhone, context: HandlerContext) -> Done:
    """Nothing happens if the session has ended already."""
    act_as(context, command.agent)
    agent, phone = _phone(context, command.agent)
    if command.session in ("", phone.nonce):
        _close(agent, phone, context)
    return Done(phone)


@handles(ExpirePhone)
def expire_phone(command: ExpirePhone, context: HandlerContext) -> DoneWith[Expiry]:
    """Nothing happens if the session was renewed meanwhile."""
    phone, agent = context.get(Phone, command.phone), context.get(Agent, command.agent)
    expired = bool(phone.nonce) and phone.expires_at <= context.now_us()
    if expired:
        _close(agent, phone, context, expired=True)
    return DoneWith(phone, Expiry(expired=expired))


@handles(TakePhone)
def take_phone(command: TakePhone, context: HandlerContext) -> Done:
    """Nothing happens without a session, or if it was opened or renewed later: that was by somebody who may."""
    agent = context.get(Agent, command.agent)
    phone = context.load(Phone, phone_id(context.tenant, agent.id))
    if phone is not None and phone.last_used_at <= command.at:
        _close(agent, phone, context)
    return Done(agent)


@handles(ChoosePhone)
def choose_phone(command: ChoosePhone, context: HandlerContext) -> DoneWith[Telephones]:
    """The browser's phone is not chosen like this but opened; its session ends when another telephone is chosen. Refused for the telephone of another agent."""
    interface = _chosen(command.interface)
    act_as(context, command.agent)
    agent, phone = _phone(context, command.agent)
    given = agent.is_reached_by(interface) or any(fnmatchcase(interface, pattern) for pattern in command.given)
    if not given:
        must_act_for_all(context.caller.user, "telephone-not-given", f"{interface} is no telephone that agents choose for themselves")
    must_have_room(phone, agent.interfaces, interface)
    roster = _roster(context)
    roster.must_be_free_for(interface, agent.name)
    by_itself = context.load(Agent, agent_id(context.tenant, interface))
    # Where a PBX names no agents, an agent is called as the telephone is; such a one may belong to a user.
    if by_itself is not None and by_itself.user not in (None, agent.user):
        raise Refused("interface-taken", f"{interface} is an agent that belongs to another user")
    if roster.choose(interface, agent.name, context.metadata) and by_itself is not None:
        by_itself.give_way(context.metadata)
    _close(agent, phone, context)
    agent.prefer_interface(interface, context.metadata)
    return DoneWith(agent, Telephones(interfaces=agent.interfaces))


@handles(ReleasePhone)
def release_phone(command: ReleasePhone, context: HandlerContext) -> DoneWith[Telephones]:
    """Nothing happens if it is none of the agent's. The browser's phone is closed instead."""
    interface = _chosen(command.interface)
    act_as(context, command.agent)
    agent, _ = _phone(context, command.agent)
    _roster(context).release(interface, agent.name, context.metadata)
    agent.remove_interface(interface, context.metadata)
    return DoneWith(agent, Telephones(interfaces=agent.interfaces))


def _chosen(interface: str) -> str:
    """A telephone that people name. Raises InvalidField."""
    written = interface.strip()
    if not _INTERFACE.fullmatch(written) or written.startswith(f"PJSIP/{ENDPOINT}"):
        raise InvalidField("interface", "this is no telephone of a PBX, as PJSIP/1001")
    return written


def _roster(context: HandlerContext) -> Roster:
    identity = roster_id(context.tenant)
    return context.load(Roster, identity) or context.add(Roster(identity, context.tenant))


def phone_password(keyring: Keyring, tenant: UUID, nonce: str) -> str:
    """The password of a session of a phone: nobody derives it from the log without the key store's own key."""
    return keyring.tag(tenant, "phone-session", nonce).hex()


def _phone(context: HandlerContext, name: str) -> tuple[Agent, Phone]:
    agent = existing_agent(context, name)
    known = context.load(Phone, phone_id(context.tenant, agent.id))
    return agent, known or context.add(phone_of(context.tenant, agent.id))


def _close(agent: Agent, phone: Phone, context: HandlerContext, *, expired: bool = False) -> None:
    if phone.nonce:
        phone.close(agent.id, agent.name, context.metadata, expired=expired)
        agent.remove_interface(phone.interface, context.metadata)
