"""Waiting for a condition that another thread or process makes true."""

from __future__ import annotations

import time
from collections.abc import Callable

DEADLINE_S = 90


def within(condition: Callable[[], bool], seconds: float = DEADLINE_S) -> None:
    """Return as soon as the condition is true; fail after the deadline."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it never came true"
        time.sleep(0.005)
