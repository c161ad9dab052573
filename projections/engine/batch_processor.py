"""Fold each batch of events, write its rows and decide about errors, wherever the log is read from.

The in-process runner reads the store itself, a worker of a deployment of many processes reads Kafka. Both process a batch in the same way.
"""

from __future__ import annotations

import gc
import logging
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import TypeVar

from projections.engine.decisions import Stop, about_event, about_outside
from projections.engine.folding import Folded, Folding, UnfoldableEvent
from projections.engine.progress import ProjectionsStopped
from projections.engine.warehouse import Warehouse, WarehouseError, WarehouseFull
from projections.engine.writing import write
from store.recorded_event import RecordedEvent

log = logging.getLogger(__name__)

T = TypeVar("T")

_ROOM_S = 1.0
"""Pause between two tries while the disk is full."""

KeepUnfoldable = Callable[[Sequence[UnfoldableEvent]], object]
"""Keeps events of which no rows could be made where the operator finds them, before the position passes them. It may get the same event twice."""


class BatchProcessor:
    """Folds batch after batch and writes their rows. One thread at a time folds; meanwhile another may write the batch before.

    outside: the errors of servers and disks, after which the same is tried again, with pauses (by default those of `decisions`).
    closing: ends a pause at once when it is set.
    """

    def __init__(
        self,
        warehouse: Warehouse,
        set_aside: KeepUnfoldable,
        *,
        around: Callable[[], AbstractContextManager[object]] = nullcontext,
        outside: tuple[type[Exception], ...] = (WarehouseError,),
        pauses_s: Sequence[float] | None = None,
        closing: threading.Event | None = None,
    ) -> None:
        """around: a context that is entered for each try to write. If leaving it raises an error of `outside`, the rows are written again."""
        self.refused = 0
        self.full: WarehouseFull | None = None
        """While the disk of the rows is full: the engine's error."""
        self._warehouse = warehouse
        self._set_aside = set_aside
        self._around = around
        self._outside = outside
        self._pauses_s = pauses_s
        self._closing = closing or threading.Event()
        self._folding = Folding(warehouse)

    def fold(self, stored: Sequence[RecordedEvent]) -> Folded:
        """The rows of a batch; an event of which no rows can be made is listed in `refused`. Raises ProjectionsStopped where there are too many."""
        with no_search_for_garbage():
            folded = self._folding.fold(stored)
        for refused in folded.refused:
            self.refuse(refused)
        return folded

    def refuse(self, refused: UnfoldableEvent) -> None:
        """Log an event of which no rows can be made, and count it. Raises ProjectionsStopped where there are too many."""
        self.refused += 1
        log.error("projections refused position=%d topic=%s error=%s", refused.position, refused.topic, refused.error)
        if isinstance(about_event(self.refused), Stop):
            why = f"{self.refused} events could not be made rows, the last at {refused.position}: {refused.error}"
            raise ProjectionsStopped(why)

    def write(self, folded: Folded, reached: Mapping[str, int]) -> None:
        """Write the rows, then the positions that they reach, by name. Raises ProjectionsStopped."""

        def once() -> None:
            with self._around():
                if folded.refused:
                    self._set_aside(folded.refused)
                write(self._warehouse, folded, reached)

        self.patiently("the rows cannot be written", once, self._outside)

    def drop_cached_rows(self) -> None:
        """Drop the cached rows: they were folded and not written, or another process may have written newer ones."""
        self._folding = Folding(self._warehouse)

    def patiently(self, what: str, work: Callable[[], T], outside: tuple[type[Exception], ...]) -> T:
        """Do `work`, and repeat it after each of these errors, with pauses; while the disk of the rows is full, until there is room.

        Raises ProjectionsStopped after the last pause; `what` is its message.
        """
        tries = 0
        while True:
            try:
                done = work()
            except WarehouseFull as full:
                # Only an operator makes room, and not within seconds.
                self.full = full
                log.warning("projections wait for room: %s", full)
                if self._closing.wait(_ROOM_S):
                    raise ProjectionsStopped(f"{what}: {full}") from full
            except outside as error:
                tries += 1
                decision = about_outside(tries, self._pauses_s)
                if isinstance(decision, Stop):
                    raise ProjectionsStopped(f"{what}: {error}") from error
                log.warning("projections retry tries=%d after_s=%.1f reason=%s: %s", tries, decision.seconds, what, error)
                self._closing.wait(decision.seconds)
            else:
                self.full = None
                return done


@contextmanager
def no_search_for_garbage() -> Iterator[None]:
    """Pause the garbage collector: a batch is a hundred thousand objects that live until its end, and collecting among them doubles its time.

    A process that only makes batches and then ends should keep the collector off all the time.
    """
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()
