"""Who is signed in: families of refresh tokens, of which only the newest one is good.

A refresh token is used once and replaced. One that comes a second time was stolen, or its successor was: the whole
family ends, and the user signs in anew. Only digests are kept.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass
from uuid import UUID, uuid4

from store.clock import Clock
from store.event_store import Store

VALID_US = 14 * 24 * 3600 * 1_000_000
"""A session ends when its token was not used for two weeks."""

_SECRET_BYTES = 24


@dataclass(frozen=True)
class Session:
    """A user of a company who is signed in. `token`: the one refresh token that is good now, for the user's eyes only."""

    tenant: UUID
    user: UUID
    token: str


class Sessions:
    """The sessions of a store. Thread-safe; what is returned is on disk."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._recorder = store.recorder
        self._clock = clock

    def open(self, tenant: UUID, user: UUID) -> Session:
        """A session of a user who has just proved who they are."""
        token = uuid4().bytes + secrets.token_bytes(_SECRET_BYTES)
        now = self._clock.now_us()
        with self._recorder.transaction() as db:
            db.execute("DELETE FROM sessions WHERE expires_at <= ?", (now,))
            row = (token[:16], tenant.bytes, user.bytes, _digest(token), now + VALID_US)
            db.execute("INSERT INTO sessions VALUES (?, ?, ?, ?, ?)", row)
        return Session(tenant, user, _written(token))

    def renew(self, token: str) -> Session | None:
        """The session goes on with a new token; None when the token is not good, and if it ever was the session ends."""
        old = _read(token)
        new = old[:16] + secrets.token_bytes(_SECRET_BYTES)
        now = self._clock.now_us()
        with self._recorder.transaction() as db:
            rows = db.execute('SELECT tenant, "user", digest, expires_at FROM sessions WHERE id = ?', (old[:16],))
            if not rows:
                return None
            (row,) = rows
            if row[3] <= now or not hmac.compare_digest(row[2], _digest(old)):
                db.execute("DELETE FROM sessions WHERE id = ?", (old[:16],))
                return None
            db.execute("UPDATE sessions SET digest = ?, expires_at = ? WHERE id = ?", (_digest(new), now + VALID_US, old[:16]))
        return Session(UUID(bytes=row[0]), UUID(bytes=row[1]), _written(new))

    def close(self, token: str) -> None:
        """Sign out of the session to which a token belongs."""
        with self._recorder.transaction() as db:
            db.execute("DELETE FROM sessions WHERE id = ?", (_read(token)[:16],))

    def close_all(self, user: UUID) -> None:
        """Sign a user out everywhere: after a new password, or when kept out."""
        with self._recorder.transaction() as db:
            db.execute('DELETE FROM sessions WHERE "user" = ?', (user.bytes,))


def _written(token: bytes) -> str:
    return urlsafe_b64encode(token).decode().rstrip("=")


def _read(token: str) -> bytes:
    try:
        return urlsafe_b64decode(token + "=" * (-len(token) % 4))
    except ValueError:
        return b""


def _digest(token: bytes) -> bytes:
    return hashlib.sha256(token).digest()
