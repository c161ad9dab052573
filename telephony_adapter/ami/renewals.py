"""Members that Atende takes out of a queue and puts back at once, to end their wrap-up there: for people they have never left."""

from __future__ import annotations

from threading import Lock

Key = tuple[str, str]
"""A queue and the interface of its member."""


class Renewals:
    """Tells the echo of a renewal apart from members who leave and join. Thread-safe: effects begin renewals, the translator meets their events."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._leaving: set[Key] = set()
        self._returning: set[Key] = set()

    def begin(self, queue: str, interface: str) -> None:
        """The member is about to be removed and added again."""
        with self._lock:
            self._leaving.add((queue, interface))

    def cancel(self, queue: str, interface: str) -> None:
        """The PBX did not remove the member."""
        with self._lock:
            self._leaving.discard((queue, interface))

    def forget(self) -> None:
        """A new connection: events of the one before do not come any more, and lists say who is a member."""
        with self._lock:
            self._leaving.clear()
            self._returning.clear()

    def is_leave(self, queue: str, interface: str) -> bool:
        """Whether this departure is the first half of a renewal."""
        return self._moves((queue, interface), self._leaving, self._returning)

    def is_return(self, queue: str, interface: str) -> bool:
        """Whether this arrival is the second half of a renewal."""
        return self._moves((queue, interface), self._returning, None)

    def _moves(self, key: Key, source: set[Key], to: set[Key] | None) -> bool:
        with self._lock:
            if key not in source:
                return False
            source.remove(key)
            if to is not None:
                to.add(key)
            return True
