"""What the store asks of a database, whichever keeps it: SQLite files of one process, or a PostgreSQL server that many share.

Statements are in the SQL that both speak, with `?` for each parameter; ids and hashes are bytes. What is the engine's own
(how it is opened, what its types are called, how it lets go of what was deleted) is in its adapter, the only importer of its driver.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from typing import Any, ClassVar, Literal

Rows = list[tuple[Any, ...]]
Kind = Literal["integer", "bytes", "text"]
"""What a column holds."""


class StoreUnavailable(Exception):
    """The database cannot be used now: one sentence that names it and why, without its password."""


class Undone(StoreUnavailable):
    """The database was lost before anything was saved: all of it can be asked again."""


class CommitUnsure(StoreUnavailable):
    """The database was lost while it saved: whether it did, only it can tell."""


class Fenced(Exception):
    """Another leader has begun a newer epoch: whoever led before can write nothing of it any more."""


class Unreadable(Exception):
    """What lies in the database is damaged."""


class Snapshot(ABC):
    """The database as it stands at one moment, for reading alone, whatever is written meanwhile."""

    @abstractmethod
    def rows(self, statement: str, params: Sequence[Any] = ()) -> Iterator[tuple[Any, ...]]:
        """The rows, one after the other, in flat memory. Raises Unreadable where they are damaged."""

    @abstractmethod
    def is_sound(self) -> bool:
        """Whether the engine finds no damage in its own structures, as far as it can tell. Raises Unreadable."""


class Database(ABC):
    """An open database: one connection that writes, one that only reads. Thread-safe.

    A statement that breaks a uniqueness raises the library's IntegrityError; a database that is away, StoreUnavailable.
    """

    ON_SERVER: ClassVar[bool]
    """Whether another machine may have to be waited for, for seconds: a thread does, never an event loop."""

    lock: AbstractContextManager[object]
    """Held, by a thread that may take it again, while the writing connection is used for more than one statement."""

    @property
    @abstractmethod
    def in_transaction(self) -> bool:
        """Whether a transaction is under way: that of the thread which holds the lock."""

    @abstractmethod
    def define(self, tables: str) -> None:
        """Make the tables that are missing, told in SQLite's words, separated by semicolons. Raises Unreadable."""

    @abstractmethod
    def execute(self, statement: str, params: Sequence[Any] = ()) -> Rows:
        """Run one statement on the writing connection; its rows."""

    @abstractmethod
    def executemany(self, statement: str, rows: Sequence[Sequence[Any]]) -> None:
        """Run a statement that gives no rows for each of `rows`."""

    @abstractmethod
    def insert(self, table: str, kinds: Sequence[Kind], rows: Sequence[Sequence[Any]]) -> None:
        """Insert whole rows, many at once."""

    @abstractmethod
    def read(self, statement: str, params: Sequence[Any] = ()) -> Rows:
        """Run a query on the connection that only reads: it waits for no writer and sees what is saved."""

    @abstractmethod
    def begin(self, news: str, params: Sequence[Any] = ()) -> Rows | None:
        """Begin a transaction and shut out all other writers; the rows of the query `news` then, None if nobody else can have written since the last one."""

    @abstractmethod
    def commit(self, *, notify: bool = False) -> None:
        """Have it on disk, and `notify` other processes of it. Raises CommitUnsure when only the database knows whether it is."""

    @abstractmethod
    def rollback(self) -> None:
        """Undo it all. Does not raise where the connection is lost: then it is undone too."""

    @abstractmethod
    def clock_us(self) -> int | None:
        """What the database's own clock says now, in microseconds since 1970; None where it is the clock of this machine."""

    @abstractmethod
    def listen(self, told: Callable[[], object]) -> None:
        """From now on call `told`, in a thread of its own, when another process tells of a commit, or may have while nobody heard."""

    @abstractmethod
    def others(self) -> int:
        """How many connections other processes have to it, as far as it can tell; those of this process count too where they are of another opening."""

    @abstractmethod
    def shred(self) -> None:
        """Write the tables anew, so that nothing which was deleted from them or overwritten lingers there."""

    @abstractmethod
    def close(self) -> None:
        """Let go of it. Can be repeated."""

    @contextmanager
    def transaction(self, *, notify: bool = False) -> Iterator[bool]:
        """What is written inside is on disk, all of it, when this is left without an error; else none of it.

        Gives whether others may have written since the last one.
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
        """Inside a transaction: a part of it that can fail alone."""
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
