"""Agents log in and out of the PBX's queues, pause and resume there as they do in Atende.

At the PBX an agent is a member of queues under the agent's name, reached by the first of the agent's interfaces. What an agent does at the PBX itself is
observed and asks for nothing here.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack

from commands.handler_context import Command
from commands.observations import MatchMember, ObserveAgent, ObserveCall
from domain.agent_events import AgentEvent, AgentInterfacesSet
from domain.agents import Agent
from domain.base import CATALOGUE, Event
from domain.ids import agent_id, queue_id
from domain.names import identity
from domain.queues import Queue
from telephony_adapter.ami.own_actions import Kind
from telephony_adapter.control.effects import Effect
from telephony_adapter.control.pbx import Pbx, PbxRefuses, Row
from telephony_adapter.control.renewals import renew

log = logging.getLogger(__name__)

_OBSERVED = frozenset(kind.__name__ for kind in (ObserveAgent, ObserveCall, MatchMember))

_REASON_BYTES = 79
"""The PBX keeps so much of a pause's reason. What it cuts inside a character it tells nobody of."""


class Members(Effect):
    """Makes the memberships and pauses of agents at the PBX equal to what Atende says."""

    TOPICS = tuple(sorted(topic for topic, kind in CATALOGUE.items() if issubclass(kind, AgentEvent)))
    EXPIRES_US = None

    def wants(self, event: Event) -> bool:
        """Only what a command of a person or a lease changed: what was observed happened at the PBX."""
        return isinstance(event, AgentEvent) and event.cause not in _OBSERVED and (bool(event.facts) or self.matter(event))

    def matter(self, event: Event) -> bool:
        """Whether the agent is moved to another telephone. What follows a move is no move, and must not replace it."""
        return isinstance(event, AgentInterfacesSet)

    def perform(self, event: Event, pbx: Pbx) -> Iterable[Command]:
        """Make the agent's members equal. One whose telephone changed is moved to it."""
        assert isinstance(event, AgentEvent)
        with pbx.alone_with(event.name):
            agent = pbx.load(Agent, event.originator_id)
            if agent is not None:
                _equalise(pbx, agent, pbx.rows("QueueStatus"), moves=self.matter(event))
        return ()

    def resynchronise(self, pbx: Pbx) -> Iterable[Command]:
        """Make those agents equal whom Atende has logged in; others are the PBX's own. What the PBX refuses for one leaves the others as they should be."""
        agents = {agent_id(pbx.tenant, name): name for name in pbx.sessions()}
        with ExitStack() as held:
            # The list of all queues is long: it is read once, while nothing else changes any of these agents.
            for name in {identity(name) for name in agents.values()}:
                held.enter_context(pbx.alone_with(name))
            rows = pbx.rows("QueueStatus") if agents else []
            for agent in (pbx.load(Agent, id) for id in agents):
                if agent is not None and agent.is_administered:
                    try:
                        _equalise(pbx, agent, rows)
                    except PbxRefuses as refused:
                        log.warning("asterisk keeps an agent as before name=%s id=%s reason=%s", pbx.asterisk.name, agent.id, refused)
        return ()


def _equalise(pbx: Pbx, agent: Agent, rows: Sequence[Row], *, moves: bool = False) -> None:
    """Queue by queue. Raises PbxRefuses for the first one that refuses, after the others."""
    wanted = dict(_wanted(pbx, agent, [row["Queue"] for row in rows if row["Event"] == "QueueParams"]))
    members = [row for row in rows if row["Event"] == "QueueMember" and identity(row["Name"]) == identity(agent.name)]
    phone = _phone(pbx, agent, members, moves=moves)
    if not phone and not wanted.keys() <= {row["Queue"] for row in members}:
        log.warning("asterisk cannot log an agent in: the agent has no telephone id=%s", agent.id)
    refusals: list[PbxRefuses] = []
    for queue in dict.fromkeys([*(row["Queue"] for row in members), *wanted]):
        there = [row for row in members if row["Queue"] == queue]
        try:
            if queue in wanted:
                _belong(pbx, agent.name, queue, there, phone=phone, reason=wanted[queue])
            else:
                _leave(pbx, there)
        except PbxRefuses as refused:
            refusals.append(refused)
    if refusals:
        raise refusals[0]


def _leave(pbx: Pbx, there: Iterable[Row]) -> None:
    for row in filter(_is_dynamic, there):
        _change(pbx, "echo", "QueueRemove", row["Queue"], row["Location"])


def _belong(pbx: Pbx, name: str, queue: str, there: Sequence[Row], *, phone: str, reason: str | None) -> None:
    """Let the agent be a member by this telephone, "" for any, paused for this reason or not (None). A member by another telephone is moved to it."""
    stay = [row for row in there if not _is_dynamic(row) or identity(row["Location"]) == identity(phone or row["Location"])]
    for row in [row for row in there if row not in stay]:
        if stay:
            _change(pbx, "renewal", "QueueRemove", queue, row["Location"])
        elif renew(pbx, row, phone):
            stay = [row | {"Location": phone}]
        else:
            return
    if not there and phone:
        _change(pbx, "echo", "QueueAdd", queue, phone, MemberName=name, Paused=str(reason is not None).lower())
        stay = [{"Location": phone}]
    kept = _kept(reason or "")
    for row in stay:
        paused = row.get("Paused") == "1"
        if (paused, row.get("PausedReason", "") if paused else "") != (reason is not None, kept):
            _change(pbx, "echo", "QueuePause", queue, row["Location"], Paused=str(reason is not None).lower(), Reason=kept)


def _is_dynamic(row: Row) -> bool:
    """Whether the member was added by an action. Others are in the PBX's configuration."""
    return row.get("Membership") == "dynamic"


def _kept(reason: str) -> str:
    """What the PBX keeps of a reason."""
    return reason.encode()[:_REASON_BYTES].decode(errors="ignore").rstrip()


def _change(pbx: Pbx, kind: Kind, action: str, queue: str, interface: str, **fields: object) -> None:
    """Raises PbxRefuses, unless the PBX says that it is so already."""
    try:
        pbx.change_member(kind, action, queue, interface, **fields)
    except PbxRefuses as refused:
        if not refused.is_so_already:
            raise


def _phone(pbx: Pbx, agent: Agent, members: Sequence[Row], *, moves: bool) -> str:
    """The telephone by which the agent is a member: the first one, or another of the agent's by which the agent is one already; "" without any."""
    known = {identity(interface) for interface in agent.interfaces}
    used = [row["Location"] for row in members if identity(row["Location"]) in known]
    phone = used[0] if used and not moves else next(iter(agent.interfaces), "")
    return "" if pbx.is_trunk(phone) else phone


def _wanted(pbx: Pbx, agent: Agent, queues: Sequence[str]) -> Iterator[tuple[str, str | None]]:
    """The queues of the PBX in which the agent is logged in, with the reason of the pause there, None without a pause."""
    standing = agent.standing
    if not standing.queues:
        return
    paused = {identity(queue): reason for queue, reason in standing.paused.items()}
    logged_in = {identity(queue) for queue in standing.queues}
    for name in queues:
        known = None if identity(name) in logged_in else queue_at(pbx, name)
        key = identity(known.spelling if known is not None and known.spelling else name)
        if key in logged_in or ("" in logged_in and _answers(agent, known)):
            yield name, paused.get(key, paused.get(""))


def queue_at(pbx: Pbx, name: str) -> Queue | None:
    """The queue of Atende that the PBX calls `name`; None if there is none."""
    queue = pbx.load(Queue, queue_id(pbx.tenant, name))
    if queue is not None and queue.owner is not None:
        queue = pbx.load(Queue, queue.owner)
    return queue


def _answers(agent: Agent, queue: Queue | None) -> bool:
    """Whether an agent who logs in to all queues answers this one: an active one that names the agent, or nobody."""
    if queue is None or not queue.active:
        return False
    return not queue.agents or identity(agent.name) in map(identity, queue.agents)
