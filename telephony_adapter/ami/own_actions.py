"""What Atende itself does with members of the PBX's queues, and of which the PBX then tells: nobody has left or joined because of it."""

from __future__ import annotations

from collections.abc import Callable
from threading import Lock
from time import monotonic
from typing import Literal

Kind = Literal["echo", "renewal"]
"""echo: the PBX repeats what Atende has said already.

renewal: half of taking a member out and putting the person back at once, by the same telephone or another; for people nothing at all.
"""

AWAITED_S = 15.0
"""The PBX tells of an action at once. What it has not told of by then it does not tell of: a later event is of somebody else."""

_Key = tuple[Kind, str, str, str]
"""The kind, the action, the queue, and the interface of its member."""


class OwnActions:
    """Tells events of own actions apart from those of others. An accepted action has at most one event, in the order of the actions.

    Thread-safe: effects perform actions, the translator meets their events. now_s: a clock that only goes forward (seconds).
    """

    def __init__(self, now_s: Callable[[], float] = monotonic) -> None:
        self._now_s = now_s
        self._lock = Lock()
        self._awaited: list[tuple[_Key, float]] = []
        """Those whose event has not come, with their instants; the oldest first."""

    def begin(self, kind: Kind, action: str, queue: str, interface: str) -> None:
        """The action is about to be sent."""
        with self._lock:
            self._awaited.append(((kind, action, queue, interface), self._now_s()))

    def cancel(self, kind: Kind, action: str, queue: str, interface: str) -> None:
        """The PBX has refused it, and tells of nothing."""
        with self._lock:
            newest = next((each for each in reversed(self._awaited) if each[0] == (kind, action, queue, interface)), None)
            if newest is not None:
                self._awaited.remove(newest)

    def met(self, action: str, queue: str, interface: str) -> Kind | None:
        """An event of such an action: what it is, if the action was an own one."""
        with self._lock:
            since = self._now_s() - AWAITED_S
            self._awaited = [each for each in self._awaited if each[1] >= since]
            for number, ((kind, *of), _) in enumerate(self._awaited):
                if of == [action, queue, interface]:
                    del self._awaited[number]
                    return kind
            return None

    def forget(self) -> None:
        """A new connection: events of the one before do not come any more, and lists say who is a member."""
        with self._lock:
            self._awaited.clear()
