"""The progress of process managers: the checkpoint of each, its timers and its failures.

It is stored in the log's own database, so that it is committed together with the events of the commands that a process manager
sends. A new leader of a process manager begins a new epoch; work of an older epoch is fenced: it cannot be committed any more.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from uuid import UUID

from store.database import Database, Fenced

SCHEMA = """
CREATE TABLE IF NOT EXISTS process_positions (
    process TEXT PRIMARY KEY, epoch INTEGER NOT NULL, position INTEGER NOT NULL, quiet INTEGER NOT NULL
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS process_timers (
    process TEXT NOT NULL, tenant BLOB NOT NULL, key TEXT NOT NULL, due INTEGER NOT NULL, payload TEXT NOT NULL,
    PRIMARY KEY (process, tenant, key)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS process_failures (
    process TEXT NOT NULL, cause TEXT NOT NULL, position INTEGER NOT NULL, failed_at INTEGER NOT NULL, reason TEXT NOT NULL,
    tries INTEGER NOT NULL, retrying INTEGER NOT NULL, tenant BLOB NOT NULL, key TEXT NOT NULL, due INTEGER NOT NULL, payload TEXT NOT NULL,
    PRIMARY KEY (process, cause)
) WITHOUT ROWID
"""

_REGISTER = """
INSERT INTO process_positions SELECT ?, 0, 0, coalesce(max(position), 0) FROM stored_events WHERE true ON CONFLICT (process) DO NOTHING
"""
_BEGIN = "UPDATE process_positions SET epoch = epoch + 1 WHERE process = ? RETURNING epoch, position, quiet"
_MOVE = "UPDATE process_positions SET position = ? WHERE process = ? AND epoch = ? RETURNING position"
_SET = """
INSERT INTO process_timers VALUES (?, ?, ?, ?, ?)
ON CONFLICT (process, tenant, key) DO UPDATE SET due = excluded.due, payload = excluded.payload
"""
_CANCEL = "DELETE FROM process_timers WHERE process = ? AND tenant = ? AND key = ?"
_FAILED = """
INSERT INTO process_failures VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (process, cause) DO UPDATE
SET failed_at = excluded.failed_at, reason = excluded.reason, tries = excluded.tries, retrying = excluded.retrying
"""
_SETTLED = "DELETE FROM process_failures WHERE process = ? AND cause = ?"
_RETRY = "UPDATE process_failures SET retrying = 1 WHERE process = ? AND cause = ?"
_FAILURES = "SELECT position, failed_at, reason, tries, retrying, tenant, key, due, payload FROM process_failures WHERE process = ?"
_QUIET = "UPDATE process_positions SET quiet = ? WHERE quiet < ?"


@dataclass(frozen=True, slots=True)
class Timer:
    """A timer, due at an instant (microseconds). A process manager has one timer per key and company at a time."""

    tenant: UUID
    key: str
    due_us: int
    payload: str = ""

    @property
    def name(self) -> str:
        """By which it is logged and listed."""
        return f"timer {self.tenant} {self.key} {self.due_us}"


@dataclass(frozen=True, slots=True)
class Epoch:
    """A leader's epoch. `number` grows with each one; `position`: the checkpoint; up to `quiet` no commands are sent."""

    number: int
    position: int
    quiet: int


@dataclass(frozen=True, slots=True)
class Failure:
    """An event or timer that was given up after its attempts failed.

    position: of the event; for a timer, up to where the log was done. at_us: when it was last tried. reason: of which kind the error was,
    without personal data. tries: attempts so far. timer: None for an event. retrying: whether the leader has still to decide it again.
    """

    position: int
    at_us: int
    reason: str
    tries: int
    timer: Timer | None = None
    retrying: bool = False

    @property
    def cause(self) -> str:
        """The event or timer, by a name that no other one of its process manager has."""
        return f"event {self.position}" if self.timer is None else self.timer.name


class ProcessProgress:
    """The rows of one process manager. Thread-safe. All methods raise StoreUnavailable."""

    def __init__(self, db: Database, process: str) -> None:
        self._db = db
        self._process = process

    def register(self) -> None:
        """Register the process manager. It sends no commands for events that are already in the log."""
        if not self._db.execute("SELECT 1 FROM process_positions WHERE process = ?", (self._process,)):
            self._db.execute(_REGISTER, (self._process,))

    def begin(self) -> Epoch:
        """Begin a new epoch, which fences the earlier leader."""
        ((number, position, quiet),) = self._db.execute(_BEGIN, (self._process,))
        return Epoch(number, position, quiet)

    def timers(self) -> list[Timer]:
        """All timers that are set."""
        rows = self._db.execute("SELECT tenant, key, due, payload FROM process_timers WHERE process = ?", (self._process,))
        return [Timer(UUID(bytes=tenant), key, due, payload) for tenant, key, due, payload in rows]

    def move(self, epoch: int, position: int) -> None:
        """Inside a transaction: move the checkpoint to `position`, together with the resulting commands. Raises Fenced."""
        if not self._db.execute(_MOVE, (position, self._process, epoch)):
            raise Fenced

    def set_timers(self, timers: Sequence[Timer]) -> None:
        """Inside a transaction after `move`: set timers. Each replaces an earlier one of its key."""
        self._db.executemany(_SET, [(self._process, timer.tenant.bytes, timer.key, timer.due_us, timer.payload) for timer in timers])

    def cancel_timers(self, timers: Iterable[tuple[UUID, str]]) -> None:
        """Inside a transaction after `move`: cancel timers, by company and key."""
        self._db.executemany(_CANCEL, [(self._process, tenant.bytes, key) for tenant, key in timers])

    def give_up(self, failure: Failure) -> None:
        """Inside a transaction after `move`: keep what could not be done. A failed retry takes the place of the earlier failure."""
        timer = failure.timer
        kept = (b"", "", 0, "") if timer is None else (timer.tenant.bytes, timer.key, timer.due_us, timer.payload)
        row = (failure.cause, failure.position, failure.at_us, failure.reason, failure.tries, int(failure.retrying))
        self._db.execute(_FAILED, (self._process, *row, *kept))

    def settle(self, failures: Iterable[Failure]) -> None:
        """Inside a transaction after `move`: these are done, or there is nothing left to do."""
        self._db.executemany(_SETTLED, [(self._process, failure.cause) for failure in failures])

    # Reading

    def position(self) -> int:
        """The stored checkpoint."""
        rows = self._db.read("SELECT position FROM process_positions WHERE process = ?", (self._process,))
        return rows[0][0] if rows else 0

    def failures(self) -> list[Failure]:
        """What was set aside and is not done yet, by position."""
        return self._failures("ORDER BY position, cause")

    def failure(self, cause: str) -> Failure | None:
        """What was set aside by this name; None when it is done."""
        return next(iter(self._failures("AND cause = ?", cause)), None)

    def retry(self, failure: Failure) -> None:
        """Let the leader decide it again, once. Nothing happens when it is done already."""
        self._db.execute(_RETRY, (self._process, failure.cause))

    def to_retry(self) -> list[Failure]:
        """What is to be decided again, by position."""
        return self._failures("AND retrying = 1 ORDER BY position, cause")

    def _failures(self, which: str, *params: str) -> list[Failure]:
        return [
            Failure(position, at_us, reason, tries, Timer(UUID(bytes=tenant), *timer) if tenant else None, bool(retrying))
            for position, at_us, reason, tries, retrying, tenant, *timer in self._db.read(f"{_FAILURES} {which}", (self._process, *params))
        ]


def be_quiet(db: Database, position: int) -> None:
    """Send no commands for events up to `position`: the log was restored, and they were sent before it was lost."""
    db.execute(_QUIET, (position, position))
