"""Agents, their sessions, pauses and direct calls, and whose each telephone was."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from domain.agent_events import AgentEvent, AgentIdentified
from domain.voice.roster import MemberMatched
from projections.engine.reading import Id
from projections.engine.rows import Row, StatelessFold, part


class AgentRow(Row, kw_only=True, gc=False):
    """An agent under the name that the sources give.

    person: 0 = an interface that never answered, rang or paused. member: the agent to whom this interface was matched,
    "" for an agent or an interface without a match. queues: those in which the agent is logged in now.
    user: the user to whom the agent belongs, None = none yet. interfaces: the telephones of the agent.
    """

    TABLE: ClassVar[str] = "agents"

    name: str
    person: int
    member: str
    queues: tuple[str, ...]
    user: Id | None
    interfaces: tuple[str, ...]


class AgentSpanRow(Row, kw_only=True, gc=False):
    """A session, a pause or a direct call of an agent: `domain.voice.presence.PresenceSpan`."""

    TABLE: ClassVar[str] = "agent_spans"

    agent: str
    kind: str
    reason: str
    from_ms: int
    until_ms: int | None


def fold(event: AgentEvent, position: int) -> Iterator[Row]:
    """The agent, and each session, pause and direct call that this event adds, changes or withdraws."""
    tenant, id, version = event.tenant.bytes, event.originator_id.bytes, event.originator_version
    yield AgentRow(
        tenant=tenant,
        id=id,
        version=version,
        position=position,
        name=event.name,
        person=int(event.person),
        member=event.member if isinstance(event, AgentIdentified) else "",
        queues=tuple(sorted(event.standing.queues)),
        user=event.user.bytes if event.user is not None else None,
        interfaces=event.interfaces,
    )
    for span in event.spans:
        yield AgentSpanRow(
            tenant=tenant,
            id=part(id, span.kind, span.from_ms),
            version=version,
            position=position,
            agent=event.name,
            kind=span.kind,
            reason=span.reason,
            from_ms=span.from_ms,
            until_ms=span.until_ms,
        )
    for kind, from_ms in event.dropped:
        yield AgentSpanRow(
            tenant=tenant,
            id=part(id, kind, from_ms),
            version=version,
            position=position,
            removed=1,
            agent=event.name,
            kind=kind,
            reason="",
            from_ms=from_ms,
            until_ms=None,
        )


class TelephoneRow(Row, kw_only=True, gc=False):
    """From `from_ms` on the interface was the member's: `domain.voice.roster.MemberMatched`. member: "" = nobody's. chosen: 1 = by a person's word."""

    TABLE: ClassVar[str] = "telephones"

    interface: str
    member: str
    from_ms: int
    chosen: int


def fold_match(event: MemberMatched, position: int) -> Iterator[Row]:
    """A row for each match. Until when it holds follows from the next one."""
    yield TelephoneRow(
        tenant=event.tenant.bytes,
        id=part(event.originator_id.bytes, "match", event.originator_version),
        version=event.originator_version,
        position=position,
        interface=event.interface,
        member=event.member,
        from_ms=event.from_ms,
        chosen=int(event.chosen),
    )


FOLDS = (StatelessFold(AgentEvent, (AgentRow, AgentSpanRow), fold), StatelessFold(MemberMatched, (TelephoneRow,), fold_match))
