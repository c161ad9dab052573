"""What the PBX's sources covered, where they were cut off and when the PBX restarted: the input for the bounds of figures."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from domain.base import MS
from domain.voice.timeline import GapSeen, PbxRestarted, SpanCovered, TimelineEvent
from projections.engine.rows import Row, StatelessFold, part


class SourceRow(Row, kw_only=True, gc=False):
    """A span, a gap or a restart. Instants in ms; a restart ends at the instant at which it began.

    up, born, missed_*: of a gap, what may be missing (`domain.voice.timeline.Gap`), the queues and their counts in two columns.
    """

    TABLE: ClassVar[str] = "sources"

    kind: str
    source: str = ""
    name: str = ""
    from_ms: int
    until_ms: int | None
    up: int = 0
    born: int | None = None
    missed_queues: tuple[str, ...] = ()
    missed_counts: tuple[int, ...] = ()


def fold(event: TimelineEvent, position: int) -> Iterator[SourceRow]:
    """The span, gap or restart that this event records; a line kept for the audit makes no row."""
    tenant, id, version = event.tenant.bytes, event.originator_id.bytes, event.originator_version
    match event:
        case SpanCovered(span=span):
            key = f"{span.source}:{span.name}:{span.from_us}"
            yield SourceRow(
                tenant=tenant, id=part(id, "span", key), version=version, position=position,
                kind="span", source=span.source, name=span.name, from_ms=span.from_us // MS, until_ms=span.until_us // MS,
            )  # fmt: skip
        case GapSeen(gap=gap):
            yield SourceRow(
                tenant=tenant, id=part(id, "gap", gap.opened_us), version=version, position=position,
                kind="gap", source="ami", from_ms=gap.opened_us // MS, until_ms=None if gap.closed_us is None else gap.closed_us // MS,
                up=gap.up, born=gap.born, missed_queues=tuple(gap.missed), missed_counts=tuple(gap.missed.values()),
            )  # fmt: skip
        case PbxRestarted(at=at):
            yield SourceRow(
                tenant=tenant, id=part(id, "restart", at), version=version, position=position,
                kind="restart", from_ms=at // MS, until_ms=at // MS,
            )  # fmt: skip
        case _:
            return


FOLDS = (StatelessFold(TimelineEvent, (SourceRow,), fold),)
