"""What comes true in another thread or process."""

from __future__ import annotations

import time
from collections.abc import Callable

DEADLINE_S = 90


def within(condition: Callable[[], bool], seconds: float = DEADLINE_S) -> None:
    """Go on as soon as it is true; fail when it never is."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it never came true"
        time.sleep(0.005)
