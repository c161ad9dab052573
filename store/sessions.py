"""Sessions of signed-in users: families of refresh tokens, of which the newest one is valid.

A refresh token is used once and replaced by its successor. For GRACE_US a used token still leads to the newest one: two windows of a browser may
renew at once, and an answer may be lost on its way. Later, a second use means that the token was stolen: the whole family ends, and the user must
sign in again.

Only digests are stored. A successor is derived from its predecessor with the key of the server, so that it can be given twice without being stored.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass
from uuid import UUID, uuid4

from store.clock import Clock
from store.database import Database
from store.event_store import Store

VALID_US = 14 * 24 * 3600 * 1_000_000
"""A session ends when its token is not used for two weeks (microseconds)."""

GRACE_US = 60 * 1_000_000
"""For so long (microseconds) a refresh token that was used leads to its successor."""

_SECRET_BYTES = 24
_MOST_ROTATIONS = 20
"""A token that was used within the grace is followed over so many successors. Nobody renews more often in a minute."""


@dataclass(frozen=True)
class Session:
    """A user of a company who is signed in. `token`: the one valid refresh token, which only the user may see."""

    tenant: UUID
    user: UUID
    token: str


class Sessions:
    """The sessions of a store. Thread-safe; a returned session is on disk."""

    def __init__(self, store: Store, clock: Clock, secret: str) -> None:
        """secret: of the deployment, the same in all its processes. Successors are derived with it."""
        self._recorder = store.recorder
        self._clock = clock
        self._key = hmac.digest(secret.encode(), b"successors of refresh tokens", "sha256")

    def open(self, tenant: UUID, user: UUID) -> Session:
        """Open a session for a user whose credentials were checked."""
        token = uuid4().bytes + secrets.token_bytes(_SECRET_BYTES)
        now = self._clock.now_us()
        with self._recorder.transaction() as db:
            db.execute("DELETE FROM sessions WHERE expires_at <= ?", (now,))
            row = (token[:16], tenant.bytes, user.bytes, _digest(token), now + VALID_US)
            db.execute("INSERT INTO sessions VALUES (?, ?, ?, ?, ?)", row)
        return Session(tenant, user, _written(token))

    def renew(self, token: str) -> Session | None:
        """Continue a session with a new token, or with the newest one if this one was used within the grace. Returns None for an invalid token; one
        that was used earlier also ends the session.
        """
        old = _read(token)
        id, now = old[:16], self._clock.now_us()
        # The transaction excludes all other writers, of other processes too.
        with self._recorder.transaction() as db:
            rows = db.execute('SELECT tenant, "user", digest, expires_at FROM sessions WHERE id = ?', (id,))
            if not rows:
                return None
            (tenant, user, newest, expires_at) = rows[0]
            new = self._after(old, newest, now, db) if now < expires_at else None
            if new is None:
                _end(db, id)
                return None
        return Session(UUID(bytes=tenant), UUID(bytes=user), _written(new))

    def _after(self, old: bytes, newest: bytes, now: int, db: Database) -> bytes | None:
        """The token with which the session of `old` continues; None if `old` is not accepted. newest: the digest of the session's newest token."""
        digest = _digest(old)
        if hmac.compare_digest(newest, digest):
            new = self._successor(old)
            db.execute("DELETE FROM rotated_tokens WHERE rotated_at <= ?", (now - GRACE_US,))
            db.execute("INSERT INTO rotated_tokens VALUES (?, ?, ?)", (digest, old[:16], now))
            db.execute("UPDATE sessions SET digest = ?, expires_at = ? WHERE id = ?", (_digest(new), now + VALID_US, old[:16]))
            return new
        rotated = db.execute("SELECT rotated_at FROM rotated_tokens WHERE digest = ?", (digest,))
        if not rotated or now >= rotated[0][0] + GRACE_US:
            return None
        for _ in range(_MOST_ROTATIONS):
            old = self._successor(old)
            if hmac.compare_digest(newest, _digest(old)):
                return old
        return None

    def _successor(self, token: bytes) -> bytes:
        return token[:16] + hmac.digest(self._key, token, "sha256")[:_SECRET_BYTES]

    def close(self, token: str) -> None:
        """End the session to which a token belongs."""
        with self._recorder.transaction() as db:
            _end(db, _read(token)[:16])

    def close_all(self, user: UUID) -> None:
        """End all sessions of a user: after a new password, or when the user is deactivated."""
        with self._recorder.transaction() as db:
            db.execute('DELETE FROM sessions WHERE "user" = ?', (user.bytes,))


def _end(db: Database, id: bytes) -> None:
    db.execute("DELETE FROM sessions WHERE id = ?", (id,))
    db.execute("DELETE FROM rotated_tokens WHERE session = ?", (id,))


def _written(token: bytes) -> str:
    return urlsafe_b64encode(token).decode().rstrip("=")


def _read(token: str) -> bytes:
    try:
        return urlsafe_b64decode(token + "=" * (-len(token) % 4))
    except ValueError:
        return b""


def _digest(token: bytes) -> bytes:
    return hashlib.sha256(token).digest()
