"""Who alone may do a thing in a deployment of many processes: relay its log, swap its rows.

A lock belongs to a connection of its own. Whoever dies, is cut off or stands still loses it within 10 s: the server asks for a sign
of life more often than that, and a thread gives it while the process runs. A process that stood still may wake up
without its lock: it asks `still_held` before each step that only the holder may take.
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
"""A holder of which the server hears nothing for so long has lost the lock."""

_SIGN_S = 1.0
_CONNECTION = {"keepalives_idle": 2, "keepalives_interval": 2, "keepalives_count": 2, "tcp_user_timeout": 6_000}
_SESSION = {
    "tcp_keepalives_idle": "2",
    "tcp_keepalives_interval": "2",
    "tcp_keepalives_count": "2",
    "tcp_user_timeout": "6s",
    "client_connection_check_interval": "2s",  # one that died while it waits in the queue holds up those behind it
    "idle_session_timeout": f"{LOST_AFTER_S}s",
}
"""The server's side of it. What an older server or another operating system does not know is left out."""

_SETTINGS = "SELECT set_config(name, %s::jsonb ->> name, false) FROM pg_settings WHERE name = ANY(%s)"


class ServerLock:
    """The lock of this name in a database: of one holder, or shared by many of whom none holds it alone. Thread-safe.

    `take` may be called again when it was lost or let go of; the connection is made when it is needed.
    """

    def __init__(self, url: str, name: str) -> None:
        """Raises StoreUnavailable where the URL is none."""
        self.name = name
        self._server = Server(url, **_CONNECTION)
        self._number = int.from_bytes(sha256(f"lock {name}".encode()).digest()[:8], "big", signed=True)
        self._turn = threading.Lock()
        self._db: psycopg.Connection[Any] | None = None
        self._release: str | None = None
        self._closing = threading.Event()
        self._signs: threading.Thread | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    def take(self, timeout_s: float, *, shared: bool = False) -> bool:
        """Wait for it so long; False when somebody else has it still. Raises StoreUnavailable where the server is away."""
        kind = "_shared" if shared else ""
        statement = f"SET lock_timeout = {max(1, round(timeout_s * 1000))}; SELECT pg_advisory_lock{kind}({self._number})"
        with self._turn:
            assert self._release is None, f"the lock {self.name} is held already"
            try:
                taken = self._take(statement)
            except Undone:
                # The connection of the last time may have been lost since.
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

        return self._server.asked(work, self._live())

    def _live(self) -> psycopg.Connection[Any]:
        if self._db is None or self._db.closed:
            db = self._server.connect()
            told = Jsonb(_SESSION)
            self._server.asked(lambda db: db.execute(_SETTINGS, (told, list(_SESSION))), db)
            self._db = db
        if self._signs is None:
            self._signs = threading.Thread(target=self._give_signs, name=f"lock-{self.name}", daemon=True)
            self._signs.start()
        return self._db

    def _give_signs(self) -> None:
        """While the process runs the server hears of it."""
        while not self._closing.wait(_SIGN_S):
            with self._turn:
                self._says_something()

    def _says_something(self) -> bool:
        if self._db is None or self._db.closed:
            return False
        try:
            self._db.execute("SELECT 1")
        except psycopg.Error:
            self._db.close()
        return not self._db.closed

    def still_held(self) -> bool:
        """Whether it is held now: the server has just said so. False for ever once it was lost, until it is taken again."""
        with self._turn:
            if self._release is not None and not self._says_something():
                self._release = None
            return self._release is not None

    def release(self, notify: str = "") -> bool:
        """Let go of it; False if it was lost before. Whoever listens to the schema `notify` hears of it in the same round trip."""
        with self._turn:
            release, self._release = self._release, None
            if release is None or self._db is None or self._db.closed:
                return False
            statement = f"{release}; NOTIFY {channel_of(notify)}" if notify else release
            try:
                self._server.asked(lambda db: db.execute(statement), self._db)
            except StoreUnavailable:
                self._db.close()
                return False
            return True

    def close(self) -> None:
        """Let go of it and of the connection. Can be repeated."""
        self._closing.set()
        with self._turn:
            self._release = None
            if self._db is not None:
                self._db.close()
        if self._signs is not None:
            self._signs.join()
