"""Access to observations of earlier imports, for lines about their calls: parts of a log may be imported one by one."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple, Protocol

from domain.voice.facts import Fact


class OpenWait(NamedTuple):
    """A visit without an end. offered_us: when the call entered the queue."""

    queue: str
    offered_us: int


class Earlier(Protocol):
    """Calls that were observed before this import."""

    def open_talk(self, queue: str, agent: str, answered_us: int, near_us: int) -> str | None:
        """The call whose talk with the agent began then, within `near_us`, and has no end yet."""

    def open_waits(self, call: str) -> Sequence[OpenWait]:
        """The queues in which this call waits."""

    def last_talk(self, agent: str, until_us: int) -> tuple[str, str] | None:
        """The call and the queue of the agent's latest talk that began before `until_us`."""

    def transfers(self, since_us: int) -> Iterable[tuple[str, Fact]]:
        """Ends of talks since then that were observed under the id of a consultation without a talk of its own: the consultation and the fact."""

    def wrap_ups(self, since_us: int, until_us: int) -> Iterable[tuple[str, Fact]]:
        """Wrap-ups of that time whose talk was not known when they were observed: the call of that talk, and the wrap-up."""


class NothingEarlier:
    """For a source without earlier imports."""

    def open_talk(self, queue: str, agent: str, answered_us: int, near_us: int) -> str | None:  # noqa: ARG002
        """None."""
        return None

    def open_waits(self, call: str) -> Sequence[OpenWait]:  # noqa: ARG002
        """None."""
        return ()

    def last_talk(self, agent: str, until_us: int) -> tuple[str, str] | None:  # noqa: ARG002
        """None."""
        return None

    def transfers(self, since_us: int) -> Iterable[tuple[str, Fact]]:  # noqa: ARG002
        """None."""
        return ()

    def wrap_ups(self, since_us: int, until_us: int) -> Iterable[tuple[str, Fact]]:  # noqa: ARG002
        """None."""
        return ()
