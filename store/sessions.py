"""Sessions of signed-in users: families of refresh tokens, of which only the newest one is valid.

A refresh token is used once and replaced. A second use means that the token or its successor was stolen: the whole
family ends, and the user must sign in again. Only digests are stored.
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
"""A session ends when its token is not used for two weeks (microseconds)."""

_SECRET_BYTES = 24


@dataclass(frozen=True)
class Session:
    """A user of a company who is signed in. `token`: the one valid refresh token, which only the user may see."""

    tenant: UUID
    user: UUID
    token: str


class Sessions:
    """The sessions of a store. Thread-safe; a returned session is on disk."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._recorder = store.recorder
        self._clock = clock

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
        """Continue a session with a new token. Returns None for an invalid token; a token that was valid before also ends the session."""
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
        """End the session to which a token belongs."""
        with self._recorder.transaction() as db:
            db.execute("DELETE FROM sessions WHERE id = ?", (_read(token)[:16],))

    def close_all(self, user: UUID) -> None:
        """End all sessions of a user: after a new password, or when the user is deactivated."""
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
