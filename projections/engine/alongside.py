"""Statements of one answer that are asked at the same time: the engine works outside of the interpreter's lock, and plans longer than it reads."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")

_THREADS = ThreadPoolExecutor(8, "alongside")


def alongside(ask: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> Future[T]:
    """Call `ask` in another thread. It must not wait for anything that is asked alongside itself: the threads are few."""
    return _THREADS.submit(ask, *args, **kwargs)
