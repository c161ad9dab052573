"""Fold events once more of which no rows could be made, for example after a fold was corrected.

Most events make their rows by themselves. Others advance a row (a queue, an IVR): there the later events were folded without the
one that was refused, so all of the aggregate's rows are made anew, from its first event on. They have the versions of
those that they replace, and of two rows of one version the one that was written last counts. A number beside the
positions invalidates rows that are cached in other processes, as after a rebuild.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

from domain.base import CATALOGUE
from projections.engine.folding import STATEFUL, Folded, Folding
from projections.engine.warehouse import Warehouse
from projections.engine.writing import positions_of, write
from store.recorded_event import RecordedEvent

REFOLDED = "refolded"
"""Name of the counter of refolds of rows on which later rows build."""


def takes_further(topic: str) -> bool:
    """Whether an event of this name advances a row that earlier events have made."""
    kind = CATALOGUE.get(topic)
    return kind is not None and any(issubclass(kind, fold.events) for fold in STATEFUL)


def builds_on(folded: Folded) -> bool:
    """Whether rows of this batch build on rows that were there before."""
    return any(fold.row.TABLE in folded.tables for fold in STATEFUL)


def fold_anew(events: Sequence[RecordedEvent]) -> Folded:
    """The rows of these events, regardless of the rows that exist. Where events advance rows, pass whole aggregates from their first event on."""
    return Folding(cast(Warehouse, _NoRows())).fold(events)


def write_anew(warehouse: Warehouse, folded: Folded) -> None:
    """Replace the rows of the same versions by these; call it while nobody else writes rows."""
    noted = positions_of(warehouse)
    write(warehouse, folded, {REFOLDED: noted.get(REFOLDED, 0) + 1} if builds_on(folded) else {})


class _NoRows:
    """A warehouse in which nothing was ever written."""

    def execute(self, _sql: str, **_params: Any) -> list[dict[str, Any]]:
        """No rows."""
        return []
