"""What every row and fold shares.

A fold is pure: an event (and, where the event alone does not tell all, the row so far) gives the row from then on. The
events of calls, agents and sources are fat, so their folds need no row so far. Each row carries the version of the
event that wrote it: written twice it is one row, written late it does not hide a newer one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Protocol, TypeVar
from uuid import UUID

import msgspec
from msgspec.structs import astuple

from domain.base import Event
from domain.ids import part_id

Id = bytes
"""An id as its 16 bytes, as the warehouse takes it."""


class Row(msgspec.Struct, kw_only=True, gc=False):
    """One version of a thing. `position`: of the event that wrote it. `removed`: 1 = later evidence says that it never was."""

    TABLE: ClassVar[str]

    tenant: Id
    id: Id
    version: int
    position: int
    removed: int = 0


R = TypeVar("R", bound=Row)


class Recorded(Protocol):
    """An event with its position in the log and its bytes as they are stored, personal data sealed inside."""

    @property
    def position(self) -> int:
        """From 1, without holes."""

    @property
    def event(self) -> Event:
        """The event, its personal data sealed."""

    @property
    def state(self) -> bytes:
        """As it is stored."""


@dataclass(frozen=True)
class Told:
    """The rows that events of a kind tell by themselves."""

    events: type[Event]
    fold: Callable[[Any, int], Iterable[Row]]


@dataclass(frozen=True)
class Advanced:
    """A row per aggregate that each of its events, of a kind, takes further."""

    events: type[Event]
    row: type[Row]
    fold: Callable[[Any, Any, int], Row]

    def advance(self, row: Row | None, event: Event, position: int) -> Row | None:
        """The row after the event; None where the row has seen the event before."""
        if row is not None and row.version >= event.originator_version:
            return None
        after: Row = self.fold(row, event, position)
        return after


def part(whole: UUID, kind: str, key: object) -> Id:
    """The id of a part of an aggregate that has a row of its own."""
    return part_id(whole, kind, key).bytes


def columns(rows: Sequence[msgspec.Struct]) -> dict[str, Sequence[Any]]:
    """Rows of one type as the warehouse takes them."""
    return dict(zip(rows[0].__struct_fields__, zip(*map(astuple, rows), strict=True), strict=True))
