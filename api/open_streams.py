"""How many streams a caller has open at the same time: each holds a connection, and has the log read or questions answered again and again."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Iterator
from contextlib import contextmanager

from api.problem import Problem

LIVE = 10
"""Live streams of one user or API key in this process: a page in each of some browsers, or each process of an integration, has one."""

WATCHED = 60
"""Streams of watched answers: a browser has one, or one in each of its tabs, and many people may have the same user."""

RETRY_S = 5
"""Whole seconds after which who is refused should try again: a stream ends when its client goes, at the next message or keep-alive at the latest."""


class OpenStreams:
    """The open streams of this process, by caller. Used in one event loop."""

    def __init__(self, most: int) -> None:
        """most: of a caller."""
        self._most = most
        self._open: Counter[Hashable] = Counter()

    @contextmanager
    def one(self, caller: Hashable) -> Iterator[None]:
        """Have one stream more during the block. Raises Problem (429, `too-many-streams`) for one too many."""
        if self._open[caller] >= self._most:
            detail = f"{self._most} streams of this user or API key are open: close one, and try again in {RETRY_S} s"
            raise Problem("too-many-requests", detail, headers={"Retry-After": str(RETRY_S)}, code="too-many-streams")
        self._open[caller] += 1
        try:
            yield
        finally:
            self._open[caller] -= 1
            if not self._open[caller]:
                del self._open[caller]
