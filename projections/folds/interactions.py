"""Calls as a whole, and the outbound attempts among them."""

from __future__ import annotations

from collections.abc import Sequence

from domain.voice.calls import Call
from projections.engine.reading import CallEvent, ReadEvent
from projections.engine.warehouse import Columns

TABLE = "interactions"
ATTEMPTS = "attempts"


def fold(batch: Sequence[ReadEvent], told: Sequence[CallEvent]) -> Columns:
    """The calls (atendimentos) as each event leaves them: `domain.voice.calls.Call` without its parts.

    whole: the call of which this one is a leg, itself where it is none. number: the customer's, sealed; "" when no source told it.
    queues, agents: those it met, each once, in order. duration_ms: None while it goes on.
    """
    calls = [event.call for event in told]
    return {
        "tenant": [recorded.tenant for recorded in batch],
        "id": [recorded.id for recorded in batch],
        "version": [recorded.version for recorded in batch],
        "position": [recorded.position for recorded in batch],
        "removed": [0] * len(batch),
        "call": [call.call for call in calls],
        "whole": [call.part_of.bytes if call.part_of else recorded.id for recorded, call in zip(batch, calls, strict=True)],
        "protocol": [call.protocol for call in calls],
        "direction": [call.direction for call in calls],
        "medium": ["voice"] * len(calls),
        "origin": [call.origin for call in calls],
        "contact": [call.contact.bytes if call.contact else None for call in calls],
        "number": [call.number.sealed if call.number else "" for call in calls],
        "did": [call.did for call in calls],
        "started_ms": [call.started_ms for call in calls],
        "ended_ms": [call.ended_ms for call in calls],
        "duration_ms": [None if call.ended_ms is None else call.ended_ms - call.started_ms for call in calls],
        "status": [call.status for call in calls],
        "queues": [_queues(call) for call in calls],
        "agents": [_agents(call) for call in calls],
        "tags": [call.tags for call in calls],
        "jitter_ms": [call.jitter_ms for call in calls],
        "loss_percent": [call.loss_percent for call in calls],
    }


def fold_attempts(batch: Sequence[ReadEvent], told: Sequence[CallEvent]) -> Columns:
    """The outbound attempts among these calls, under their ids: `domain.voice.calls.Attempt`. What is one stays one: facts are only ever added."""
    found = [(recorded, attempt) for recorded, event in zip(batch, told, strict=True) if (attempt := event.call.attempt) is not None]
    of = [recorded for recorded, _ in found]
    attempts = [attempt for _, attempt in found]
    return {
        "tenant": [recorded.tenant for recorded in of],
        "id": [recorded.id for recorded in of],
        "version": [recorded.version for recorded in of],
        "position": [recorded.position for recorded in of],
        "removed": [0] * len(of),
        "queue": [attempt.queue for attempt in attempts],
        "agent": [attempt.agent for attempt in attempts],
        "style": [attempt.style for attempt in attempts],
        "dialled_ms": [attempt.dialled_ms for attempt in attempts],
        "answered_ms": [attempt.answered_ms for attempt in attempts],
        "ended_ms": [attempt.ended_ms for attempt in attempts],
        "result": [attempt.result for attempt in attempts],
        "talk_ms": [attempt.talk_ms for attempt in attempts],
    }


CALL_FOLDS = {TABLE: fold, ATTEMPTS: fold_attempts}


def _queues(call: Call) -> list[str]:
    met = [visit.queue for visit in call.visits]
    if call.attempt is not None and call.attempt.queue:
        met.append(call.attempt.queue)
    return met if len(met) < 2 else list(dict.fromkeys(met))


def _agents(call: Call) -> list[str]:
    met = [visit.agent for visit in call.visits if visit.agent]
    if call.attempt is not None and call.attempt.agent:
        met.append(call.attempt.agent)
    return met if len(met) < 2 else list(dict.fromkeys(met))
