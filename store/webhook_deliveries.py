"""The queue of webhook deliveries: messages that wait to be posted, and for some days what became of each.

It is stored in the log's own database: a process manager fills it in the transaction that saves its position, so that each message is queued once, whatever
crashes. Of the deliveries to one webhook about one subject (an interaction, an agent) only the first one that waits has an instant at which it is due: the next
is due when it was posted or given up. Other subjects do not wait for it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal
from uuid import UUID

from store.database import Database

SCHEMA = """
CREATE TABLE IF NOT EXISTS webhook_deliveries (
    id BLOB PRIMARY KEY, number INTEGER NOT NULL, tenant BLOB NOT NULL, webhook BLOB NOT NULL, subject BLOB NOT NULL, type TEXT NOT NULL,
    body TEXT NOT NULL, created INTEGER NOT NULL, began INTEGER NOT NULL, status TEXT NOT NULL, attempts INTEGER NOT NULL, due INTEGER NOT NULL,
    tried INTEGER NOT NULL, took_ms INTEGER NOT NULL, code INTEGER NOT NULL, error TEXT NOT NULL
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS deliveries_of_webhook ON webhook_deliveries (webhook, number);
CREATE INDEX IF NOT EXISTS deliveries_in_order ON webhook_deliveries (webhook, subject, number) WHERE status = 'waiting';
CREATE INDEX IF NOT EXISTS deliveries_due ON webhook_deliveries (due) WHERE status = 'waiting';
CREATE TABLE IF NOT EXISTS webhook_failures (delivery BLOB PRIMARY KEY, failed INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS webhook_receivers (
    webhook BLOB PRIMARY KEY, failed INTEGER NOT NULL, tried INTEGER NOT NULL, took_ms INTEGER NOT NULL, code INTEGER NOT NULL, error TEXT NOT NULL
) WITHOUT ROWID
"""

Status = Literal["waiting", "delivered", "failed"]

AFTER_ANOTHER = 2**53
"""The instant at which a delivery is due that waits for another one of its subject."""

_COLUMNS = "id, number, tenant, webhook, subject, type, body, created, began, status, attempts, due, tried, took_ms, code, error"
_INSERT = f"INSERT INTO webhook_deliveries ({_COLUMNS}) VALUES ({', '.join('?' * 16)}) ON CONFLICT (id) DO NOTHING"  # noqa: S608 - no input
_FAILED = "coalesce((SELECT failed FROM webhook_failures WHERE delivery = id), 0)"
_SELECT = f"SELECT {_COLUMNS}, {_FAILED} FROM webhook_deliveries"  # noqa: S608 - no input
_OF_SUBJECT = "webhook = ? AND subject = ? AND status = 'waiting'"
_FIRST = f"(SELECT min(number) FROM webhook_deliveries WHERE {_OF_SUBJECT})"  # noqa: S608 - no input
_HOLD_BACK = f"UPDATE webhook_deliveries SET due = ? WHERE {_OF_SUBJECT} AND due <> ? AND number > {_FIRST}"  # noqa: S608 - no input
_LET_GO = f"UPDATE webhook_deliveries SET due = ? WHERE {_OF_SUBJECT} AND due = ? AND number = {_FIRST}"  # noqa: S608 - no input
_NOTE = """
UPDATE webhook_deliveries SET began = ?, status = ?, attempts = attempts + 1, due = ?, tried = ?, took_ms = ?, code = ?, error = ?
WHERE id = ? AND status = 'waiting' AND attempts = ? RETURNING id
"""
_FAIL = """
INSERT INTO webhook_failures (delivery, failed) VALUES (?, 1) ON CONFLICT (delivery) DO UPDATE SET failed = webhook_failures.failed + 1
"""
_RECEIVE = """
INSERT INTO webhook_receivers (webhook, failed, tried, took_ms, code, error) VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (webhook) DO UPDATE SET
failed = CASE WHEN excluded.failed = 0 THEN 0 ELSE webhook_receivers.failed + 1 END,
tried = excluded.tried, took_ms = excluded.took_ms, code = excluded.code, error = excluded.error
"""
_AGAIN = "UPDATE webhook_deliveries SET status = 'waiting', due = ?, began = 0 WHERE"
_WITHDRAW = "UPDATE webhook_deliveries SET status = 'failed', tried = ?, error = ? WHERE webhook = ? AND status = 'waiting'"


@dataclass(frozen=True, slots=True)
class Delivery:
    """A message for one webhook. Instants are microseconds.

    id: the same for every attempt; the receiver knows repeats by it. number: its place in the order of the log. subject: deliveries about the same one are posted in
    order. began: since when it is tried, 0 until its first attempt; it is given up some days after. attempts: so far. due: when it is tried next. tried: the last attempt, 0 if none;
    took_ms: how long that one took; code: the HTTP status that it got, 0 if none; error: why it failed, "" if it did not. failed: how many of the attempts failed.
    """

    id: UUID
    number: int
    tenant: UUID
    webhook: UUID
    subject: UUID
    type: str
    body: str
    created: int
    began: int = 0
    status: Status = "waiting"
    attempts: int = 0
    due: int = AFTER_ANOTHER
    tried: int = 0
    took_ms: int = 0
    code: int = 0
    error: str = ""
    failed: int = 0


@dataclass(frozen=True, slots=True)
class Receiver:
    """How the receiver of a webhook answers. failed: how many attempts in a row have failed, whichever messages they posted; due: when the next one is, 0 if nothing waits.

    The others are those of the last attempt, as in Delivery; tried: 0 if there was none.
    """

    failed: int = 0
    tried: int = 0
    took_ms: int = 0
    code: int = 0
    error: str = ""
    due: int = 0


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of an attempt. status: waiting = it is tried again at `due`."""

    status: Status
    due: int
    tried: int
    took_ms: int
    code: int
    error: str


# Changes, each inside a transaction that excludes other writers


@dataclass(frozen=True, slots=True)
class Enqueue:
    """Queue messages. Those that are in the queue already stay as they are."""

    deliveries: tuple[Delivery, ...]

    def apply(self, db: Database) -> None:
        """Inside a transaction."""
        for one in self.deliveries:
            ids = (one.id.bytes, one.number, one.tenant.bytes, one.webhook.bytes, one.subject.bytes)
            rest = (one.status, one.attempts, AFTER_ANOTHER, one.tried, one.took_ms, one.code, one.error)
            db.execute(_INSERT, (*ids, one.type, one.body, one.created, one.began, *rest))
            _in_order(db, one.webhook, one.subject, one.created)


@dataclass(frozen=True, slots=True)
class Redeliver:
    """Post a delivery again, or all failed ones that were created since an instant; their days begin anew."""

    webhook: UUID
    now: int
    delivery: UUID | None = None
    since: int = 0

    def apply(self, db: Database) -> None:
        """Inside a transaction."""
        which, value = ("status = 'failed' AND created >= ?", self.since) if self.delivery is None else ("id = ?", self.delivery.bytes)
        subjects = db.execute(f"{_AGAIN} webhook = ? AND {which} RETURNING subject", (AFTER_ANOTHER, self.webhook.bytes, value))
        for subject in dict.fromkeys(subject for (subject,) in subjects):
            _in_order(db, self.webhook, UUID(bytes=subject), self.now)


@dataclass(frozen=True, slots=True)
class Withdraw:
    """Post nothing of what waits for a webhook: it was disabled."""

    webhook: UUID
    now: int
    reason: str

    def apply(self, db: Database) -> None:
        """Inside a transaction."""
        db.execute(_WITHDRAW, (self.now, self.reason, self.webhook.bytes))


@dataclass(frozen=True, slots=True)
class Erase:
    """Delete all deliveries of a webhook that was deleted."""

    webhook: UUID

    def apply(self, db: Database) -> None:
        """Inside a transaction."""
        for table in ("webhook_deliveries", "webhook_receivers"):
            db.execute(f"DELETE FROM {table} WHERE webhook = ?", (self.webhook.bytes,))  # noqa: S608 - no input
        _forget_failures(db)


def note(db: Database, delivery: Delivery, outcome: Outcome) -> bool:
    """Inside a transaction: record an attempt. False, and nothing is changed, if another process has recorded it, or the delivery was withdrawn."""
    values = (delivery.began or outcome.tried, outcome.status, outcome.due, outcome.tried, outcome.took_ms, outcome.code, outcome.error)
    if not db.execute(_NOTE, (*values, delivery.id.bytes, delivery.attempts)):
        return False
    if outcome.error:
        db.execute(_FAIL, (delivery.id.bytes,))
    receiver = (delivery.webhook.bytes, int(bool(outcome.error)), outcome.tried, outcome.took_ms, outcome.code, outcome.error)
    db.execute(_RECEIVE, receiver)
    _in_order(db, delivery.webhook, delivery.subject, outcome.tried)
    return True


def sweep(db: Database, before: int) -> None:
    """Delete deliveries that ended before an instant."""
    db.execute("DELETE FROM webhook_deliveries WHERE status <> 'waiting' AND tried < ? AND created < ?", (before, before))
    _forget_failures(db)


def _forget_failures(db: Database) -> None:
    db.execute("DELETE FROM webhook_failures WHERE delivery NOT IN (SELECT id FROM webhook_deliveries)", ())


def _in_order(db: Database, webhook: UUID, subject: UUID, now: int) -> None:
    """Let the first one that waits be due, and no other one of its subject."""
    key = (webhook.bytes, subject.bytes)
    db.execute(_HOLD_BACK, (AFTER_ANOTHER, *key, AFTER_ANOTHER, *key))
    db.execute(_LET_GO, (now, *key, AFTER_ANOTHER, *key))


# Reading


def webhooks_with_due(db: Database, now: int) -> list[UUID]:
    """The webhooks for which something is due."""
    rows = db.read("SELECT DISTINCT webhook FROM webhook_deliveries WHERE status = 'waiting' AND due <= ?", (now,))
    return [UUID(bytes=webhook) for (webhook,) in rows]


def due(db: Database, webhook: UUID, now: int, limit: int) -> list[Delivery]:
    """What is due for a webhook, the oldest first."""
    statement = f"{_SELECT} WHERE webhook = ? AND status = 'waiting' AND due <= ? ORDER BY number LIMIT ?"
    return [_delivery(row) for row in db.read(statement, (webhook.bytes, now, limit))]


def last_success(db: Database, webhook: UUID) -> int:
    """The last instant at which a message was delivered to this webhook, among those that are kept; 0 if there is none."""
    found: int | None = db.read("SELECT max(tried) FROM webhook_deliveries WHERE webhook = ? AND status = 'delivered'", (webhook.bytes,))[
        0
    ][0]
    return found or 0


def receiver_of(db: Database, webhook: UUID) -> Receiver:
    """How the receiver of this webhook answers."""
    due = db.read(
        "SELECT min(due) FROM webhook_deliveries WHERE webhook = ? AND status = 'waiting' AND due < ?", (webhook.bytes, AFTER_ANOTHER)
    )
    last = db.read("SELECT failed, tried, took_ms, code, error FROM webhook_receivers WHERE webhook = ?", (webhook.bytes,))
    return replace(Receiver(*last[0]) if last else Receiver(), due=due[0][0] or 0)


def find(db: Database, webhook: UUID, id: UUID) -> Delivery | None:
    """A delivery of this webhook; None if it has no such one, or no longer."""
    rows = db.read(f"{_SELECT} WHERE webhook = ? AND id = ?", (webhook.bytes, id.bytes))
    return _delivery(rows[0]) if rows else None


def page(db: Database, webhook: UUID, before: int, limit: int, status: str = "") -> list[Delivery]:
    """The deliveries to a webhook before a place in the order, the newest first. status: "" = any."""
    which, params = (" AND status = ?", (status,)) if status else ("", ())
    statement = f"{_SELECT} WHERE webhook = ? AND number < ?{which} ORDER BY number DESC LIMIT ?"
    return [_delivery(row) for row in db.read(statement, (webhook.bytes, before, *params, limit))]


def _delivery(row: Sequence[object]) -> Delivery:
    id, number, tenant, webhook, subject, *rest = row
    ids = [UUID(bytes=value) for value in (tenant, webhook, subject) if isinstance(value, bytes)]
    return Delivery(UUID(bytes=id), number, *ids, *rest)  # type: ignore[arg-type]  # a row has the types of its columns
