"""What of a batch goes where: each version for time travel, the newest alone for now."""

from __future__ import annotations

from random import Random
from typing import Any

from projections.engine.folding import Folding
from projections.engine.warehouse import Columns, Warehouse
from projections.engine.writing import write
from tests.kit.log import MemoryLog
from tests.kit.rows import PassingOn, rows, warehouse
from tests.kit.rows import in_process as engine
from tests.kit.story import Story

__all__ = ["engine", "rows", "warehouse"]


class Heard(PassingOn):
    """Keeps what is written."""

    def __init__(self, inner: Warehouse) -> None:
        super().__init__(inner)
        self.written: dict[str, list[dict[str, Any]]] = {}

    def insert(self, table: str, columns: Columns) -> None:
        rows = [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]
        self.written.setdefault(table, []).extend(rows)
        self.inner.insert(table, columns)


def test_a_row_that_a_batch_changes_many_times_is_written_once_in_its_last_state(rows: Warehouse) -> None:
    heard = Heard(rows)
    log = MemoryLog(Story(Random(5)).events(200))
    # Whatever came first: a batch holds a repeat of an older event behind a newer one.
    events = [*log.events, *log.events[:50]]
    write(heard, Folding(rows).fold(events))
    for table in ("visits", "interactions", "agents", "queues"):
        versions = heard.written[f"{table}_versions"]
        newest = {row["id"]: max(other["version"] for other in versions if other["id"] == row["id"]) for row in versions}
        assert {row["id"]: row["version"] for row in heard.written[table]} == newest
        assert len(heard.written[table]) == len(newest) < len(versions)
