"""All folds together: a batch of events becomes rows, table by table."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import discovery
from domain.base import Event
from projections.engine.reading import CallEvent, EventUnreadable, ReadEvent, read
from projections.engine.row_cache import KEPT, RowCache
from projections.engine.rows import Row, StatefulFold, StatelessFold, columns
from projections.engine.warehouse import Columns, Warehouse
from projections.folds import audit
from store.recorded_event import RecordedEvent

F = TypeVar("F", StatelessFold, StatefulFold)

CallFold = Callable[[Sequence[ReadEvent], Sequence[CallEvent]], Columns]


def _found(kind: type[F]) -> tuple[F, ...]:
    return tuple(fold for folds in discovery.found("projections.folds", "FOLDS").values() for fold in folds if isinstance(fold, kind))


CALLS: dict[str, CallFold] = {
    table: fold for folds in discovery.found("projections.folds", "CALL_FOLDS").values() for table, fold in folds.items()
}
"""Folds of events of calls, which take a batch at a time: CALL_FOLDS of the modules of `folds`, by table."""

STATELESS = _found(StatelessFold)
STATEFUL = _found(StatefulFold)
"""Folds of the other events, which take one event at a time: FOLDS of the modules of `folds`."""

ROWS: tuple[type[Row], ...] = (*(row for fold in STATELESS for row in fold.rows), *(fold.row for fold in STATEFUL))
"""The row types of these folds."""

_AT_ONCE = 1_000
"""Events whose columns are made at once. Each event is read forty times, which is faster while it is in the processor's cache."""


@dataclass(frozen=True)
class UnfoldableEvent:
    """No rows could be made of the event at `position`: it is damaged, or a fold is wrong."""

    position: int
    topic: str
    error: str


@dataclass
class Folded:
    """The rows of a part of the log that ends at `position`, by table, and the events of which no rows could be made."""

    position: int
    tables: dict[str, Columns]
    refused: list[UnfoldableEvent]


class Folding:
    """Makes rows of events, in the order of the log. Not thread-safe."""

    def __init__(self, warehouse: Warehouse, kept: int = KEPT) -> None:
        """kept: how many current rows of each kind stay in memory after they were written."""
        self._cached: dict[type[Row], RowCache[Any]] = {fold.row: RowCache(warehouse, fold.row, kept) for fold in STATEFUL}
        self._folds: dict[type[Event], list[Callable[[Any, int], Iterable[Row]]]] = {}

    def fold(self, stored: Sequence[RecordedEvent]) -> Folded:
        """The rows of these events (at least one event). An event that a cached row includes already makes no row again."""
        refused: list[UnfoldableEvent] = []
        made: defaultdict[str, defaultdict[str, list[Any]]] = defaultdict(lambda: defaultdict(list))
        others: list[ReadEvent] = []
        for first in range(0, len(stored), _AT_ONCE):
            batch = _read_all(stored[first : first + _AT_ONCE], refused)
            others += [recorded for recorded in batch if type(recorded.event) is not CallEvent]
            tables = {audit.TABLE: audit.fold(batch)}
            tables |= _calls([recorded for recorded in batch if type(recorded.event) is CallEvent], refused)
            for table, rows in tables.items():
                for column, values in rows.items():
                    made[table][column] += values
        tables = {**made, **self._others(others, refused)}
        return Folded(stored[-1].position, {table: rows for table, rows in tables.items() if rows["tenant"]}, refused)

    def _others(self, batch: Sequence[ReadEvent], refused: list[UnfoldableEvent]) -> dict[str, Columns]:
        for stateful in STATEFUL:
            self._cached[stateful.row].begin(recorded.id for recorded in batch if isinstance(recorded.event, stateful.events))
        made: defaultdict[str, list[Row]] = defaultdict(list)
        for recorded in batch:
            kind: Any = type(recorded.event)
            folds = self._folds.get(kind)
            if folds is None:
                folds = self._folds[kind] = self._folds_of(kind)
            try:
                rows = [row for fold in folds for row in fold(recorded.event, recorded.position)]
            except Exception as error:  # noqa: BLE001 - any error concerns this event alone, and the caller decides
                refused.append(UnfoldableEvent(recorded.position, recorded.topic, repr(error)))
                rows = []
            for row in rows:
                made[row.TABLE].append(row)
        return {table: columns(rows) for table, rows in made.items()}

    def _folds_of(self, kind: type[Event]) -> list[Callable[[Any, int], Iterable[Row]]]:
        stateless = [fold.fold for fold in STATELESS if issubclass(kind, fold.events)]
        return stateless + [self._advancing(fold) for fold in STATEFUL if issubclass(kind, fold.events)]

    def _advancing(self, stateful: StatefulFold) -> Callable[[Event, int], Iterable[Row]]:
        cached = self._cached[stateful.row]

        def fold(event: Event, position: int) -> Iterable[Row]:
            row = stateful.advance(cached.get(event.originator_id.bytes), event, position)
            if row is None:
                return ()
            cached.put(row)
            return (row,)

        return fold


def _read_all(stored: Sequence[RecordedEvent], refused: list[UnfoldableEvent]) -> list[ReadEvent]:
    batch = []
    for recorded in stored:
        try:
            batch.append(read(recorded))
        except EventUnreadable as error:
            refused.append(UnfoldableEvent(recorded.position, recorded.topic, repr(error)))
    return batch


def _calls(batch: list[ReadEvent], refused: list[UnfoldableEvent]) -> dict[str, Columns]:
    """The rows of these calls; where the batch fails as a whole the events that fail alone are left out."""
    try:
        return _fold_calls(batch)
    except Exception:  # noqa: BLE001 - found out below, event by event
        good = []
        for recorded in batch:
            try:
                _fold_calls([recorded])
                good.append(recorded)
            except Exception as error:  # noqa: BLE001 - any error concerns this event alone, and the caller decides
                refused.append(UnfoldableEvent(recorded.position, recorded.topic, repr(error)))
        return _fold_calls(good)


def _fold_calls(batch: list[ReadEvent]) -> dict[str, Columns]:
    events = [recorded.event for recorded in batch if isinstance(recorded.event, CallEvent)]
    return {table: fold(batch, events) for table, fold in CALLS.items()}
