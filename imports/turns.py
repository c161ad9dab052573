"""Whose import runs next: one of a company at a time, and the companies in turn, so that nobody's many files keep others waiting."""

from __future__ import annotations

import logging
import threading
from collections import deque
from collections.abc import Callable
from time import monotonic
from uuid import UUID

log = logging.getLogger(__name__)

AT_ONCE = 2
"""Imports of this process. Each takes as much of a core as it gets, and calls go on beside them."""

OF_A_COMPANY = 1
"""The parts of one log speak of the same calls: each looks up what those before it have said."""

ENDS_WITHIN_S = 10.0
"""How long the end of running imports is awaited. They end within a second; a process that is killed loses nothing either."""

Work = Callable[[], None]


class ImportTurns:
    """Runs work in threads of its own. Thread-safe."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._waiting: dict[UUID, deque[Work]] = {}
        self._served: dict[UUID, int] = {}
        """When each company was served last, as a count of all that was begun."""
        self._running: list[UUID] = []
        self._closing = False
        self._threads = [threading.Thread(target=self._work, name=f"import-{number}", daemon=True) for number in range(AT_ONCE)]

    def add(self, company: UUID, work: Work) -> None:
        """Run it when it is its turn. It handles its own errors."""
        with self._changed:
            self._waiting.setdefault(company, deque()).append(work)
            if not self._threads[0].ident:
                for thread in self._threads:
                    thread.start()
            self._changed.notify()

    def close(self) -> None:
        """Begin nothing more, and wait until what runs has ended: it was told to."""
        with self._changed:
            self._closing = True
            self._waiting.clear()
            self._changed.notify_all()
        until = monotonic() + ENDS_WITHIN_S
        for thread in self._threads:
            if thread.ident:
                thread.join(max(0.0, until - monotonic()))
                if thread.is_alive():
                    log.warning("an import does not end; the process ends without it")

    def _work(self) -> None:
        while (next_one := self._next()) is not None:
            company, work = next_one
            try:
                work()
            except Exception:
                log.exception("an import has failed")
            finally:
                with self._changed:
                    self._running.remove(company)
                    self._changed.notify_all()

    def _next(self) -> tuple[UUID, Work] | None:
        """Wait for the next work; None at the end."""
        with self._changed:
            while not self._closing:
                may_begin = (one for one in self._waiting if self._running.count(one) < OF_A_COMPANY)
                company = min(may_begin, key=lambda one: self._served.get(one, 0), default=None)
                if company is not None:
                    return company, self._begun(company)
                self._changed.wait()
        return None

    def _begun(self, company: UUID) -> Work:
        waiting = self._waiting[company]
        work = waiting.popleft()
        if not waiting:
            del self._waiting[company]
        self._running.append(company)
        self._served[company] = max(self._served.values(), default=0) + 1
        return work
