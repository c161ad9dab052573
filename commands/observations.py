"""Observations of the sources: AMI, a queue_log, an import. Sources report facts; the aggregates weigh them.

An observation is never refused for what it reports, because it happened. A repeat changes nothing.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar
from uuid import UUID

from msgspec.structs import replace

from commands.handler_context import Command, Done, DoneWith, HandlerContext, Result, handles
from commands.ivr import ensure_ivr
from commands.queues import ensure_queue, first_name, spelling
from domain.access import OBSERVE, Permission
from domain.agents import Agent
from domain.base import MS, NOBODY, Personal
from domain.ids import agent_id, interaction_id, ivr_id, roster_id, timeline_id
from domain.ivr import Ivr
from domain.names import cleaned
from domain.personal_data import has_number_of_person, keyed_option
from domain.queues import Queue
from domain.voice.calls import Call
from domain.voice.context import Context
from domain.voice.facts import Fact
from domain.voice.interactions import Interaction, ObservationResult
from domain.voice.roster import Roster
from domain.voice.timeline import CoverageSpan, Gap, Timeline

PROVED = ("seen", "talked")
_CUSTOMER = ("arrived", "offered", "dialled", "outbound")
_ORIGINS = {"ami": "ami", "log": "queue_log", "log.f": "queue_log", "live": "Portal"}


class ObservedCall(Result, frozen=True, kw_only=True):
    """What the facts about a call changed: numbers of facts, of visits by their end, and conflicts."""

    new: int
    repeated: int
    visits: dict[str, int]
    implied: int
    conflicts: tuple[str, ...]


class ObservedAgent(Result, frozen=True, kw_only=True):
    """What the facts about an agent changed. person: whether it is more than an interface."""

    repeated: int
    implied: int
    person: bool


class ObservedTimeline(Result, frozen=True, kw_only=True):
    """Which of the parts of the observation were new."""

    covered: bool
    restarted: bool
    noted: bool


class ObserveCall(Command, frozen=True, kw_only=True):
    """A source reports `facts` about the call that it knows as `call` (a Uniqueid, a queue_log callid).

    Without facts: the call is weighed anew with the current timeline (a restart).
    """

    permission: ClassVar[str] = OBSERVE
    OBSERVATION: ClassVar[bool] = True
    RESULT: ClassVar[type[Result]] = ObservedCall
    call: str
    facts: tuple[Fact, ...]

    def concerns(self, tenant: UUID) -> Iterable[UUID]:
        agents = {agent_id(tenant, fact.agent) for fact in self.facts if fact.agent}
        return interaction_id(tenant, self.call), timeline_id(tenant), *agents


class ObserveAgent(Command, frozen=True, kw_only=True):
    """A source reports `facts` about an agent, named by the member's name or by an interface."""

    permission: ClassVar[str] = OBSERVE
    permission_for_others: ClassVar[Permission] = OBSERVE
    OBSERVATION: ClassVar[bool] = True
    RESULT: ClassVar[type[Result]] = ObservedAgent
    agent: str
    facts: tuple[Fact, ...]


class MatchMember(Command, frozen=True, kw_only=True):
    """The telephone interface `interface` is the agent `member`."""

    permission: ClassVar[str] = OBSERVE
    OBSERVATION: ClassVar[bool] = True
    interface: str
    member: str


class ObserveTimeline(Command, frozen=True, kw_only=True):
    """What a source covers, where it was cut off, when the PBX started, and lines that belong to no call and no agent."""

    permission: ClassVar[str] = OBSERVE
    OBSERVATION: ClassVar[bool] = True
    RESULT: ClassVar[type[Result]] = ObservedTimeline
    span: CoverageSpan | None = None
    gap: Gap | None = None
    restart_at: int | None = None
    note: Fact | None = None


@handles(ObserveCall)
def observe_call(command: ObserveCall, context: HandlerContext) -> DoneWith[ObservedCall]:
    """Weigh the facts together with all known facts of the call."""
    identity = interaction_id(context.tenant, command.call)
    interaction = context.load(Interaction, identity) or context.add(Interaction(identity, context.tenant))
    observed = observe(context, interaction, command.call, command.facts)
    for name in sorted(interaction.talking()):
        _note_talk(context, _agent(context, member_on(context, interaction, name)), interaction, command.facts)
    result = ObservedCall(
        new=observed.new, repeated=observed.repeated, visits=observed.ends, implied=observed.implied, conflicts=observed.conflicts
    )
    return DoneWith(interaction, result)


def member_on(context: HandlerContext, interaction: Interaction, name: str) -> str:
    """Who a call names by `name`: the member who had this telephone when the visit was answered or the number dialled, or whoever has the name itself."""
    at = interaction.taken_at(name)
    roster = context.load(Roster, roster_id(context.tenant)) if "/" in name and at is not None else None
    return (roster.member_at(name, at * MS) if roster is not None and at is not None else "") or name


def _note_talk(context: HandlerContext, agent: Agent, interaction: Interaction, facts: tuple[Fact, ...]) -> None:
    """Record that the agent talks in this call, so that no live command gives the agent another one."""
    if interaction.id in agent.calls:
        return
    loaded = [context.load(Interaction, call) for call in agent.calls]
    at = max((fact.at for fact in facts), default=context.now_us())
    agent.take_call(interaction.id, [call for call in loaded if call is not None], at, context.metadata)


@handles(ObserveAgent)
def observe_agent(command: ObserveAgent, context: HandlerContext) -> DoneWith[ObservedAgent]:
    """Weigh the facts together with all known facts of the agent. A fact about an interface is one about the member who had it at its instant."""
    roster = context.load(Roster, roster_id(context.tenant))
    timeline = context.load(Timeline, timeline_id(context.tenant))
    facts = [_of_presence(fact, context) for fact in command.facts]
    whose: dict[str, list[Fact]] = {} if facts else {command.agent: []}
    for fact in facts:
        whose.setdefault((roster.member_at(command.agent, fact.at) if roster else "") or command.agent, []).append(fact)
    repeated = implied = 0
    agents = {name: _agent(context, name) for name in whose}
    for name, agent in agents.items():
        its, known = whose[name], agent.implied
        fresh = agent.observe(its, context.metadata, timeline.restarts if timeline else ())
        repeated += _observations(its) - _observations(fact for fact in fresh if fact.kind != "restarted")
        implied += agent.implied - known
    latest = next(reversed(agents.values()))
    return DoneWith(latest, ObservedAgent(repeated=repeated, implied=implied, person=latest.person))


def _of_presence(fact: Fact, context: HandlerContext) -> Fact:
    """The fact with its queue's first name, and a reason of a pause cleaned."""
    queue = first_name(context, fact.queue) if fact.queue else ""
    text = cleaned(fact.text) if fact.kind in ("paused", "reason") else fact.text
    return fact if queue == fact.queue and text == fact.text else replace(fact, queue=queue, text=text)


def _observations(facts: Iterable[Fact]) -> int:
    """The number of observations. What a call's line proves about its agent does not count as one."""
    return sum(1 for fact in facts if fact.kind not in PROVED)


@handles(MatchMember)
def match_member(command: MatchMember, context: HandlerContext) -> Done:
    """Match the two. The first member whom a source names takes over what nobody was known to have done by the interface; a later one begins now."""
    identity = roster_id(context.tenant)
    roster = context.load(Roster, identity) or context.add(Roster(identity, context.tenant))
    before = roster.member_of(command.interface)
    member = _agent(context, command.member)
    if roster.match(command.interface, member.name, context.metadata):
        name = cleaned(command.interface)
        if before:
            _agent(context, before).remove_interface(name, context.metadata)
        interface = context.load(Agent, agent_id(context.tenant, name))
        if interface is not None and not roster.is_first_observed(name):
            interface.give_way(context.metadata)
            interface = None
        owner = interface.user if interface else None
        facts = interface.identify(member.name, context.metadata) if interface else []
        if facts:
            member.observe(facts, context.metadata)
        member.add_interface(name, context.metadata)
        if owner is not None and member.user is None:
            member.assign(owner, context.metadata)
    return Done(roster)


@handles(ObserveTimeline)
def observe_timeline(command: ObserveTimeline, context: HandlerContext) -> DoneWith[ObservedTimeline]:
    """Record what the source covers and where it was cut off."""
    identity = timeline_id(context.tenant)
    timeline = context.load(Timeline, identity) or context.add(Timeline(identity, context.tenant))
    covered = command.span is not None and timeline.cover(command.span, context.metadata)
    if command.gap is not None:
        timeline.cut_off(command.gap, context.metadata)
    restarted = command.restart_at is not None and timeline.restart(command.restart_at, context.metadata)
    noted = False
    if command.note is not None:
        line = (command.note.private or Personal(NOBODY, "")).of(identity)
        noted = timeline.note(command.note.ref, command.note.text, line, command.note.at, context.metadata)
    return DoneWith(timeline, ObservedTimeline(covered=covered, restarted=restarted, noted=noted))


def observe(context: HandlerContext, interaction: Interaction, call: str, facts: tuple[Fact, ...]) -> ObservationResult:
    """Let a call observe facts, together with the context that the facts do not contain."""
    known = interaction.call
    facts = _named(facts, context)
    contact = (known.contact if known else None) or _contact(facts, context)
    if known is not None and known.contact is None and contact is not None:
        context.own(interaction.id, contact)
    context.attribute(contact or interaction.id)
    owned = _with_subject(_with_options(facts, interaction, context), contact or interaction.id)
    return interaction.observe(owned, _context(known, call, contact, facts, context), context.metadata)


def _named(facts: tuple[Fact, ...], context: HandlerContext) -> tuple[Fact, ...]:
    """The facts with the names of queues, IVRs and agents in their first spelling. Creates what the source names first."""
    queues, agents = {"": ""}, {"": ""}
    named: list[Fact] = []
    for fact in facts:
        if fact.queue not in queues:
            if fact.kind != "outbound":
                ensure_queue(context, fact.queue, fact.at)
            queues[fact.queue] = spelling(context, fact.queue)
        if fact.agent not in agents:
            agents[fact.agent] = _ensure_agent(context, fact.agent, fact.at).name
        queue, agent, text = queues[fact.queue], agents[fact.agent], fact.text
        if text and fact.kind in ("ivr_entered", "ivr_out_of_hours"):
            text = ensure_ivr(context, text, fact.at).spelling
        same = queue == fact.queue and agent == fact.agent and text == fact.text
        named.append(fact if same else replace(fact, queue=queue, agent=agent, text=text))
    return tuple(named)


def _context(known: Call | None, call: str, contact: UUID | None, facts: tuple[Fact, ...], context: HandlerContext) -> Context:
    """The queues' settings, the restarts of the PBX, the contact and the protocol number of the call."""
    queues: dict[str, Queue] = {}
    for fact in facts:
        if fact.queue and fact.kind != "outbound" and fact.queue not in queues:
            queues[fact.queue] = ensure_queue(context, fact.queue, fact.at)

    def settings(queue: str, at: int) -> tuple[int, int, int]:
        return (queues.get(queue) or ensure_queue(context, queue, at)).settings_at(at)

    timeline = context.load(Timeline, timeline_id(context.tenant))
    return Context(
        tenant=context.tenant,
        call=known.call if known else call,
        settings=settings,
        restarts=tuple(timeline.restarts) if timeline else (),
        contact=contact,
        protocol=known.protocol if known else context.next_protocol(),
        origin=known.origin if known else _ORIGINS[facts[0].clock] if facts else "",
    )


def _ensure_agent(context: HandlerContext, name: str, at: int) -> Agent:
    """The agent whom a call names, created if it is new, as of `at` (microseconds): its first spelling is that of all its calls."""
    agent = _agent(context, name)
    if agent.version == 0:
        agent.appear(at, context.metadata)
    return agent


def _agent(context: HandlerContext, name: str) -> Agent:
    identity = agent_id(context.tenant, name)
    return context.load(Agent, identity) or context.add(Agent(identity, context.tenant, cleaned(name)))


def _customer(facts: tuple[Fact, ...]) -> str | None:
    """The customer's telephone number, unsealed, when the facts contain one."""
    for fact in facts:
        plain = fact.private.plain if fact.private is not None and fact.kind in _CUSTOMER else None
        if plain and has_number_of_person(plain):
            return plain
    return None


def _contact(facts: tuple[Fact, ...], context: HandlerContext) -> UUID | None:
    number = _customer(facts)
    return context.contact_for(number) if number else None


def _with_options(facts: tuple[Fact, ...], interaction: Interaction, context: HandlerContext) -> tuple[Fact, ...]:
    """The facts, with keys that are no option of the IVR's menu as personal data. The menu of an IVR that a source observes is in the dialplan."""
    if all(fact.kind != "ivr_option" for fact in facts):
        return facts
    path = interaction.state.ivr
    ivr = context.load(Ivr, ivr_id(context.tenant, path.ivr)) if path is not None else None
    menu = tuple(option.digit for option in ivr.settings.menu) if ivr is not None else ()
    return tuple(_with_option(fact, menu if fact.clock == "live" else ()) if fact.kind == "ivr_option" else fact for fact in facts)


def _with_option(fact: Fact, menu: tuple[str, ...]) -> Fact:
    if fact.private is not None:
        return fact
    text, private = keyed_option(fact.text, menu)
    return replace(fact, text=text, private=private)


def _with_subject(facts: tuple[Fact, ...], subject: UUID) -> tuple[Fact, ...]:
    """The facts, with the call's contact as the subject of their personal data, or the call itself while the contact is unknown."""
    return tuple(fact if fact.private is None else replace(fact, private=fact.private.of(subject)) for fact in facts)
