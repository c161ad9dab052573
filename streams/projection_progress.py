"""How far the rows are, in a deployment of many processes: which stretch of the log they cover, for whoever asks them.

Several workers write rows, each at its own pace, and the log is in many partitions. An event's rows are there when its
partition's have reached its position; everything up to a position is there when every partition has reached what the relay's
snapshot of that position says. This knows it a moment later than it becomes true, and never before.
"""

from __future__ import annotations

import logging
import threading
from bisect import bisect_left
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from itertools import islice
from time import monotonic
from typing import Protocol, TypeVar

from projections.engine.warehouse import Warehouse, WarehouseError
from projections.engine.writing import positions_of
from store.database import Database, StoreUnavailable
from store.recorder import last_position
from streams.relay_progress import Reached, RelayProgress, Snapshot

log = logging.getLogger(__name__)

_TICK_S = 2.0
"""What nobody has told of is seen so late at most."""

_PACE_S = 0.05
"""However often it is told, it does not look more often."""

T = TypeVar("T")


class Snapshots(Protocol):
    """The relay's snapshots."""

    def newest(self) -> Iterable[Snapshot]:
        """All, the newest first."""

    def after(self, position: int) -> Iterable[Snapshot]:
        """Those beyond a position, in order."""


class Coverage:
    """The position that the rows cover, from the relay's snapshots and the partitions' positions. Not thread-safe."""

    MOST = 2_000
    """So many snapshots are at hand: while no rows are written, the relay goes on."""

    def __init__(self, snapshots: Snapshots, positions: Callable[[], Mapping[str, int]]) -> None:
        """positions: up to where each partition's events are in the rows, by its name."""
        self.position = 0
        self._snapshots = snapshots
        self._positions = positions
        self._ahead: list[Snapshot] | None = None
        """Those that the rows have not reached, the first of them, in order."""

    def look(self) -> int:
        """The position covered now. It never falls: rows do not vanish, and what a snapshot says stays true."""
        if self._ahead is None:
            self._ahead = self._begin(self._positions())
        # The snapshots first: positions that are read later can only be further.
        self._more(self._ahead)
        positions = self._positions()
        self._advance(self._ahead, positions)
        while not self._ahead and self._more(self._ahead):
            self._advance(self._ahead, positions)
        return self.position

    def _begin(self, positions: Mapping[str, int]) -> list[Snapshot]:
        """Of a long history only the snapshots that are still ahead are looked at, and the first that is not."""
        ahead: deque[Snapshot] = deque(maxlen=self.MOST)
        for snapshot in self._snapshots.newest():
            if _has(positions, snapshot[1]):
                self.position = max(self.position, snapshot[0])
                break
            ahead.appendleft(snapshot)
        # Of a full deque the last one was let go of: the newest.
        return list(ahead)

    def _more(self, ahead: list[Snapshot]) -> bool:
        """Take in those that come after; whether there were any."""
        last = ahead[-1][0] if ahead else self.position
        before = len(ahead)
        ahead += islice(self._snapshots.after(last), max(0, self.MOST - before))
        return len(ahead) > before

    def _advance(self, ahead: list[Snapshot], positions: Mapping[str, int]) -> None:
        # A later snapshot asks no less of any partition, so those that are reached come before those that are not.
        reached = bisect_left(ahead, True, key=lambda snapshot: not _has(positions, snapshot[1]))
        if reached:
            self.position = ahead[reached - 1][0]
            del ahead[:reached]


def _has(positions: Mapping[str, int], wanted: Reached) -> bool:
    return all(positions.get(partition, 0) >= position for partition, position in wanted.items())


class ProjectionProgress:
    """What a process that answers questions knows of the rows: as `Progress` in a center of one process. Thread-safe."""

    failure: Exception | None = None
    """The rows of others do not fail here: they only come no further."""

    def __init__(self, relay_progress: RelayProgress, warehouse: Warehouse, events: Database) -> None:
        """events: the log, of which the end alone is asked. Raises StoreUnavailable and WarehouseError."""
        self._coverage = Coverage(relay_progress, lambda: positions_of(warehouse))
        self._events = events
        self._changed = threading.Condition()
        self._news = threading.Event()
        self._closing = threading.Event()
        self._troubled = False
        self._position = self._coverage.look()
        relay_progress.listen(self._news.set)
        self._news.set()
        self._thread = threading.Thread(target=self._follow, name="covering", daemon=True)
        self._thread.start()

    @property
    def position(self) -> int:
        """Every event up to here is in the rows."""
        return self._position

    def wait(self, position: int, timeout: float) -> bool:
        """Until the rows answer up to `position`; False when they do not within `timeout` seconds."""
        with self._changed:
            return self._changed.wait_for(lambda: self._position >= position, timeout)

    def steady(self, ask: Callable[[int | None], T]) -> tuple[T, int]:
        """An answer and the position for which it holds exactly.

        `ask(None)` asks the rows as they are now. They hold for the covered position if the log ends there when the answer is
        given: then there is no later event of which a row could tell. Else it is `ask(position)`, which gives the same, from the
        versions. Raises StoreUnavailable.
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
                # Who waits for a position hears by his deadline that it is not covered.
                if not self._troubled:
                    log.warning("covering stands still position=%d reason=%s", self._position, error)
                self._troubled = True
            else:
                self._troubled = False
                if position > self._position:
                    with self._changed:
                        self._position = position
                        self._changed.notify_all()
            self._closing.wait(_PACE_S - (monotonic() - began))

    def close(self) -> None:
        """Follow no more. Can be repeated."""
        self._closing.set()
        self._news.set()
        self._thread.join()
