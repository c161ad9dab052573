"""What every row and fold shares.

A fold is pure: it makes rows from events and, where an event alone does not hold all, from the current row. The events of calls,
agents and sources state in full each thing that they change, so their folds need no current row. Each row carries the version
of the event that wrote it: written twice it is one row, written late it does not hide a newer one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from hashlib import sha1
from typing import Any, ClassVar, TypeVar

import msgspec
from msgspec.structs import astuple

from domain.base import Event
from projections.engine.reading import Id
from projections.engine.warehouse import Columns


class Row(msgspec.Struct, kw_only=True, gc=False):
    """One version of a thing. `position`: of the event that wrote it. `removed`: 1 = withdrawn because of later evidence."""

    TABLE: ClassVar[str]

    tenant: Id
    id: Id
    version: int
    position: int
    removed: int = 0


R = TypeVar("R", bound=Row)


@dataclass(frozen=True)
class StatelessFold:
    """Makes rows, of some types, from an event alone, regardless of earlier events."""

    events: type[Event]
    rows: tuple[type[Row], ...]
    fold: Callable[[Any, int], Iterable[Row]]


@dataclass(frozen=True)
class StatefulFold:
    """Makes a row per aggregate, which each of its events advances."""

    events: type[Event]
    row: type[Row]
    fold: Callable[[Any, Any, int], Row]

    def advance(self, row: Row | None, event: Event, position: int) -> Row | None:
        """The row after the event; None if the row includes the event already."""
        if row is not None and row.version >= event.originator_version:
            return None
        after: Row = self.fold(row, event, position)
        return after


def part(whole: Id, kind: str, key: object) -> Id:
    """`domain.ids.part_id`, from bytes to bytes: the id of a part that has a row of its own. A call needs several."""
    digest = bytearray(sha1(whole + f"{kind}:{key}".encode(), usedforsecurity=False).digest()[:16])
    digest[6] = digest[6] & 0x0F | 0x50
    digest[8] = digest[8] & 0x3F | 0x80
    return bytes(digest)


def columns(rows: Sequence[Row]) -> Columns:
    """Rows of one type as the warehouse takes them."""
    return dict(zip(rows[0].__struct_fields__, zip(*map(astuple, rows), strict=True), strict=True))
