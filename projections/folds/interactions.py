"""Calls as a whole, and the outbound attempts among them."""

from __future__ import annotations

from collections.abc import Sequence

from projections.engine.reading import CallEvent, ReadEvent
from projections.engine.warehouse import Columns

TABLE = "interactions"
ATTEMPTS = "attempts"


def fold(batch: Sequence[ReadEvent], events: Sequence[CallEvent]) -> Columns:
    """The calls (atendimentos) whose own fields an event changes, in their state after it: `domain.voice.calls.Call`.

    whole: the call of which this one is a leg; its own id if it is not a leg. number: the customer's, sealed; "" if no source gave it.
    duration_ms: None while it goes on.
    """
    found = [(recorded, call) for recorded, event in zip(batch, events, strict=True) if (call := event.change.call) is not None]
    of = [recorded for recorded, _ in found]
    calls = [call for _, call in found]
    return {
        "tenant": [recorded.tenant for recorded in of],
        "id": [recorded.id for recorded in of],
        "version": [recorded.version for recorded in of],
        "position": [recorded.position for recorded in of],
        "removed": [0] * len(of),
        "call": [call.call for call in calls],
        "whole": [call.part_of.bytes if call.part_of else recorded.id for recorded, call in found],
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
        "jitter_ms": [call.jitter_ms for call in calls],
        "loss_percent": [call.loss_percent for call in calls],
    }


def fold_attempts(batch: Sequence[ReadEvent], events: Sequence[CallEvent]) -> Columns:
    """The outbound attempts that an event changes, under the ids of their calls: `domain.voice.calls.Attempt`. An attempt stays an attempt: facts are only added."""
    found = [(recorded, attempt) for recorded, event in zip(batch, events, strict=True) if (attempt := event.change.attempt) is not None]
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
        "hold_ms": [attempt.hold_ms for attempt in attempts],
        "wrap_up_ms": [attempt.wrap_up_ms for attempt in attempts],
    }


CALL_FOLDS = {TABLE: fold, ATTEMPTS: fold_attempts}
