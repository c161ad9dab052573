"""The keys of personal data, which make it possible to forget a person in an append-only log.

Every subject (a contact, a user, a call whose caller is unknown) has a random key of its own. Data that names a person is
stored only sealed with this key. Destroying the key makes all of it unreadable at once: in the log, in every projection, in
every backup of them. The keys are stored in a database apart from the events, wrapped by a master key, next to an index by
which a phone number or e-mail address finds its subject. The subject's entries are deleted with its key.
"""

from __future__ import annotations

import hmac
import os
import threading
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable
from uuid import UUID

from cachetools import LRUCache
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from eventsourcing.persistence import IntegrityError

from domain.base import FORGOTTEN, NOBODY, Personal
from store.database import Database, Rows
from store.master_key import ABOUT_ITSELF, NONCE, unwrap, wrap

SEALED = "sealed:"
"""The prefix of every sealed datum. The rest holds the subject's id and the ciphertext."""

_TAG = 16

SCHEMA = """
CREATE TABLE IF NOT EXISTS keys (subject BLOB PRIMARY KEY, wrapped BLOB, owner BLOB) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS owned ON keys (owner) WHERE owner IS NOT NULL;
CREATE TABLE IF NOT EXISTS names (tag BLOB PRIMARY KEY, subject BLOB NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS about (what TEXT PRIMARY KEY, value BLOB NOT NULL) WITHOUT ROWID
"""

INDEX_KEY = "SELECT value FROM about WHERE what = 'index'"
_VALUES_A_QUERY = 500


def subject_of(sealed: str) -> UUID:
    """The subject of a sealed text."""
    return UUID(bytes=urlsafe_b64decode(sealed[len(SEALED) : len(SEALED) + 24])[:16])


class Additions:
    """The changes of accepted commands to the keyring, written when the commands are saved."""

    def __init__(self) -> None:
        self.names: dict[bytes, UUID] = {}
        self.owners: dict[UUID, UUID] = {}
        self.destroyed: set[UUID] = set()

    def take_over(self, other: Additions) -> None:
        """Add the changes of one more command."""
        self.names |= other.names
        self.owners |= other.owners
        self.destroyed |= other.destroyed

    def __bool__(self) -> bool:
        return bool(self.names or self.owners or self.destroyed)


class Keyring:
    """The open key store of a deployment. Thread-safe; other processes may write to the same one."""

    def __init__(self, db: Database, master: bytes, *, cached: int = 8192) -> None:
        """Raises WrongMasterKey."""
        self._lock = threading.RLock()
        self._master = AESGCM(master)
        self._open: LRUCache[UUID, AESGCM | None] = LRUCache(cached)
        self._fresh: dict[UUID, bytes] = {}
        self._shred_late = False
        self._found: LRUCache[bytes, UUID] = LRUCache(cached)
        self._db = db
        db.define(SCHEMA)
        self._index_key = self._own_key()
        db.listen(self._forget_cached)

    def close(self) -> None:
        """Close the database; nothing is left to write."""
        self._db.close()

    def _forget_cached(self) -> None:
        """Clear the caches, because another process has destroyed keys."""
        with self._lock:
            self._open.clear()
            self._found.clear()

    def _own_key(self) -> bytes:
        """The key of the index. It is wrapped too: reading it proves that the master key is the right one."""
        rows = self._db.execute(INDEX_KEY)
        if not rows:
            made = self._wrap(os.urandom(32), ABOUT_ITSELF)
            self._db.execute("INSERT INTO about VALUES ('index', ?) ON CONFLICT DO NOTHING", (made,))
            rows = self._db.execute(INDEX_KEY)
        return self._unwrap(rows[0][0], ABOUT_ITSELF)

    def _wrap(self, key: bytes, subject: bytes) -> bytes:
        return wrap(self._master, key, subject)

    def _unwrap(self, wrapped: bytes, subject: bytes) -> bytes:
        return unwrap(self._master, wrapped, subject)

    # Sealing and opening

    def seal(self, subject: UUID, plain: str) -> str:
        """Seal `plain` with the key of its subject. A new subject gets a key, which the next `save` makes durable.

        Data about a subject that was forgotten is not kept: the result holds only the subject's id.
        """
        if subject == NOBODY:
            raise ValueError("a personal datum needs a subject before it is written down")
        with self._lock:
            key = self._key(subject, make=True)
        if key is None:
            return SEALED + urlsafe_b64encode(subject.bytes).decode()
        nonce = os.urandom(NONCE)
        return SEALED + urlsafe_b64encode(subject.bytes + nonce + key.encrypt(nonce, plain.encode(), subject.bytes)).decode()

    def open(self, personal: Personal) -> str:
        """The plain datum; FORGOTTEN once its subject's key is destroyed."""
        return self.open_text(personal.sealed) if personal.sealed else personal.plain or ""

    def open_text(self, sealed: str) -> str:
        """As `open`, for sealed text in rows and stored events; other text is returned unchanged."""
        if not sealed.startswith(SEALED):
            return sealed
        try:
            raw = urlsafe_b64decode(sealed[len(SEALED) :])
            subject = UUID(bytes=raw[:16])
            with self._lock:
                key = self._key(subject, make=False)
            if key is None or len(raw) == 16:
                return FORGOTTEN
            return key.decrypt(raw[16 : 16 + NONCE], raw[16 + NONCE :], subject.bytes).decode()
        except (ValueError, InvalidTag):
            # A text that only looks sealed, or was manipulated.
            return FORGOTTEN

    def knows(self, subject: UUID) -> bool:
        """Whether the subject's data can still be read."""
        with self._lock:
            return self._key(subject, make=False) is not None

    def _key(self, subject: UUID, *, make: bool) -> AESGCM | None:
        if subject in self._open:
            return self._open[subject]
        key = None
        rows = self._db.execute("SELECT wrapped FROM keys WHERE subject = ?", (subject.bytes,))
        if not rows:
            if not make and subject not in self._fresh:
                return None
            key = AESGCM(self._fresh.setdefault(subject, os.urandom(32)))
        elif rows[0][0] is not None:
            key = AESGCM(self._unwrap(rows[0][0], subject.bytes))
        return self._remember(subject, key)

    def _remember(self, subject: UUID, key: AESGCM | None) -> AESGCM | None:
        self._open[subject] = key
        return key

    # Finding a subject

    def tag(self, tenant: UUID, kind: str, value: str) -> bytes:
        """The entry of the index for a phone or e-mail of a company. It reveals nothing without the index's key."""
        return hmac.digest(self._index_key, tenant.bytes + kind.encode() + b"\0" + value.encode(), "sha256")[:_TAG]

    def find(self, tag: bytes) -> UUID | None:
        """The subject that has this phone or e-mail; None if there is none."""
        with self._lock:
            known = self._found.get(tag)
            if known is not None:
                return known
            rows = self._db.execute("SELECT subject FROM names WHERE tag = ?", (tag,))
            return self._note(tag, UUID(bytes=rows[0][0])) if rows else None

    def _note(self, tag: bytes, subject: UUID) -> UUID:
        self._found[tag] = subject
        return subject

    # Writing

    def save(self, additions: Additions, exists: Callable[[UUID], bool] = lambda _: True) -> None:
        """Save every new key and the additions. Must be called before the events that need them are saved.

        exists: whether a subject has any events. Raises IntegrityError when another process was faster: it created a key for the
        same subject, or assigned a name to another subject. The events must then be sealed anew.
        Copies of destroyed keys remain in the database until `shred`.
        """
        with self._lock:
            if self._fresh or additions.names or additions.owners:
                self._write(additions, exists)
            if additions.destroyed:
                self._destroy(additions.destroyed)

    def _write(self, additions: Additions, exists: Callable[[UUID], bool]) -> None:
        names = [(tag, subject.bytes) for tag, subject in additions.names.items()]
        owners = [(subject.bytes, owner.bytes) for subject, owner in additions.owners.items()]
        with self._db.transaction() as others:
            if others:
                self._give_way(additions.names, exists)
            keys = [(subject.bytes, self._wrap(key, subject.bytes)) for subject, key in self._fresh.items()]
            self._db.executemany("INSERT INTO keys (subject, wrapped) VALUES (?, ?) ON CONFLICT DO NOTHING", keys)
            self._db.executemany("INSERT INTO names VALUES (?, ?) ON CONFLICT (tag) DO UPDATE SET subject = excluded.subject", names)
            self._db.executemany(
                "INSERT INTO keys (subject, owner) VALUES (?, ?) ON CONFLICT (subject) DO UPDATE SET owner = excluded.owner", owners
            )
        self._fresh.clear()
        for tag, subject in additions.names.items():
            self._note(tag, subject)

    def _give_way(self, names: dict[bytes, UUID], exists: Callable[[UUID], bool]) -> None:
        """Keep what other processes have written since this one read. Raises IntegrityError."""
        made = [
            UUID(bytes=subject) for (subject,) in self._those("SELECT subject FROM keys WHERE subject", [one.bytes for one in self._fresh])
        ]
        for subject in made:
            del self._fresh[subject]
            self._open.pop(subject, None)
        given = self._those("SELECT tag, subject FROM names WHERE tag", list(names))
        taken = [tag for tag, subject in given if subject != names[tag].bytes and exists(UUID(bytes=subject))]
        for tag in taken:
            self._found.pop(tag, None)
        if made or taken:
            raise IntegrityError("another process has just saved the same person")

    def _those(self, query: str, values: list[bytes]) -> Rows:
        """The rows of a query whose last column is one of these."""
        rows: Rows = []
        for start in range(0, len(values), _VALUES_A_QUERY):
            some = values[start : start + _VALUES_A_QUERY]
            rows += self._db.execute(f"{query} IN ({','.join('?' * len(some))})", some)
        return rows

    def destroy(self, subject: UUID) -> None:
        """Destroy the keys of a subject and of all that it owns, for good, even for the operator. A repeat changes nothing."""
        with self._lock:
            self._destroy({subject})
            self.shred()

    def shred(self) -> None:
        """Remove all copies of destroyed keys from the database. Without room for it, this is repeated by `shred_late`."""
        self._shred_late = True
        self._db.shred()
        self._shred_late = False

    def shred_late(self) -> None:
        """Remove the copies that an earlier `shred` could not remove."""
        if self._shred_late:
            self.shred()

    def _destroy(self, subjects: set[UUID]) -> None:
        doomed = [subject.bytes for subject in subjects]
        with self._db.transaction(notify=True):
            for owner in doomed:
                doomed.extend(one for (one,) in self._db.execute("SELECT subject FROM keys WHERE owner = ?", (owner,)) if one not in doomed)
            # An empty entry stays, so that later data about the same subject is not kept either.
            self._db.executemany(
                "INSERT INTO keys (subject) VALUES (?) ON CONFLICT (subject) DO UPDATE SET wrapped = NULL", [(one,) for one in doomed]
            )
            self._db.executemany("DELETE FROM names WHERE subject = ?", [(one,) for one in doomed])
        self._found.clear()
        for one in doomed:
            self._fresh.pop(UUID(bytes=one), None)
            self._remember(UUID(bytes=one), None)
