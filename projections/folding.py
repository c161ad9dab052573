"""All folds together: a batch of events becomes rows, table by table."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from domain.agents import AgentEvent
from domain.base import Event
from domain.interactions import InteractionEvent
from domain.ivr import IvrEvent
from domain.queues import QueueEvent
from domain.timeline import TimelineEvent
from projections import agents, audit, interactions, ivr, queues, sources, visits
from projections.base import Advanced, Recorded, Row, Told, columns
from projections.rows import RowsSoFar
from projections.warehouse import Columns, Warehouse

TOLD = (
    Told(InteractionEvent, visits.fold),
    Told(InteractionEvent, interactions.fold),
    Told(InteractionEvent, ivr.fold_calls),
    Told(AgentEvent, agents.fold),
    Told(TimelineEvent, sources.fold),
)
ADVANCED = (
    Advanced(QueueEvent, queues.QueueRow, queues.fold),
    Advanced(IvrEvent, ivr.IvrRow, ivr.fold),
)
ROWS: tuple[type[Row], ...] = (
    visits.VisitRow, interactions.InteractionRow, interactions.AttemptRow, ivr.IvrCallRow, ivr.IvrRow, agents.AgentRow, agents.AgentSpanRow,
    queues.QueueRow, sources.SourceRow,
)  # fmt: skip


@dataclass(frozen=True)
class Refused:
    """No rows could be made of the event at `position`: it is damaged, or a fold is wrong."""

    position: int
    topic: str
    error: str


@dataclass
class Folded:
    """The rows of a stretch of the log that ends at `position`, table by table; and the events of which none could be made."""

    position: int
    tables: dict[str, Columns]
    refused: list[Refused]


class Folding:
    """Makes rows of events, in the order of the log. Not thread-safe."""

    def __init__(self, warehouse: Warehouse) -> None:
        self._so_far: dict[type[Row], RowsSoFar[Any]] = {advanced.row: RowsSoFar(warehouse, advanced.row) for advanced in ADVANCED}
        self._folds: dict[type[Event], list[Callable[[Any, int], Iterable[Row]]]] = {}

    def fold(self, batch: Sequence[Recorded]) -> Folded:
        """The rows of these events; what was put into the warehouse before is not made again of an event seen before."""
        self._begin(batch)
        made: defaultdict[str, list[Any]] = defaultdict(list)
        refused: list[Refused] = []
        for recorded in batch:
            event, position = recorded.event, recorded.position
            folds = self._folds.get(type(event))
            if folds is None:
                folds = self._folds[type(event)] = self._folds_of(type(event))
            try:
                rows = [row for fold in folds for row in fold(event, position)]
            except Exception as error:  # noqa: BLE001 - whatever it is, it concerns this event alone, and whoever asked decides
                refused.append(Refused(position, event.TOPIC, repr(error)))
                rows = []
            for row in rows:
                made[row.TABLE].append(row)
        made[audit.AuditRow.TABLE] = [audit.row(recorded) for recorded in batch]
        return Folded(batch[-1].position, {table: columns(rows) for table, rows in made.items()}, refused)

    def _begin(self, batch: Sequence[Recorded]) -> None:
        for advanced in ADVANCED:
            ids = [recorded.event.originator_id.bytes for recorded in batch if isinstance(recorded.event, advanced.events)]
            self._so_far[advanced.row].begin(ids)

    def _folds_of(self, kind: type[Event]) -> list[Callable[[Any, int], Iterable[Row]]]:
        told = [told.fold for told in TOLD if issubclass(kind, told.events)]
        return told + [self._advancing(advanced) for advanced in ADVANCED if issubclass(kind, advanced.events)]

    def _advancing(self, advanced: Advanced) -> Callable[[Event, int], Iterable[Row]]:
        so_far = self._so_far[advanced.row]

        def fold(event: Event, position: int) -> Iterable[Row]:
            row = advanced.advance(so_far.get(event.originator_id.bytes), event, position)
            if row is None:
                return ()
            so_far.put(row)
            return (row,)

        return fold
