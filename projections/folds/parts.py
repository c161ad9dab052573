"""The parts of calls that have their own rows: rings of visits, holds of visits and of attempts, options keyed in an IVR, tags."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from domain.voice.calls import ATTEMPT, Change, Removed
from projections.engine.reading import CallEvent, Id, ReadEvent
from projections.engine.rows import part
from projections.engine.warehouse import Columns
from projections.folds.visits import queue_id_of, visit_id

TABLE = "interaction_parts"

_COLUMNS = (
    "tenant", "version", "position", "interaction",
    "id", "removed", "visit", "kind", "k", "queue", "queue_id", "agent", "from_ms", "until_ms", "text",
)  # fmt: skip
_NONE = bytes(16)


def fold(batch: Sequence[ReadEvent], events: Sequence[CallEvent]) -> Columns:
    """The parts that each event adds, changes or withdraws.

    k: the place among the parts of its kind, of its visit (ring, hold) or interaction (option, tag), from 0.
    visit: of a hold in the talk of an outbound attempt the call, as the attempt's row has it.
    queue, agent: those of the visit or attempt; of a ring, the agent who was rung. text: how a ring ended, "" while it rings; the option; the tag.
    """
    rows: list[tuple[Any, ...]] = []
    for recorded, event in zip(batch, events, strict=True):
        change = event.change
        if change.rings or change.holds or change.options or change.tags or change.removed:
            head = (recorded.tenant, recorded.version, recorded.position, recorded.id)
            rows += [head + row for row in _rows(recorded.tenant, recorded.id, change)]
    columns = zip(*rows, strict=True) if rows else [()] * len(_COLUMNS)
    return dict(zip(_COLUMNS, columns, strict=True))


CALL_FOLDS = {TABLE: fold}


def _rows(tenant: Id, interaction: Id, change: Change) -> Iterator[tuple[Any, ...]]:
    """The values of the columns from `id` on."""
    for ring in change.rings:
        visit, queue = visit_id(interaction, ring.n), queue_id_of(tenant, ring.queue)
        id = part(visit, "ring", ring.k)
        yield id, 0, visit, "ring", ring.k, ring.queue, queue, ring.agent, ring.from_ms, ring.until_ms, ring.outcome
    for hold in change.holds:
        visit, queue = _owner(interaction, hold.n), queue_id_of(tenant, hold.queue)
        yield part(visit, "hold", hold.k), 0, visit, "hold", hold.k, hold.queue, queue, hold.agent, hold.from_ms, hold.until_ms, ""
    for k, option in change.options:
        yield part(interaction, "option", k), 0, _NONE, "option", k, "", _NONE, "", 0, None, option
    for k, tag in change.tags:
        yield part(interaction, "tag", k), 0, _NONE, "tag", k, "", _NONE, "", 0, None, tag
    for removed in change.removed:
        if removed.kind != "visit":
            yield from _withdrawn(interaction, removed)


def _owner(interaction: Id, n: int) -> Id:
    """The visit of the call, or the call itself for its outbound attempt."""
    return interaction if n == ATTEMPT else visit_id(interaction, n)


def _withdrawn(interaction: Id, removed: Removed) -> Iterator[tuple[Any, ...]]:
    of_visit = removed.kind in ("ring", "hold")
    visit = _owner(interaction, removed.n) if of_visit else _NONE
    for k in range(removed.first, removed.until):
        yield part(visit if of_visit else interaction, removed.kind, k), 1, visit, removed.kind, k, "", _NONE, "", 0, None, ""
