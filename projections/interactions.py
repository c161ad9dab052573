"""Calls as a whole, and the outbound attempts among them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from domain.calls import Call
from domain.interactions import InteractionEvent
from projections.base import Id, Row

_NONE: tuple[()] = ()


class InteractionRow(Row, kw_only=True, gc=False):
    """A call (atendimento) as it is known: `domain.calls.Call` without its parts.

    number: the customer's, sealed; "" when no source told it. queues, agents: those it met, each once, in order.
    """

    TABLE: ClassVar[str] = "interactions"

    call: str
    whole: Id
    protocol: int
    direction: str
    medium: str = "voice"
    origin: str
    contact: Id | None
    number: str
    did: str
    started_ms: int
    ended_ms: int | None
    duration_ms: int | None
    status: str
    queues: tuple[str, ...] = _NONE
    agents: tuple[str, ...] = _NONE
    tags: tuple[str, ...] = _NONE
    jitter_ms: float | None
    loss_percent: float | None


class AttemptRow(Row, kw_only=True, gc=False):
    """An outbound attempt, under the id of its call: `domain.calls.Attempt`. A call that is one stays one: facts are only ever added."""

    TABLE: ClassVar[str] = "attempts"

    queue: str
    agent: str
    style: str
    dialled_ms: int
    answered_ms: int | None
    ended_ms: int | None
    result: str
    talk_ms: int | None


def fold(event: InteractionEvent, position: int) -> Iterator[Row]:
    """The call, and its attempt if it is one, as this event leaves them."""
    call, id = event.call, event.originator_id.bytes
    yield InteractionRow(
        tenant=event.tenant.bytes,
        id=id,
        version=event.originator_version,
        position=position,
        call=call.call,
        whole=call.part_of.bytes if call.part_of else id,
        protocol=call.protocol,
        direction=call.direction,
        origin=call.origin,
        contact=call.contact.bytes if call.contact else None,
        number=call.number.sealed if call.number else "",
        did=call.did,
        started_ms=call.started_ms,
        ended_ms=call.ended_ms,
        duration_ms=None if call.ended_ms is None else call.ended_ms - call.started_ms,
        status=call.status,
        queues=_queues(call),
        agents=_agents(call),
        tags=call.tags,
        jitter_ms=call.jitter_ms,
        loss_percent=call.loss_percent,
    )
    if call.attempt is not None:
        yield _attempt(event, position)


def _attempt(event: InteractionEvent, position: int) -> AttemptRow:
    attempt = event.call.attempt
    assert attempt is not None
    return AttemptRow(
        tenant=event.tenant.bytes,
        id=event.originator_id.bytes,
        version=event.originator_version,
        position=position,
        queue=attempt.queue,
        agent=attempt.agent,
        style=attempt.style,
        dialled_ms=attempt.dialled_ms,
        answered_ms=attempt.answered_ms,
        ended_ms=attempt.ended_ms,
        result=attempt.result,
        talk_ms=attempt.talk_ms,
    )


def _queues(call: Call) -> tuple[str, ...]:
    named = [visit.queue for visit in call.visits]
    if call.attempt is not None and call.attempt.queue:
        named.append(call.attempt.queue)
    return tuple(named) if len(named) < 2 else tuple(dict.fromkeys(named))


def _agents(call: Call) -> tuple[str, ...]:
    named = [visit.agent for visit in call.visits if visit.agent]
    if call.attempt is not None and call.attempt.agent:
        named.append(call.attempt.agent)
    return tuple(named) if len(named) < 2 else tuple(dict.fromkeys(named))
