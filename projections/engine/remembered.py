"""Answers of statements that hold still, because the tables that they read have got no rows since that change them.

A board asks the same statements four times a second, and thirty dashboards ask most of theirs alike: about queues, agents and sources, which
seldom change, and at one position of the log about everything. The engine takes longer to plan such a statement than to read its rows.
Only the process that writes the rows itself knows when they change.
"""

from __future__ import annotations

import re
from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import dataclass
from threading import Lock
from typing import NamedTuple

MOST_BYTES = 32 << 20
"""All answers together, with the statements that they answer."""

MOST_ANSWERS = 2_000
"""Those of some hundred dashboards: all are looked through when rows are written."""

LARGEST_BYTES = 2 << 20
"""One answer: a long report is not asked for again and again."""

_READ = re.compile(r"(\w+) /\* scoped \*/")
"""The tables of a statement, as the sources of `projections.engine.tables` name them."""

_AS_OF = "as_of"


class _Key(NamedTuple):
    sql: str
    arguments: tuple[tuple[str, str], ...]

    def size(self, answer: bytes) -> int:
        """How many bytes the statement and its answer take. A statement may name thousands of ids."""
        return len(answer) + len(self.sql) + sum(len(value) for _, value in self.arguments)


@dataclass
class _Reading:
    """What a statement reads. as_of: it reads only rows up to this position; None: the newest rows. holds: no write began since that changes its answer."""

    tables: frozenset[str]
    as_of: int | None
    answer: Future[bytes]
    holds: bool = True

    def is_changed_by(self, write: _Write) -> bool:
        """Whether the rows of a write may change the answer."""
        return (not write.table or write.table in self.tables) and (self.as_of is None or self.as_of >= write.first)


class _Write(NamedTuple):
    """Rows that are being written: into one table, "" for any. first: the lowest position of their events."""

    table: str
    first: int


class Remembered:
    """The answers of statements about the rows of one database. Thread-safe; equal statements that come at the same time are asked once.

    newest: returns the highest position of the rows of a table.
    """

    def __init__(self, newest: Callable[[str], int], most_bytes: int = MOST_BYTES) -> None:
        self._newest = newest
        self._most_bytes = most_bytes
        self._bytes = 0
        self._lock = Lock()
        self._known: OrderedDict[_Key, _Reading] = OrderedDict()
        self._writes: list[_Write] = []
        self._found: dict[str, int] = {}
        """Per table, the highest position when it was first read."""
        self._written: dict[str, int] = {}
        """Per table, the highest position that was written since."""

    def answer(self, sql: str, arguments: Mapping[str, str], ask: Callable[[Mapping[str, str]], bytes]) -> bytes:
        """What `ask` returns for the arguments of the statement, or has returned before.

        What was known at a position is the same at any later one up to which no rows have come.
        """
        tables = frozenset(_READ.findall(sql))
        if not tables:
            return ask(arguments)
        as_of = None
        if _AS_OF in arguments:
            as_of = min(int(arguments[_AS_OF]), max(map(self._newest_of, tables)))
            arguments = {**arguments, _AS_OF: str(as_of)}
        key, reading = _Key(sql, tuple(sorted(arguments.items()))), _Reading(tables, as_of, Future())
        with self._lock:
            known = self._known.get(key)
            if known is not None:
                self._known.move_to_end(key)
            else:
                reading.holds = not any(map(reading.is_changed_by, self._writes))
                if reading.holds:
                    self._known[key] = reading
        return known.answer.result() if known is not None else self._asked(key, reading, lambda: ask(arguments))

    def _newest_of(self, table: str) -> int:
        if table not in self._found:
            self._found[table] = self._newest(table)
        return max(self._found[table], self._written.get(table, 0))

    def _asked(self, key: _Key, reading: _Reading, ask: Callable[[], bytes]) -> bytes:
        try:
            answer = ask()
        except BaseException as error:
            with self._lock:
                self._forget(key, reading)
            reading.answer.set_exception(error)
            raise
        with self._lock:
            if reading.holds and len(answer) > LARGEST_BYTES:
                self._forget(key, reading)
            elif reading.holds:
                self._bytes += key.size(answer)
            # Before the lock is released: what is forgotten later is known to count.
            reading.answer.set_result(answer)
            while self._bytes > self._most_bytes or len(self._known) > MOST_ANSWERS:
                self._forget(*next((key, one) for key, one in self._known.items() if one.answer.done()))
        return answer

    def _forget(self, key: _Key, reading: _Reading) -> None:
        if self._known.get(key) is reading:
            del self._known[key]
            if reading.answer.done():
                self._bytes -= key.size(reading.answer.result())
        reading.holds = False

    @contextmanager
    def writing(self, table: str = "", positions: Sequence[int] = ()) -> Iterator[None]:
        """Inside, rows are written into a table, of events of these positions; by default anything is changed."""
        write = _Write(table, min(positions, default=0))
        with self._lock:
            self._writes.append(write)
            if table:
                self._written[table] = max(self._written.get(table, 0), max(positions, default=0))
            else:
                self._found.clear()
            for key, reading in [(key, one) for key, one in self._known.items() if one.is_changed_by(write)]:
                self._forget(key, reading)
        try:
            yield
        finally:
            with self._lock:
                self._writes.remove(write)
                if not table:
                    self._found.clear()
