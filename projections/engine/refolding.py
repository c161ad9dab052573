"""Events of which no rows could be made, folded once more: a fold was mended, say.

Most events tell their rows by themselves. Of those that take a row further (a queue, an IVR) the later ones were folded without the
one that was refused, so all of the aggregate's rows are made anew, from its first event on. They have the versions of
those that they take the place of, and of two rows of one version the one that was written last counts. Who holds rows
so far in memory is told by a number beside the positions that they are not the last word any more, as after a rebuild.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

from domain.base import CATALOGUE
from projections.engine.folding import ADVANCED, Folded, Folding
from projections.engine.warehouse import Warehouse
from projections.engine.writing import positions_of, write
from store.recorded_event import RecordedEvent

REFOLDED = "refolded"
"""The name under which is noted how often rows were made anew on which others build."""


def takes_further(topic: str) -> bool:
    """Whether an event of this name takes a row further that the events before it have made."""
    kind = CATALOGUE.get(topic)
    return kind is not None and any(issubclass(kind, advanced.events) for advanced in ADVANCED)


def builds_on(folded: Folded) -> bool:
    """Whether rows of this batch build on rows that were there before."""
    return any(advanced.row.TABLE in folded.tables for advanced in ADVANCED)


def fold_anew(events: Sequence[RecordedEvent]) -> Folded:
    """The rows of these events, whatever rows there are: whole aggregates from their first event on, where events take rows further."""
    return Folding(cast(Warehouse, _NoRows())).fold(events)


def write_anew(warehouse: Warehouse, folded: Folded) -> None:
    """Let these rows take the place of those of the same versions; to be called while nobody else writes rows."""
    noted = positions_of(warehouse)
    write(warehouse, folded, {REFOLDED: noted.get(REFOLDED, 0) + 1} if builds_on(folded) else {})


class _NoRows:
    """A warehouse in which nothing was ever written."""

    def execute(self, _sql: str, **_params: Any) -> list[dict[str, Any]]:
        """No rows."""
        return []
