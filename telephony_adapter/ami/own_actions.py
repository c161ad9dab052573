"""What Atende itself does with members of the PBX's queues, and of which the PBX then tells: nobody has left or joined because of it."""

from __future__ import annotations

from collections import Counter
from threading import Lock
from typing import Literal

Kind = Literal["echo", "renewal"]
"""echo: the PBX repeats what Atende has said already. renewal: half of taking a member out and putting it back at once, for people nothing at all."""

_Key = tuple[str, str, str]
"""The action, the queue, and the interface of its member."""


class OwnActions:
    """Tells events of own actions apart from those of others. An accepted action has one event, in the order of the actions.

    Thread-safe: effects perform actions, the translator meets their events.
    """

    def __init__(self) -> None:
        self._lock = Lock()
        self._awaited: dict[Kind, Counter[_Key]] = {"renewal": Counter(), "echo": Counter()}

    def begin(self, kind: Kind, action: str, queue: str, interface: str) -> None:
        """The action is about to be sent."""
        with self._lock:
            self._awaited[kind][action, queue, interface] += 1

    def cancel(self, kind: Kind, action: str, queue: str, interface: str) -> None:
        """The PBX has refused it, and tells of nothing."""
        with self._lock:
            self._took(kind, (action, queue, interface))

    def met(self, action: str, queue: str, interface: str) -> Kind | None:
        """An event of such an action: what it is, if the action was an own one."""
        with self._lock:
            return next((kind for kind in self._awaited if self._took(kind, (action, queue, interface))), None)

    def forget(self) -> None:
        """A new connection: events of the one before do not come any more, and lists say who is a member."""
        with self._lock:
            for awaited in self._awaited.values():
                awaited.clear()

    def _took(self, kind: Kind, key: _Key) -> bool:
        awaited = self._awaited[kind]
        if not awaited[key]:
            return False
        awaited[key] -= 1
        return True
