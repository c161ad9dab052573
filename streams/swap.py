"""Guard the swap of new rows for old ones in a deployment of many processes: nobody writes rows meanwhile, and one process swaps at a time."""

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
    """Another process rebuilds, or workers do not stop writing rows. The message is one line."""


def finish_swap(store_url: str, warehouse: Warehouse, cluster: str = "") -> None:
    """Finish a rebuild that was cut off, for example by the end of ClickHouse; one that runs is left alone. Raises Busy, StoreUnavailable."""
    with ServerLock(store_url, LOCK) as alone, ServerLock(store_url, ROWS) as write_lock:
        if alone.take(MOMENT_S):
            finish(Swap(warehouse, cluster), write_lock)


def finish(swap: Swap, write_lock: ServerLock) -> None:
    """The same, for the process that rebuilds. write_lock: the lock ROWS. Raises Busy."""
    with nobody_writes(write_lock) if swap.is_complete() else nullcontext():
        swap.finish()


@contextmanager
def nobody_writes(write_lock: ServerLock) -> Iterator[None]:
    """Pause the workers for the body of the `with`. write_lock: the lock ROWS. Raises Busy."""
    if not write_lock.take(_TURN_S):
        raise Busy(f"workers have been writing rows for {_TURN_S:.0f} s: the old rows stay")
    try:
        yield
    finally:
        write_lock.release(ROWS)
