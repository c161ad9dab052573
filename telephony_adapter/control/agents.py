"""Agents log in and out of the PBX's queues, pause and resume there as they do in Atende.

At the PBX an agent is a member of queues under the agent's name, reached by the first of the agent's interfaces. What an agent does at the PBX itself is
observed and asks for nothing here.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator, Sequence

from commands.handler_context import Command
from commands.observations import MatchMember, ObserveAgent, ObserveCall
from domain.agents import Agent, AgentEvent, AgentInterfacesSet
from domain.base import CATALOGUE, Event
from domain.ids import agent_id, queue_id
from domain.names import identity
from domain.queues import Queue
from telephony_adapter.control.effects import Effect
from telephony_adapter.control.pbx import Pbx, PbxRefuses

log = logging.getLogger(__name__)

_OBSERVED = frozenset(kind.__name__ for kind in (ObserveAgent, ObserveCall, MatchMember))

Row = dict[str, str]
"""A row of QueueStatus: `QueueParams` of a queue, or `QueueMember` of one of its members."""


class Members(Effect):
    """Makes the memberships and pauses of agents at the PBX equal to what Atende says."""

    TOPICS = tuple(sorted(topic for topic, kind in CATALOGUE.items() if issubclass(kind, AgentEvent)))
    EXPIRES_US = None

    def wants(self, event: Event) -> bool:
        """Only what a command of a person or a lease changed: what was observed happened at the PBX."""
        return (
            isinstance(event, AgentEvent) and event.cause not in _OBSERVED and (bool(event.facts) or isinstance(event, AgentInterfacesSet))
        )

    def perform(self, event: Event, pbx: Pbx) -> Iterable[Command]:
        """Make the agent's members equal. One whose telephone changed is moved to it."""
        assert isinstance(event, AgentEvent)
        with pbx.alone_with(event.name):
            agent = pbx.load(Agent, event.originator_id)
            if agent is not None:
                _equalise(pbx, agent, pbx.rows("QueueStatus"), moves=isinstance(event, AgentInterfacesSet))
        return ()

    def resynchronise(self, pbx: Pbx) -> Iterable[Command]:
        """Make those agents equal whom Atende has logged in; others are the PBX's own."""
        names = pbx.sessions()
        rows = pbx.rows("QueueStatus") if names else []
        for name in names:
            with pbx.alone_with(name):
                agent = pbx.load(Agent, agent_id(pbx.tenant, name))
                if agent is not None and agent.is_administered:
                    _equalise(pbx, agent, rows)
        return ()


def _equalise(pbx: Pbx, agent: Agent, rows: Sequence[Row], *, moves: bool = False) -> None:
    wanted = dict(_wanted(pbx, agent, [row["Queue"] for row in rows if row["Event"] == "QueueParams"]))
    members = [row for row in rows if row["Event"] == "QueueMember" and identity(row["Name"]) == identity(agent.name)]
    phone = _phone(agent, members, moves=moves)
    there = set()
    for row in members:
        dynamic = row.get("Membership") == "dynamic"
        if dynamic and (row["Queue"] not in wanted or (phone and row["Location"] != phone)):
            _change(pbx, "QueueRemove", row["Queue"], row["Location"])
            continue
        there.add(row["Queue"])
        reason = wanted.get(row["Queue"])
        paused = row.get("Paused") == "1"
        if row["Queue"] in wanted and (paused, row.get("PausedReason", "") if paused else "") != (reason is not None, reason or ""):
            _pause(pbx, row["Queue"], row["Location"], reason)
    for queue, reason in wanted.items():
        if queue in there:
            continue
        if not phone or pbx.is_trunk(phone):
            log.warning("asterisk cannot log an agent in: the agent has no telephone id=%s", agent.id)
            return
        _change(pbx, "QueueAdd", queue, phone, MemberName=agent.name, Paused=str(reason is not None).lower())
        if reason is not None:
            _pause(pbx, queue, phone, reason)


def _pause(pbx: Pbx, queue: str, phone: str, reason: str | None) -> None:
    _change(pbx, "QueuePause", queue, phone, Paused=str(reason is not None).lower(), Reason=reason or "")


def _change(pbx: Pbx, action: str, queue: str, interface: str, **fields: object) -> None:
    """Raises PbxRefuses, unless the PBX says that it is so already."""
    try:
        pbx.change_member("echo", action, queue, interface, **fields)
    except PbxRefuses as refused:
        if not refused.is_so_already:
            raise


def _phone(agent: Agent, members: Sequence[Row], *, moves: bool) -> str:
    """The telephone by which the agent is a member: the first one, or another of the agent's by which the agent is one already; "" without any."""
    known = {identity(interface) for interface in agent.interfaces}
    used = [row["Location"] for row in members if identity(row["Location"]) in known]
    return used[0] if used and not moves else next(iter(agent.interfaces), "")


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
