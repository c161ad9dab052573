"""What changed between two answers to the same question: fields, and rows by their keys.

A client that applies the changes to the answer that it has gets the newer answer, in every field and with the rows in the same order
(tests/kit/watching.py applies them in twenty lines). Pure functions.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

Answer = Mapping[str, Any]
Row = Mapping[str, Any]

AT, IN = "_at", "_in"
"""Where a changed row stands: its index, and the name of its list where a table has several."""

NEVER_CHANGES = frozenset({"as_of"})
"""Fields of an answer that each message has by itself."""


@dataclass(frozen=True)
class Table:
    """Rows of an answer that are told apart by a key. lists: the answer has them by groups, an object with these lists; none: one list."""

    name: str
    key: str
    lists: tuple[str, ...] = ()

    def rows(self, answer: Answer) -> dict[str, Sequence[Row]]:
        """The rows of an answer, by list."""
        found = answer[self.name]
        return {name: found[name] for name in self.lists} if self.lists else {"": found}


def changes(before: Answer, after: Answer, tables: Sequence[Table]) -> dict[str, Any]:
    """`fields`: the new values by their names (`counts.available`); `tables`: per table that changed, what `row_changes` returns. Empty parts are left out."""
    by_rows = {table.name for table in tables}
    fields: dict[str, Any] = {}
    for name, value in after.items():
        old = before.get(name)
        if name in by_rows or name in NEVER_CHANGES or value == old:
            continue
        if isinstance(value, dict) and isinstance(old, dict) and value.keys() == old.keys():
            fields |= {f"{name}.{part}": new for part, new in value.items() if new != old[part]}
        else:
            fields[name] = value
    changed_tables = {table.name: changed for table in tables if (changed := row_changes(table, before, after))}
    return {part: value for part, value in (("fields", fields), ("tables", changed_tables)) if value}


@dataclass(frozen=True)
class _Placed:
    """A row, its list and its index there."""

    list: str
    at: int
    row: Row


def row_changes(table: Table, before: Answer, after: Answer) -> dict[str, Any]:
    """`removed`: keys of rows that are gone; `changed`: rows with their key and only the fields that changed. Empty parts are left out.

    A row that is new or moved has `_at`, its index, and `_in`, its list if the table has several. Such rows are first taken out of their lists, as the
    removed ones are, and then inserted in the order given. All other rows keep their order.
    """
    old, new = _placed(table, before), _placed(table, after)
    moved = _moved(old, new)
    changed = []
    for key, placed in new.items():
        if key not in moved and old[key].row is placed.row:
            continue
        row = {table.key: key}
        if key in moved:
            row |= ({IN: placed.list} if table.lists else {}) | {AT: placed.at}
        was = old[key].row if key in old else {}
        row |= {name: value for name, value in placed.row.items() if name not in was or was[name] != value}
        if len(row) > 1:
            changed.append(row)
    removed = [key for key in old if key not in new]
    return {part: value for part, value in (("removed", removed), ("changed", changed)) if value}


def _placed(table: Table, answer: Answer) -> dict[Any, _Placed]:
    return {row[table.key]: _Placed(name, at, row) for name, rows in table.rows(answer).items() for at, row in enumerate(rows)}


def _moved(old: Mapping[Any, _Placed], new: Mapping[Any, _Placed]) -> set[Any]:
    """The keys of the rows that are new, come from another list, or have another place among those that stay."""
    stay: dict[str, list[Any]] = {}
    for key, placed in new.items():
        if key in old and old[key].list == placed.list:
            stay.setdefault(placed.list, []).append(key)
    kept = {key for keys in stay.values() for key in _in_old_order(keys, old)}
    return new.keys() - kept


def _in_old_order(keys: Sequence[Any], old: Mapping[Any, _Placed]) -> Iterable[Any]:
    """As many of these keys as possible that stood in this order before (a longest increasing subsequence)."""
    places = [old[key].at for key in keys]
    if all(place < after for place, after in pairwise(places)):
        return keys
    ends: list[int] = []
    """Per length, the index in `keys` of the last key of the sequence of that length that ends earliest."""
    before: list[int | None] = []
    for at, place in enumerate(places):
        length = bisect_left(ends, place, key=places.__getitem__)
        before.append(ends[length - 1] if length else None)
        ends[length : length + 1] = [at]
    found: list[Any] = []
    at_: int | None = ends[-1]
    while at_ is not None:
        found.append(keys[at_])
        at_ = before[at_]
    return found
