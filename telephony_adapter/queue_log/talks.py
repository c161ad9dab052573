"""Open talks and waits so far, for lines that name another call than the one they refer to.

An attended transfer into a queue is logged under the id of the agent's consultation, though the talk that it ends, and the
visit that continues, belong to the customer's call. A wrap-up may name no call at all.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from typing import NamedTuple

from domain.base import MS, SECOND
from domain.voice.facts import Fact
from domain.voice.uniqueids import born_us
from telephony_adapter.queue_log.earlier import Earlier, NothingEarlier

SAME_US = 2 * SECOND
"""An instant that is calculated from durations in whole seconds is this exact."""

_AT_MOST = 16
"""The number of latest talks of one agent in one queue without an end that are kept."""


class _Talk(NamedTuple):
    call: str
    answered: int
    wait_ms: int | None


class _Over(NamedTuple):
    call: str
    queue: str
    at: int


class Talks:
    """Open talks by queue and agent, open waits by call, and each agent's last talk. It takes every fact, in the order of the lines."""

    def __init__(self, earlier: Earlier | None = None) -> None:
        self._earlier: Earlier = earlier or NothingEarlier()
        self._open: dict[tuple[str, str], deque[_Talk]] = {}
        self._waits: dict[str, dict[str, Fact]] = {}
        self._last: dict[str, _Over] = {}
        self._moved: dict[tuple[str, str], str] = {}
        self._latest: dict[str, int] = {}

    def take(self, call: str, fact: Fact) -> None:
        """Take a line's fact about `call`."""
        if fact.kind == "offered":
            self._waits.setdefault(call, {})[fact.queue] = fact
        elif fact.kind == "answered":
            self._wait_over(call, fact.queue)
            self._open.setdefault((fact.queue, fact.agent), deque(maxlen=_AT_MOST)).append(_Talk(call, fact.at, fact.wait_ms))
        elif fact.kind == "released":
            self._talk_over(call, fact)
        elif fact.wait_ms is not None or fact.kind in ("abandoned", "emptied", "timed_out", "left_by_key", "withdrawn"):
            self._wait_over(call, fact.queue)

    def set_back(self, call: str, at: int, *, goes_on: bool) -> int | None:
        """The later instant that an earlier line of this call has, if the clock was set back between the two."""
        before = self._latest.get(call)
        if goes_on:
            self._latest[call] = at
        else:
            self._latest.pop(call, None)
        return before if before is not None and at < before else None

    def whose(self, call: str, fact: Fact) -> str:
        """The call whose talk `fact` ends: `call` itself, unless it is a transfer and only another call's durations, queue and agent match."""
        if fact.by != "transfer" or fact.talk_ms is None:
            return call
        answered = fact.at - fact.talk_ms * MS
        talks = self._open.get((fact.queue, fact.agent), ())
        if 0 < born_us(call) <= answered or any(talk.call == call for talk in talks):
            return call  # A consultation begins after the talk from which it is made.
        near = [talk.call for talk in talks if _matches(talk, fact)]
        if near:
            return near[-1]
        return (self._earlier.open_talk(fact.queue, fact.agent, answered, SAME_US) if born_us(call) else None) or call

    def move(self, leg: str, call: str) -> Iterator[Fact]:
        """Move the open visits of `leg` to `call`. Returns their offers."""
        waits = self._waits.pop(leg, {})
        for queue, offered_us in () if waits else self._earlier.open_waits(leg):
            waits[queue] = Fact("offered", offered_us, "log", queue, ref=f"{leg}:ENTERQUEUE")
        for queue, offered in waits.items():
            self._moved[leg, queue] = call
            self._waits.setdefault(call, {})[queue] = offered
            yield offered

    def ended_by_earlier_transfers(self) -> Iterator[tuple[str, str, Fact]]:
        """For open talks: the consultation, the call, and the end that an earlier import observed under the consultation's id."""
        if not self._open:
            return
        since = min(talk.answered for talks in self._open.values() for talk in talks)
        for leg, fact in self._earlier.transfers(since):
            call = self.whose(leg, fact)
            if call != leg:
                yield leg, call, fact

    def earlier_wrap_ups(self, since_us: int, until_us: int) -> list[tuple[str, Fact]]:
        """Wrap-ups of that time that an earlier import observed without a call: the call, and the wrap-up."""
        return list(self._earlier.wrap_ups(since_us, until_us + SAME_US))

    def now_of(self, call: str, queue: str) -> str:
        """The id of the call that now has the visit of this call to this queue."""
        return self._moved.get((call, queue), call)

    def talked(self, agent: str, at: int) -> tuple[str, str] | None:
        """The call and the queue of the talk that the agent has just ended, or is about to end."""
        last = self._last.get(agent)
        if last is not None and at - last.at <= SAME_US:
            return last.call, last.queue
        for (queue, who), talks in self._open.items():
            if who == agent and talks:
                return talks[-1].call, queue
        return (last.call, last.queue) if last is not None else self._earlier.last_talk(agent, at + SAME_US)

    def _wait_over(self, call: str, queue: str) -> None:
        waits = self._waits.get(call)
        if waits is not None:
            waits.pop(queue, None)
            if not waits:
                del self._waits[call]

    def _talk_over(self, call: str, fact: Fact) -> None:
        self._last[fact.agent] = _Over(call, fact.queue, fact.at)
        self._wait_over(call, fact.queue)
        talks = self._open.get((fact.queue, fact.agent))
        if talks is not None:
            left = deque((talk for talk in talks if talk.call != call), maxlen=_AT_MOST)
            if left:
                self._open[fact.queue, fact.agent] = left
            else:
                del self._open[fact.queue, fact.agent]


def _matches(talk: _Talk, fact: Fact) -> bool:
    answered = fact.at - (fact.talk_ms or 0) * MS
    waits_differ = talk.wait_ms is not None and fact.wait_ms is not None and abs(talk.wait_ms - fact.wait_ms) > SAME_US // MS
    return abs(talk.answered - answered) <= SAME_US and not waits_differ
