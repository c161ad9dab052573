"""A lock for work that only one process of a deployment may do: relay the log, swap the rows.

A lock belongs to a connection of its own. A holder that dies, is cut off or hangs loses it within 10 s: the server expects
traffic more often than that, and a thread of the process sends it. A process that hung may continue without its lock, so it
must call `still_held` before each step that only the holder may take.
"""

from __future__ import annotations

import threading
from hashlib import sha256
from types import TracebackType
from typing import Any, Self

import psycopg
from psycopg.types.json import Jsonb

from store.database import StoreUnavailable, Undone
from store.postgres_server import Server, channel_of

LOST_AFTER_S = 6
"""A holder that sends the server nothing for so long loses the lock (seconds)."""

_SIGN_S = 1.0
_CONNECTION = {"keepalives_idle": 2, "keepalives_interval": 2, "keepalives_count": 2, "tcp_user_timeout": 6_000}
_SESSION = {
    "tcp_keepalives_idle": "2",
    "tcp_keepalives_interval": "2",
    "tcp_keepalives_count": "2",
    "tcp_user_timeout": "6s",
    "client_connection_check_interval": "2s",  # a process that died while waiting blocks those behind it
    "idle_session_timeout": f"{LOST_AFTER_S}s",
}
"""The settings on the server's side. Settings that an older server or another operating system does not support are left out."""

_SETTINGS = "SELECT set_config(name, %s::jsonb ->> name, false) FROM pg_settings WHERE name = ANY(%s)"


class ServerLock:
    """The lock of this name in a database, exclusive or shared. Thread-safe.

    `take` may be called again after the lock was lost or released. The connection is made when it is needed.
    """

    def __init__(self, url: str, name: str) -> None:
        """Raises StoreUnavailable for an invalid URL."""
        self.name = name
        self._server = Server(url, **_CONNECTION)
        self._number = int.from_bytes(sha256(f"lock {name}".encode()).digest()[:8], "big", signed=True)
        self._mutex = threading.Lock()
        self._db: psycopg.Connection[Any] | None = None
        self._release: str | None = None
        self._closing = threading.Event()
        self._signs: threading.Thread | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    def take(self, timeout_s: float, *, shared: bool = False) -> bool:
        """Wait up to `timeout_s` for the lock. Returns False when another holder still has it. Raises StoreUnavailable if the server is unreachable."""
        kind = "_shared" if shared else ""
        statement = f"SET lock_timeout = {max(1, round(timeout_s * 1000))}; SELECT pg_advisory_lock{kind}({self._number})"
        with self._mutex:
            assert self._release is None, f"the lock {self.name} is held already"
            try:
                taken = self._take(statement)
            except Undone:
                # The earlier connection may have been lost since.
                taken = self._take(statement)
            if taken:
                self._release = f"SELECT pg_advisory_unlock{kind}({self._number})"
            return taken

    def _take(self, statement: str) -> bool:
        def work(db: psycopg.Connection[Any]) -> bool:
            try:
                db.execute(statement)
            except psycopg.errors.LockNotAvailable:
                return False
            return True

        return self._server.run(work, self._live())

    def _live(self) -> psycopg.Connection[Any]:
        if self._db is None or self._db.closed:
            db = self._server.connect()
            settings = Jsonb(_SESSION)
            self._server.run(lambda db: db.execute(_SETTINGS, (settings, list(_SESSION))), db)
            self._db = db
        if self._signs is None:
            self._signs = threading.Thread(target=self._keep_alive, name=f"lock-{self.name}", daemon=True)
            self._signs.start()
        return self._db

    def _keep_alive(self) -> None:
        """Send traffic to the server while the process runs."""
        while not self._closing.wait(_SIGN_S):
            with self._mutex:
                self._ping()

    def _ping(self) -> bool:
        if self._db is None or self._db.closed:
            return False
        try:
            self._db.execute("SELECT 1")
        except psycopg.Error:
            self._db.close()
        return not self._db.closed

    def still_held(self) -> bool:
        """Whether the lock is held now, confirmed by the server. Once lost, it stays False until the lock is taken again."""
        with self._mutex:
            if self._release is not None and not self._ping():
                self._release = None
            return self._release is not None

    def release(self, notify: str = "") -> bool:
        """Release the lock; False if it was lost before. `notify`: a schema whose listeners are notified in the same round trip."""
        with self._mutex:
            release, self._release = self._release, None
            if release is None or self._db is None or self._db.closed:
                return False
            statement = f"{release}; NOTIFY {channel_of(notify)}" if notify else release
            try:
                self._server.run(lambda db: db.execute(statement), self._db)
            except StoreUnavailable:
                self._db.close()
                return False
            return True

    def close(self) -> None:
        """Release the lock and close the connection. Can be repeated."""
        self._closing.set()
        with self._mutex:
            self._release = None
            if self._db is not None:
                self._db.close()
        if self._signs is not None:
            self._signs.join()
