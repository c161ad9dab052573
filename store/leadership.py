"""The leadership of one process among those that could do the same work: the process managers, the adapter of an Asterisk."""

from __future__ import annotations

from typing import Protocol


class Leadership(Protocol):
    """Whether this process does a work that only one process of a deployment may do. A `ServerLock` implements it."""

    def take(self, timeout_s: float) -> bool:
        """Wait up to `timeout_s` seconds to become the leader; whether this process is it now."""

    def still_held(self) -> bool:
        """Whether this process still is the leader."""

    def release(self) -> bool:
        """Give up the leadership."""


class Sole:
    """The leadership of the only process on a log."""

    def take(self, timeout_s: float) -> bool:  # noqa: ARG002 - there is no other process to wait for
        """Always True."""
        return True

    def still_held(self) -> bool:
        """Always True."""
        return True

    def release(self) -> bool:
        """Does nothing."""
        return True
