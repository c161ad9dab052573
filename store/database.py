"""The interface of the store's databases: SQLite files of one process, or a PostgreSQL server that many processes share.

Statements use the SQL that both support, with `?` for each parameter; ids and hashes are bytes. What is specific to an engine
(how it is opened, the names of its types, how deleted data is overwritten) is in its adapter, the only importer of its driver.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from typing import Any, ClassVar, Literal

Rows = list[tuple[Any, ...]]
Kind = Literal["integer", "bytes", "text"]
"""The type of a column."""


class StoreUnavailable(Exception):
    """The database cannot be used now. The message is one sentence with its name and the reason, without its password."""


class NoRoom(StoreUnavailable):
    """The disk is full, or nothing can be written to it. Nothing was saved, and what was saved before can be read; it goes on when there is room."""


class Undone(StoreUnavailable):
    """The connection was lost before anything was saved: the whole operation can be repeated."""


class CommitUnsure(StoreUnavailable):
    """The connection was lost during a commit: only the database knows whether it was saved."""


class Fenced(Exception):
    """Another leader has begun a newer epoch: the earlier leader can write nothing any more."""


class Unreadable(Exception):
    """The contents of the database are damaged."""


class Snapshot(ABC):
    """A read-only view of the database at one moment, whatever is written meanwhile."""

    @abstractmethod
    def rows(self, statement: str, params: Sequence[Any] = ()) -> Iterator[tuple[Any, ...]]:
        """Yield the rows one by one, in constant memory. Raises Unreadable when they are damaged."""

    @abstractmethod
    def is_sound(self) -> bool:
        """Whether the engine's own check finds no damage in its structures. Raises Unreadable."""


class Database(ABC):
    """An open database: one connection that writes, one that only reads. Thread-safe.

    A statement that violates a unique constraint raises the library's IntegrityError; an unreachable database, StoreUnavailable.
    """

    ON_SERVER: ClassVar[bool]
    """Whether statements may wait for another machine, for seconds: call them in a thread, never in an event loop."""

    lock: AbstractContextManager[object]
    """A reentrant lock, held while the writing connection is used for more than one statement."""

    @property
    @abstractmethod
    def in_transaction(self) -> bool:
        """Whether the thread that holds the lock is in a transaction."""

    @abstractmethod
    def define(self, tables: str) -> None:
        """Create the missing tables. `tables`: statements in SQLite's dialect, separated by semicolons. Raises Unreadable."""

    @abstractmethod
    def execute(self, statement: str, params: Sequence[Any] = ()) -> Rows:
        """Run one statement on the writing connection. Returns its rows."""

    @abstractmethod
    def executemany(self, statement: str, rows: Sequence[Sequence[Any]]) -> None:
        """Run a statement without result for each of `rows`."""

    @abstractmethod
    def insert(self, table: str, kinds: Sequence[Kind], rows: Sequence[Sequence[Any]]) -> None:
        """Insert whole rows, many at once."""

    @abstractmethod
    def read(self, statement: str, params: Sequence[Any] = ()) -> Rows:
        """Run a query on the reading connection. It waits for no writer and sees committed data."""

    @abstractmethod
    def begin(self, news: str, params: Sequence[Any] = ()) -> Rows | None:
        """Begin a transaction that excludes all other writers. Returns the rows of the query `news`, or None if no other process can have written since the last transaction."""

    @abstractmethod
    def commit(self, *, notify: bool = False) -> None:
        """Commit to disk, and notify other processes if `notify`. Raises CommitUnsure when only the database knows whether it committed."""

    @abstractmethod
    def rollback(self) -> None:
        """Undo the transaction. Does not raise when the connection is lost, because that undoes it too."""

    @abstractmethod
    def clock_us(self) -> int | None:
        """The time of the database's own clock, in microseconds since 1970; None if it uses the clock of this machine."""

    @abstractmethod
    def must_have_room(self) -> None:
        """Write something that is no data. Raises NoRoom. A server does nothing: its own monitoring watches its disk."""

    @abstractmethod
    def listen(self, callback: Callable[[], object]) -> None:
        """Call `callback`, in a thread of its own, after each commit of another process, and after a time in which commits may have been missed."""

    @abstractmethod
    def others(self) -> int:
        """The number of connections that do not belong to this object, as far as it is known: of other processes, and of other openings in this one."""

    @abstractmethod
    def shred(self) -> None:
        """Rewrite the tables, so that no copies of deleted or overwritten data remain in them."""

    @abstractmethod
    def close(self) -> None:
        """Close the database. Can be repeated."""

    @contextmanager
    def transaction(self, *, notify: bool = False) -> Iterator[bool]:
        """Commit everything written inside the block; an error undoes all of it.

        Yields whether other processes may have written since the last transaction.
        """
        with self.lock:
            news = self.begin("SELECT 1")
            try:
                yield news is not None
                self.commit(notify=notify)
            except BaseException:
                self.rollback()
                raise

    @contextmanager
    def savepoint(self) -> Iterator[None]:
        """A part of the current transaction that can fail alone."""
        self.execute("SAVEPOINT part")
        try:
            yield
        except StoreUnavailable:
            raise
        except BaseException:
            self.execute("ROLLBACK TO SAVEPOINT part")
            self.execute("RELEASE SAVEPOINT part")
            raise
        self.execute("RELEASE SAVEPOINT part")
