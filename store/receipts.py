"""The receipts of commands that had an idempotency key, kept beside the log for as long as a repeat may come."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import groupby
from uuid import UUID

import msgspec
from msgspec.structs import astuple

from store.database import Kind
from store.keyring import Keyring
from store.recorder import ChainedRecorder

SCHEMA = """
CREATE TABLE IF NOT EXISTS idempotency (
    tenant BLOB NOT NULL, key BLOB NOT NULL, digest BLOB NOT NULL, receipt BLOB NOT NULL, expires_at INTEGER NOT NULL,
    PRIMARY KEY (tenant, key)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS expiring_receipts ON idempotency (expires_at) WHERE expires_at > 0
"""

_RECEIPTS = "SELECT key, digest, receipt, expires_at FROM idempotency WHERE tenant = ?"
_KEYS_A_QUERY = 500
_KINDS: tuple[Kind, ...] = ("bytes", "bytes", "bytes", "bytes", "integer")
_SWEEP = """
DELETE FROM idempotency WHERE (tenant, key) IN (
    SELECT tenant, key FROM idempotency WHERE expires_at > 0 AND expires_at <= ? ORDER BY expires_at LIMIT ?
)
"""
_SWEEP_EVERY_US = 1_000_000
_SWEPT_AT_ONCE = 500

ReceiptKey = tuple[UUID, str, str]
"""By which a receipt is found: the company, the caller (the actor of the events), and the idempotency key, which is the caller's own."""


class StoredReceipt(msgspec.Struct, frozen=True):
    """The receipt of a command that had an idempotency key.

    digest: keyed, of the command; empty once a person of the company was forgotten. receipt: JSON, without secrets. expires_at:
    microseconds, 0 for never.
    """

    digest: bytes
    receipt: bytes
    expires_at: int


class Receipts:
    """The receipts in the store's database. Used by one writer at a time."""

    def __init__(self, recorder: ChainedRecorder, keyring: Keyring) -> None:
        self._recorder = recorder
        self._keyring = keyring
        self._swept_at = 0
        self._expired: set[bytes] = set()
        """Used idempotency keys, as stored, whose receipts were found expired."""
        self._since_sweep = 0

    def find(self, key: ReceiptKey, now_us: int) -> StoredReceipt | None:
        """The receipt of the command for which a caller used this idempotency key; None once it has expired."""
        return self.find_all([key], now_us).get(key)

    def find_all(self, keys: Iterable[ReceiptKey], now_us: int) -> dict[ReceiptKey, StoredReceipt]:
        """As `find`, for many keys at once: those that were used."""
        found: dict[ReceiptKey, StoredReceipt] = {}
        for tenant, some in groupby(sorted(keys), key=lambda key: key[0]):
            by_tag = {self._tag(key): key for key in some}
            tags = list(by_tag)
            for start in range(0, len(tags), _KEYS_A_QUERY):
                part = tags[start : start + _KEYS_A_QUERY]
                marks = ",".join("?" * len(part))
                rows = self._recorder.db.execute(f"{_RECEIPTS} AND key IN ({marks})", (tenant.bytes, *part))
                for tag, *stored in rows:
                    receipt = StoredReceipt(*stored)
                    if 0 < receipt.expires_at <= now_us:
                        self._expired.add(tag)
                    else:
                        found[by_tag[tag]] = receipt
        return found

    def _tag(self, key: ReceiptKey) -> bytes:
        # Integrations make keys of order numbers, and of telephone numbers: no key is stored in plain text.
        tenant, caller, name = key
        return self._keyring.tag(tenant, "idempotency", f"{caller}\0{name}")

    def note(self, receipts: Mapping[ReceiptKey, StoredReceipt], now_us: int) -> None:
        """Inside a transaction: record the receipts of commands, and delete some that have expired.

        Raises IntegrityError if another process used one of the keys a moment ago.
        """
        if not receipts:
            return
        db = self._recorder.db
        rows = [(key[0].bytes, self._tag(key), *astuple(receipt)) for key, receipt in receipts.items()]
        self._since_sweep += len(rows)
        if now_us >= self._swept_at + _SWEEP_EVERY_US or now_us < self._swept_at:
            # Twice what was added: the sweep keeps up with any load, and one commit never waits for a large one.
            db.execute(_SWEEP, (now_us, _SWEPT_AT_ONCE + 2 * self._since_sweep))
            self._swept_at, self._since_sweep = now_us, 0
        # A key whose receipt has expired can be used anew before the sweep comes to it.
        again = [(*row[:2], now_us) for row in rows if row[1] in self._expired]
        db.executemany("DELETE FROM idempotency WHERE tenant = ? AND key = ? AND expires_at > 0 AND expires_at <= ?", again)
        self._expired.clear()
        db.insert("idempotency", _KINDS, rows)

    def forget_digests(self, tenants: Iterable[UUID]) -> None:
        """Inside a transaction: delete the digests of commands, because a person is forgotten. The idempotency keys keep their receipts."""
        self._recorder.db.executemany("UPDATE idempotency SET digest = ? WHERE tenant = ?", [(b"", tenant.bytes) for tenant in tenants])
