"""What the sources say: AMI, a queue_log, an import. They state facts; the aggregates weigh them.

A telling is never refused for what it says, since it happened; a repeat changes nothing.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar
from uuid import UUID

from msgspec.structs import replace

from commands.handler_context import Command, Desk, Done, handles
from commands.ivr import ensure_ivr
from commands.queues import ensure_queue
from domain.agents import Agent
from domain.base import NOBODY, Personal
from domain.ids import agent_id, interaction_id, roster_id, timeline_id
from domain.queues import Queue
from domain.voice.calls import Call
from domain.voice.evidence import Context
from domain.voice.facts import Fact
from domain.voice.interactions import Interaction, Told
from domain.voice.roster import Roster
from domain.voice.timeline import Gap, Span, Timeline

TELL = "gerenciar-api"
SHORTEST_NUMBER = 8
"""Shorter numbers are extensions and services, not people."""

PROVED = ("seen", "talked")
_CUSTOMER = ("arrived", "offered", "dialled", "outbound")
_ORIGINS = {"ami": "ami", "log": "queue_log", "log.f": "queue_log", "live": "Portal"}


class TellCall(Command, frozen=True, kw_only=True):
    """A source says `facts` about the call that it knows as `call` (a Uniqueid, a queue_log callid).

    Without facts: what the timeline knows now (a restart) is weighed anew.
    """

    permission: ClassVar[str] = TELL
    TELLING: ClassVar[bool] = True
    call: str
    facts: tuple[Fact, ...]

    def concerns(self, tenant: UUID) -> Iterable[UUID]:
        return interaction_id(tenant, self.call), timeline_id(tenant)


class TellAgent(Command, frozen=True, kw_only=True):
    """A source says `facts` about an agent, by the member's name or by an interface."""

    permission: ClassVar[str] = TELL
    TELLING: ClassVar[bool] = True
    agent: str
    facts: tuple[Fact, ...]


class MatchMember(Command, frozen=True, kw_only=True):
    """The telephone interface `interface` is the agent `member`."""

    permission: ClassVar[str] = TELL
    TELLING: ClassVar[bool] = True
    interface: str
    member: str


class TellTimeline(Command, frozen=True, kw_only=True):
    """What a source covers, where it was cut off, when the PBX started, and lines that belong to nothing else."""

    permission: ClassVar[str] = TELL
    TELLING: ClassVar[bool] = True
    span: Span | None = None
    gap: Gap | None = None
    restart_at: int | None = None
    note: Fact | None = None


@handles(TellCall)
def tell_call(command: TellCall, desk: Desk) -> Done:
    """Weigh what was told with all that is known of the call."""
    identity = interaction_id(desk.tenant, command.call)
    interaction = desk.load(Interaction, identity) or desk.add(Interaction(identity, desk.tenant))
    told = tell(desk, interaction, command.call, command.facts)
    result = {"new": told.new, "repeated": told.repeated, "visits": told.ends, "implied": told.implied, "conflicts": told.conflicts}
    return Done(interaction, result)


@handles(TellAgent)
def tell_agent(command: TellAgent, desk: Desk) -> Done:
    """Weigh what was told with all that is known of the agent; what is told of a matched interface is told of its member."""
    roster = desk.load(Roster, roster_id(desk.tenant))
    name = roster.members.get(command.agent, command.agent) if roster else command.agent
    agent = _agent(desk, name)
    implied = agent.implied
    timeline = desk.load(Timeline, timeline_id(desk.tenant))
    fresh = agent.tell(command.facts, desk.stamp, timeline.restarts if timeline else ())
    repeated = _tellings(command.facts) - _tellings(fact for fact in fresh if fact.kind != "restarted")
    return Done(agent, {"repeated": repeated, "implied": agent.implied - implied, "person": agent.person})


def _tellings(facts: Iterable[Fact]) -> int:
    """How many there are; what a call's line proves about its agent is no telling of its own."""
    return sum(1 for fact in facts if fact.kind not in PROVED)


@handles(MatchMember)
def match_member(command: MatchMember, desk: Desk) -> Done:
    """Join the two: the member takes over what was told of the interface."""
    identity = roster_id(desk.tenant)
    roster = desk.load(Roster, identity) or desk.add(Roster(identity, desk.tenant))
    if roster.match(command.interface, command.member, desk.stamp):
        interface = desk.load(Agent, agent_id(desk.tenant, command.interface))
        facts = interface.identify(command.member, desk.stamp) if interface else []
        if facts:
            _agent(desk, command.member).tell(facts, desk.stamp)
    return Done(roster, {})


@handles(TellTimeline)
def tell_timeline(command: TellTimeline, desk: Desk) -> Done:
    """Keep what the source covers and where it was cut off."""
    identity = timeline_id(desk.tenant)
    timeline = desk.load(Timeline, identity) or desk.add(Timeline(identity, desk.tenant))
    covered = command.span is not None and timeline.cover(command.span, desk.stamp)
    if command.gap is not None:
        timeline.cut_off(command.gap, desk.stamp)
    restarted = command.restart_at is not None and timeline.restart(command.restart_at, desk.stamp)
    noted = False
    if command.note is not None:
        line = (command.note.private or Personal(NOBODY, "")).of(identity)
        noted = timeline.note(command.note.ref, command.note.text, line, command.note.at, desk.stamp)
    return Done(timeline, {"covered": covered, "restarted": restarted, "noted": noted})


def tell(desk: Desk, interaction: Interaction, call: str, facts: tuple[Fact, ...]) -> Told:
    """Let a call take in facts, with all that it cannot know by itself."""
    known = interaction.call
    contact = (known.contact if known else None) or _contact(facts, desk)
    if known is not None and known.contact is None and contact is not None:
        desk.own(interaction.id, contact)
    owned = _with_subject(facts, contact or interaction.id)
    return interaction.tell(owned, _context(known, call, contact, facts, desk), desk.stamp)


def _context(known: Call | None, call: str, contact: UUID | None, facts: tuple[Fact, ...], desk: Desk) -> Context:
    """Promises of the queues, restarts of the PBX, whose call it is, its number."""
    queues: dict[str, Queue] = {}
    for fact in facts:
        if fact.queue and fact.kind != "outbound" and fact.queue not in queues:
            queues[fact.queue] = ensure_queue(desk, fact.queue, fact.at)
        if fact.kind in ("ivr_entered", "ivr_out_of_hours") and fact.text:
            ensure_ivr(desk, fact.text, fact.at)

    def settings(queue: str, at: int) -> tuple[int, int]:
        return (queues.get(queue) or ensure_queue(desk, queue, at)).settings_at(at)

    timeline = desk.load(Timeline, timeline_id(desk.tenant))
    return Context(
        tenant=desk.tenant,
        call=known.call if known else call,
        settings=settings,
        restarts=tuple(timeline.restarts) if timeline else (),
        contact=contact,
        protocol=known.protocol if known else desk.next_protocol(),
        origin=known.origin if known else _ORIGINS[facts[0].clock] if facts else "",
    )


def _agent(desk: Desk, name: str) -> Agent:
    identity = agent_id(desk.tenant, name)
    return desk.load(Agent, identity) or desk.add(Agent(identity, desk.tenant, name))


def _customer(facts: tuple[Fact, ...]) -> str | None:
    """The customer's telephone number, in plain, when the facts tell one."""
    for fact in facts:
        plain = fact.private.plain if fact.private is not None and fact.kind in _CUSTOMER else None
        if plain and sum(character.isdigit() for character in plain) >= SHORTEST_NUMBER:
            return plain
    return None


def _contact(facts: tuple[Fact, ...], desk: Desk) -> UUID | None:
    number = _customer(facts)
    return desk.contact_for(number) if number else None


def _with_subject(facts: tuple[Fact, ...], subject: UUID) -> tuple[Fact, ...]:
    """The facts with their personal data belonging to the call's contact, or to the call itself while nobody is known."""
    return tuple(fact if fact.private is None else replace(fact, private=fact.private.of(subject)) for fact in facts)
