"""The audit: every event of the log, as it is stored."""

from __future__ import annotations

from collections.abc import Sequence

from projections.engine.reading import ReadEvent
from projections.engine.warehouse import Columns

TABLE = "events"


def fold(batch: Sequence[ReadEvent]) -> Columns:
    """These events. Instants in microseconds; `state` is the stored JSON, personal data sealed inside."""
    events = [recorded.event for recorded in batch]
    return {
        "tenant": [recorded.tenant for recorded in batch],
        "id": [recorded.id for recorded in batch],
        "version": [recorded.version for recorded in batch],
        "position": [recorded.position for recorded in batch],
        "topic": [recorded.topic for recorded in batch],
        "actor": [event.actor for event in events],
        "cause": [event.cause for event in events],
        "correlation": [event.correlation for event in events],
        "occurred_us": [event.occurred_at for event in events],
        "recorded_us": [event.recorded_at for event in events],
        "state": [recorded.state for recorded in batch],
        "request": [event.request for event in events],
    }
