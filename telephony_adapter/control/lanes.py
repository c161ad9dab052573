"""Jobs in lanes: those of one lane run one after the other, those of different lanes at the same time."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Hashable
from concurrent.futures import ThreadPoolExecutor

AT_ONCE = 32
"""Some jobs wait for a telephone that rings."""

Job = Callable[[], object]


class Lanes:
    """Runs jobs in at most `AT_ONCE` threads. A job must not raise."""

    def __init__(self, name: str) -> None:
        self._pool = ThreadPoolExecutor(AT_ONCE, thread_name_prefix=name)
        self._lock = threading.Condition()
        self._waiting: dict[Hashable, deque[tuple[Hashable, Job]]] = {}
        """By lane, for those in which a job runs: what each job is for, and the job."""
        self._closed = False

    def add(self, lane: Hashable, job: Job, *, instead: Hashable = None) -> None:
        """Run it after the jobs of this lane. instead: what it is for, so that it replaces those that wait there for the same; None: it replaces none. After `close` it is dropped."""
        with self._lock:
            if self._closed:
                return
            waiting = self._waiting.get(lane)
            if waiting is None:
                self._waiting[lane] = deque()
                self._pool.submit(self._run, lane, job)
                return
            others = [each for each in waiting if instead is None or each[0] != instead]
            self._waiting[lane] = deque([*others, (instead, job)])

    def _run(self, lane: Hashable, job: Job) -> None:
        following: Job | None = job
        while following is not None:
            following()
            with self._lock:
                waiting = self._waiting[lane]
                following = waiting.popleft()[1] if waiting else None
                if following is None:
                    del self._waiting[lane]
                    self._lock.notify_all()

    def wait_until_idle(self, timeout_s: float) -> bool:
        """Wait until no job runs or waits; False if that takes longer."""
        with self._lock:
            return self._lock.wait_for(lambda: not self._waiting, timeout_s)

    def close(self) -> None:
        """Take no more, and wait for what runs and waits."""
        with self._lock:
            self._closed = True
        self._pool.shutdown()
