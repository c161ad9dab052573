"""The end of the log that is not in the warehouse yet, folded into rows in this process.

On servers an event goes through relay, Kafka and a worker before its rows are in the warehouse, which takes seconds. A process that answers
questions reads the log itself meanwhile, and sends the rows of the newest events along with each query: the query reads both as one. The folds
are those of the workers, so a row is the same whoever has made it, and the answer is that of the warehouse at the same position, only earlier.
"""

from __future__ import annotations

import logging
import threading
from dataclasses import dataclass, field
from time import monotonic
from uuid import UUID

from projections.engine.folding import Folded, Folding
from projections.engine.progress import Following
from projections.engine.runner import Log
from projections.engine.warehouse import Columns, Warehouse, WarehouseError
from projections.folds import audit
from store.database import StoreUnavailable

log = logging.getLogger(__name__)

MOST = 20_000
"""The most events that are kept: with more (workers stand still, an import runs) the answers are those of the warehouse."""

ANEW_AFTER = 50_000
"""The most events that one folding folds. It keeps every row that it has made, so it must not live for ever: the next one begins at the warehouse's position."""

_BATCH = 2_000
_PACE_S = 0.05
_TICK_S = 0.5
"""How often rows that the warehouse has by now are dropped while the log does not go on."""

_ALL = 1 << 40


@dataclass(frozen=True)
class Tail:
    """The rows of the events of all companies up to `position` that the warehouse may lack. Immutable."""

    position: int
    batches: tuple[Folded, ...] = ()
    _selected: dict[tuple[str, UUID, int], Columns | None] = field(default_factory=dict, compare=False, repr=False)

    def rows(self, table: str, tenant: UUID, as_of: int) -> Columns | None:
        """The newest version of each row of a company that an event up to `as_of` has written, withdrawn rows too; None without any. All events of the audit."""
        key = table, tenant, as_of
        if key not in self._selected:
            self._selected[key] = self._select(table, tenant.bytes, as_of)
        return self._selected[key]

    def _select(self, table: str, tenant: bytes, as_of: int) -> Columns | None:
        newest: dict[object, tuple[int, Columns, int]] = {}
        for batch in self.batches:
            columns = batch.tables.get(table)
            if columns is None:
                continue
            ids, versions, positions = columns["id"], columns["version"], columns["position"]
            for at, company in enumerate(columns["tenant"]):
                if company != tenant or positions[at] > as_of:
                    continue
                key = (ids[at], versions[at]) if table == audit.TABLE else ids[at]
                if key not in newest or versions[at] >= newest[key][0]:
                    newest[key] = versions[at], columns, at
        if not newest:
            return None
        found = list(newest.values())
        return {name: [columns[name][at] for _, columns, at in found] for name in found[0][1]}


class LogTail:
    """Follows the log in a thread of its own and keeps the rows that the warehouse lacks. Thread-safe."""

    def __init__(self, log: Log, warehouse: Warehouse, progress: Following) -> None:
        """progress: of the warehouse, from which its rows are complete."""
        self._log = log
        self._warehouse = warehouse
        self._progress = progress
        self._tail: Tail | None = None
        self._folding: Folding | None = None
        self._folded = 0
        """How many events the folding has folded."""
        self._news = threading.Event()
        self._closing = threading.Event()
        self._unlisten = log.listen(lambda _: self._news.set())
        self._news.set()
        self._thread = threading.Thread(target=self._follow, name="log-tail", daemon=True)
        self._thread.start()

    @property
    def now(self) -> Tail | None:
        """The rows now; None while there are too many, or one of the servers does not answer."""
        return self._tail

    @property
    def position(self) -> int:
        """Every event up to here is in the warehouse or in these rows."""
        tail = self._tail
        return 0 if tail is None else tail.position

    def _follow(self) -> None:
        while not self._closing.is_set():
            self._news.wait(_TICK_S)
            self._news.clear()
            began = monotonic()
            try:
                self.step()
            except Exception as error:
                # Begin again at the warehouse's position: what was folded may be half of a batch.
                self._forget()
                away = isinstance(error, (StoreUnavailable, WarehouseError))
                log.warning("log tail begins again reason=%s", error, exc_info=not away)
                self._closing.wait(1.0)
                self._news.set()
            self._closing.wait(_PACE_S - (monotonic() - began))

    def step(self) -> None:
        """Take in what the log has now, and drop what the warehouse has by now."""
        covered, head = self._progress.position, self._log.head
        if head - covered > MOST:
            self._forget()
            return
        tail = self._tail
        if tail is None or self._folding is None or tail.position < covered or self._folded >= ANEW_AFTER:
            # The folding keeps every row that it has made: the warehouse may not have it yet.
            self._folding, tail, self._folded = Folding(self._warehouse, kept=_ALL), Tail(covered), 0
        position = tail.position
        batches = [batch for batch in tail.batches if batch.position > covered]
        while position < head and not self._closing.is_set():
            events = self._log.events_after(position, min(_BATCH, head - position))
            if not events:
                break
            batches.append(self._folding.fold(events))
            self._folded += len(events)
            position = batches[-1].position
        if position != tail.position or len(batches) != len(tail.batches) or self._tail is None:
            self._tail = Tail(position, tuple(batches))

    def _forget(self) -> None:
        self._tail = self._folding = None

    def close(self) -> None:
        """Stop following. Can be repeated."""
        if not self._closing.is_set():
            self._unlisten()
        self._closing.set()
        self._news.set()
        self._thread.join()
