"""When new rows may take the place of the old ones in a deployment of many processes: while nobody writes any, and one process at a time."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext

from projections.engine.rebuild import Swap
from projections.engine.warehouse import Warehouse
from store.postgres_lock import ServerLock
from streams.write_lock import ROWS

LOCK = "rebuild"
MOMENT_S = 0.1
_TURN_S = 60.0


class Busy(Exception):
    """Another process rebuilds, or writes rows without an end. One line."""


def finish_swap(store_url: str, warehouse: Warehouse, cluster: str = "") -> None:
    """Finish what a rebuild has left that was cut off, by the death of ClickHouse say; one that is at work is left alone. Raises Busy, StoreUnavailable."""
    with ServerLock(store_url, LOCK) as alone, ServerLock(store_url, ROWS) as turn:
        if alone.take(MOMENT_S):
            finish(Swap(warehouse, cluster), turn)


def finish(swap: Swap, turn: ServerLock) -> None:
    """The same, for the one who rebuilds. turn: the lock ROWS. Raises Busy."""
    with nobody_writes(turn) if swap.is_complete() else nullcontext():
        swap.finish()


@contextmanager
def nobody_writes(turn: ServerLock) -> Iterator[None]:
    """The workers rest meanwhile. turn: the lock ROWS. Raises Busy."""
    if not turn.take(_TURN_S):
        raise Busy(f"workers have been writing rows for {_TURN_S:.0f} s: the old rows stay")
    try:
        yield
    finally:
        turn.release(ROWS)
