"""Token buckets: how often each of many clients may ask, in the memory of one process."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from time import monotonic
from typing import NamedTuple

from cachetools import LRUCache

_ROUNDING = 1e-9
"""What a sum of fractions of tokens may lack: who has waited as told is not told to wait another second."""


class Taken(NamedTuple):
    """What became of an attempt to take a token. left: tokens after it. wait_s: seconds until there is one to take; 0 if one was taken."""

    left: float
    wait_s: float


class TokenBuckets:
    """A bucket for each client, which holds some tokens and fills evenly; a request takes one.

    most: the most buckets that are remembered; the least recently used ones are forgotten first. clock: returns monotonic seconds.
    """

    def __init__(self, most: int, clock: Callable[[], float] = monotonic) -> None:
        self._clock = clock
        self._buckets: LRUCache[Hashable, tuple[float, float]] = LRUCache(most)
        """By client: the tokens that were left, and at which instant."""

    def take(self, client: Hashable, size: float, per_second: float) -> Taken:
        """Take a token of a client's bucket, which holds `size` tokens at most and gets `per_second` new ones. Without one the bucket stays as it is."""
        now = self._clock()
        left, since = self._buckets.pop(client, (float(size), now))
        left = min(float(size), left + (now - since) * per_second)
        wait_s = 0.0 if left >= 1 - _ROUNDING else (1 - left) / per_second
        if not wait_s:
            left -= 1
        self._buckets[client] = (left, now)
        return Taken(left, wait_s)
