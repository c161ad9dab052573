"""Limits on connections: for a single client, so that it cannot use up those of others, and in total, so that the process never runs out of descriptors.

A connection is waiting while the server waits for its client: for headers, for the rest of a body, or for the next request. Others are
being answered: these are never closed, so that the live stream and long downloads go on.
"""

from __future__ import annotations

import resource
from collections import defaultdict
from typing import Protocol

_MOST = 65_536
_LEAST_RESERVED = 128
_RESERVED_PART = 4


class Connection(Protocol):
    """What is counted."""

    def close_now(self) -> None:
        """Close it without an answer; it is `removed` later."""


def most_connections(client_connections: int) -> tuple[int, int]:
    """How many connections all clients may have, and a single one of them.

    A quarter of the descriptors that the system allows (`ulimit -n`), 128 at least, is left for files and for connections to other
    servers; a single client has half of the rest at most, so that others always have room.
    """
    allowed = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    if allowed == resource.RLIM_INFINITY:
        allowed = 2 * _MOST
    total = max(16, min(_MOST, allowed - max(_LEAST_RESERVED, allowed // _RESERVED_PART)))
    return total, min(client_connections, total // 2)


class Connections:
    """The open connections of a server. most: of all clients. most_of_client: of a single one; a client "" has no limit of its own."""

    def __init__(self, most: int, most_of_client: int) -> None:
        self._most = most
        self._most_of_client = most_of_client
        self._open: dict[Connection, str] = {}
        # Dictionaries keep their order: the first has waited longest.
        self._waiting: dict[Connection, None] = {}
        self._waiting_of: defaultdict[str, dict[Connection, None]] = defaultdict(dict)
        self._count_of: defaultdict[str, int] = defaultdict(int)

    def __len__(self) -> int:
        return len(self._open)

    def add(self, connection: Connection, client: str) -> bool:
        """Count a new connection, which is waiting. Where there are too many, the one that has waited longest is closed; False if none is waiting."""
        if client and self._count_of[client] >= self._most_of_client and not self._close_oldest(self._waiting_of[client]):
            self._forget_if_unused(client)
            return False
        if len(self._open) >= self._most and not self._close_oldest(self._waiting):
            self._forget_if_unused(client)
            return False
        self._open[connection] = client
        self._count_of[client] += 1
        self.waits(connection)
        return True

    def waits(self, connection: Connection) -> None:
        """The server waits for the client from now on."""
        if connection in self._open and connection not in self._waiting:
            self._waiting[connection] = None
            self._waiting_of[self._open[connection]][connection] = None

    def is_answered(self, connection: Connection) -> None:
        """The server has a whole request of the client, and answers it from now on."""
        if connection in self._waiting:
            del self._waiting[connection]
            self._waiting_of[self._open[connection]].pop(connection)

    def removed(self, connection: Connection) -> None:
        """The connection is closed, or is about to be."""
        client = self._open.get(connection)
        if client is None:
            return
        self.is_answered(connection)
        del self._open[connection]
        self._count_of[client] -= 1
        self._forget_if_unused(client)

    def _close_oldest(self, waiting: dict[Connection, None]) -> bool:
        oldest = next(iter(waiting), None)
        if oldest is None:
            return False
        self.removed(oldest)
        oldest.close_now()
        return True

    def _forget_if_unused(self, client: str) -> None:
        if self._count_of[client] == 0:
            del self._count_of[client]
            self._waiting_of.pop(client, None)
