"""A PostgreSQL server: its connections, and its errors in one line for operators."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any, TypeVar

import psycopg
from eventsourcing.persistence import IntegrityError
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from store.database import StoreUnavailable, Undone

CONNECT_S = 5
PAUSE_S = 0.1
_GIVEN_UP_S = 1.0
LOST_AFTER_S = 20
"""A server that acknowledges nothing for so long counts as unreachable (seconds)."""

_KEEPALIVES = {"keepalives_idle": 10, "keepalives_interval": 5, "keepalives_count": 2, "tcp_user_timeout": LOST_AFTER_S * 1000}

T = TypeVar("T")


class Server:
    """A database on a server."""

    def __init__(self, url: str, **options: int) -> None:
        """options: libpq options of the connections. Raises StoreUnavailable for an invalid URL."""
        try:
            address = conninfo_to_dict(url)
        except psycopg.ProgrammingError as error:
            raise StoreUnavailable(
                "the address of the store is not a PostgreSQL URL (postgresql://user:password@host:port/database)"
            ) from error
        self._name = f"PostgreSQL at {address.get('host', 'localhost')}:{address.get('port', 5432)}/{address.get('dbname', '')}"
        self._secret = str(address.get("password", ""))
        usual: dict[str, str | int] = {"connect_timeout": CONNECT_S, "application_name": "atende", "client_encoding": "utf8"}
        self._conninfo = make_conninfo(url, **{**usual, **_KEEPALIVES, **options})
        self._given_up = (0.0, "")

    def __str__(self) -> str:
        return self._name

    def connect(self, patience_s: float = 0) -> psycopg.Connection[Any]:
        """Make a new connection, with retries for `patience_s` seconds while the server is unreachable. Raises StoreUnavailable.

        Of callers that wait one after the other, those behind one that has just failed get its error at once.
        """
        until, why = self._given_up
        if patience_s and time.monotonic() < until:
            raise StoreUnavailable(why)
        until = time.monotonic() + patience_s
        while True:
            try:
                return self._connected()
            except psycopg.Error as error:
                if not isinstance(error, psycopg.OperationalError) or time.monotonic() > until:
                    self._given_up = (time.monotonic() + _GIVEN_UP_S, self.message_of(error))
                    raise StoreUnavailable(self.message_of(error)) from error
            time.sleep(PAUSE_S)

    def _connected(self) -> psycopg.Connection[Any]:
        db: psycopg.Connection[Any] = psycopg.connect(self._conninfo, autocommit=True)
        return db

    def run(self, work: Callable[[psycopg.Connection[Any]], T], db: psycopg.Connection[Any]) -> T:
        """Call `work` and translate its errors to the store's: Undone if the server is unreachable or the write lock is not free."""
        try:
            return work(db)
        except psycopg.IntegrityError as error:
            raise IntegrityError(*error.args) from error
        except (psycopg.OperationalError, psycopg.InterfaceError) as error:
            raise Undone(self.message_of(error)) from error
        except psycopg.Error as error:
            if db.closed:
                raise Undone(self.message_of(error)) from error
            raise StoreUnavailable(self.message_of(error)) from error

    def message_of(self, error: Exception) -> str:
        """The error in one line, without the password: the line of the driver's message that holds the reason."""
        lines = [line.strip() for line in str(error).splitlines() if line.strip()]
        reason = next((line for line in lines if "FATAL" in line or "failed" in line), lines[0] if lines else type(error).__name__)
        if self._secret:
            reason = reason.replace(self._secret, "***")
        return f"{self}: {reason}"


def channel_of(schema: str) -> str:
    """The notification channel for changes in a schema."""
    return f"atende_{schema}"
