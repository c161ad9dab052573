"""Projection progress in a deployment of many processes: the log position that the rows cover.

Several workers write rows, each at its own pace, and the log is in many partitions. An event's rows are written when its
partition's position has reached the event; all events up to a position are when every partition has reached the position in the
relay's snapshot of it. This module notices that a moment after it becomes true, and never before.
"""

from __future__ import annotations

import logging
import threading
from bisect import bisect_left
from collections import deque
from collections.abc import Callable, Hashable, Iterable, Mapping
from itertools import islice
from time import monotonic
from typing import Protocol, TypeVar

from projections.engine.warehouse import Warehouse, WarehouseError
from projections.engine.writing import positions_of
from store.database import Database, StoreUnavailable
from store.log_reader import last_position
from streams.relay_progress import Reached, RelayProgress, Snapshot

log = logging.getLogger(__name__)

_TICK_S = 2.0
"""Without a notification, progress is noticed within this time."""

_PACE_S = 0.05
"""The shortest time between two checks, however many notifications arrive."""

T = TypeVar("T")


class Snapshots(Protocol):
    """The relay's snapshots."""

    def newest(self) -> Iterable[Snapshot]:
        """All snapshots, the newest first."""

    def after(self, position: int) -> Iterable[Snapshot]:
        """The snapshots after a position, in order."""


class CoveredPosition:
    """The position that the rows cover, from the relay's snapshots and the partitions' positions. Not thread-safe."""

    MOST = 2_000
    """The most snapshots in memory: the relay may go on while no rows are written."""

    def __init__(self, snapshots: Snapshots, positions: Callable[[], Mapping[str, int]]) -> None:
        """positions: returns the position that each partition's rows reach, by its name."""
        self.position = 0
        self._snapshots = snapshots
        self._positions = positions
        self._ahead: list[Snapshot] | None = None
        """The first snapshots that the rows have not reached, in order."""

    def look(self) -> int:
        """The position covered now. It never decreases: rows do not vanish, and a snapshot stays true."""
        if self._ahead is None:
            self._ahead = self._begin(self._positions())
        # Read the snapshots first: positions that are read later can only be higher.
        self._more(self._ahead)
        positions = self._positions()
        self._advance(self._ahead, positions)
        while not self._ahead and self._more(self._ahead):
            self._advance(self._ahead, positions)
        return self.position

    def _begin(self, positions: Mapping[str, int]) -> list[Snapshot]:
        """Read only the snapshots that are still ahead, and the newest that is not."""
        ahead: deque[Snapshot] = deque(maxlen=self.MOST)
        for snapshot in self._snapshots.newest():
            if _has(positions, snapshot[1]):
                self.position = max(self.position, snapshot[0])
                break
            ahead.appendleft(snapshot)
        # A full deque drops the newest ones, at its end.
        return list(ahead)

    def _more(self, ahead: list[Snapshot]) -> bool:
        """Add the snapshots that follow; whether there were any."""
        last = ahead[-1][0] if ahead else self.position
        before = len(ahead)
        ahead += islice(self._snapshots.after(last), max(0, self.MOST - before))
        return len(ahead) > before

    def _advance(self, ahead: list[Snapshot], positions: Mapping[str, int]) -> None:
        # A later snapshot has no lower position for any partition, so those that are reached precede those that are not.
        reached = bisect_left(ahead, True, key=lambda snapshot: not _has(positions, snapshot[1]))
        if reached:
            self.position = ahead[reached - 1][0]
            del ahead[:reached]


def _has(positions: Mapping[str, int], wanted: Reached) -> bool:
    return all(positions.get(partition, 0) >= position for partition, position in wanted.items())


class ProjectionProgress:
    """Progress of the rows for a process that only reads them, as `Progress` in embedded mode. Thread-safe."""

    failure: Exception | None = None
    """Always None: if the workers fail, the position only stops increasing."""

    def __init__(self, relay_progress: RelayProgress, warehouse: Warehouse, events: Database) -> None:
        """events: the log, of which only the end is read. Raises StoreUnavailable and WarehouseError."""
        self._coverage = CoveredPosition(relay_progress, lambda: positions_of(warehouse))
        self._events = events
        self._changed = threading.Condition()
        self._news = threading.Event()
        self._closing = threading.Event()
        self._troubled = False
        self._position = self._coverage.look()
        relay_progress.listen(self._news.set)
        self._news.set()
        self._thread = threading.Thread(target=self._follow, name="projection-progress", daemon=True)
        self._thread.start()

    @property
    def position(self) -> int:
        """Every event up to here is in the rows."""
        return self._position

    def wait(self, position: int, timeout: float) -> bool:
        """Wait until the rows cover `position`; False if they do not within `timeout` seconds."""
        with self._changed:
            return self._changed.wait_for(lambda: self._position >= position, timeout)

    def steady(self, ask: Callable[[int | None], T], *, brief: Hashable = None) -> tuple[T, int]:  # noqa: ARG002
        """An answer and the position for which it holds exactly. brief: workers wait for nobody.

        `ask(None)` reads the rows as they are now. The answer holds for the covered position if the log still ends there afterwards:
        then no row can come from a later event. Otherwise `ask(position)` is called, which reads the same from the versions.
        Raises StoreUnavailable.
        """
        position = self._position
        if last_position(self._events) == position:
            answer = ask(None)
            if last_position(self._events) == position:
                return answer, position
        position = self._position
        return ask(position), position

    def _follow(self) -> None:
        while not self._closing.is_set():
            self._news.wait(_TICK_S)
            self._news.clear()
            began = monotonic()
            try:
                position = self._coverage.look()
            except (StoreUnavailable, WarehouseError) as error:
                # A caller that waits for a position gets False at its deadline.
                if not self._troubled:
                    log.warning("projection progress unknown position=%d reason=%s", self._position, error)
                self._troubled = True
            else:
                self._troubled = False
                if position > self._position:
                    with self._changed:
                        self._position = position
                        self._changed.notify_all()
            self._closing.wait(_PACE_S - (monotonic() - began))

    def close(self) -> None:
        """Stop following. Can be repeated."""
        self._closing.set()
        self._news.set()
        self._thread.join()
