"""What was imported before, for the parts of a log that come one by one."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import cached_property

from domain.access import Asker
from domain.base import MS, SECOND
from domain.voice.facts import Fact
from projections.queries.earlier_calls import consultations, kept_lines, last_talk, lines_are_kept, open_talk, open_waits, stated_transfers
from projections.query_bus import QueryBus
from telephony_adapter.queue_log.earlier import OpenWait

_WRAP_UP = "WRAPUPSTART"
NEAR_US = 2 * SECOND
"""A line may state the end of a talk so much after the line that follows from it."""


class EarlierImports:
    """The calls of one company that are known. cover: lets the rows answer for all that is saved; called when they are first needed. look: called between questions, which may be many."""

    def __init__(self, queries: QueryBus, asker: Asker, cover: Callable[[], None], look: Callable[[], None]) -> None:
        self._bus = queries
        self._asker = asker
        self._cover = cover
        self._look = look

    @cached_property
    def _queries(self) -> QueryBus:
        self._cover()
        return self._bus

    def open_talk(self, queue: str, agent: str, answered_us: int, near_us: int) -> str | None:
        """The call whose talk with the agent began then, and has no end yet."""
        found = self._queries.ask(open_talk, self._asker, queue, agent, answered_us // MS, near_us // MS)
        return None if found is None else found.call

    def open_waits(self, call: str) -> Sequence[OpenWait]:
        """The queues in which this call waits."""
        return [OpenWait(found.queue, found.offered_ms * MS) for found in self._queries.ask(open_waits, self._asker, call)]

    def last_talk(self, agent: str, until_us: int) -> tuple[str, str] | None:
        """The call and the queue of the agent's latest talk that began before."""
        found = self._queries.ask(last_talk, self._asker, agent, until_us // MS)
        return None if found is None else (found.call, found.queue)

    def transfers(self, since_us: int) -> Iterator[tuple[str, Fact]]:
        """Ends of talks that lines state under the id of a consultation which had no talk itself: the consultation, and the fact."""
        for leg in self._queries.ask(consultations, self._asker, since_us // MS):
            self._look()
            for fact in self._bus.ask(stated_transfers, self._asker, leg.call):
                yield leg.call, fact

    def wrap_ups(self, since_us: int, until_us: int) -> Iterator[tuple[str, Fact]]:
        """Wrap-ups of agents whose talk was not yet known: the call of that talk, and the fact."""
        if not self._queries.ask(lines_are_kept, self._asker, _WRAP_UP):
            return
        self._cover()
        for line in self._bus.ask(kept_lines, self._asker, _WRAP_UP, since_us, until_us):
            self._look()
            agent, seconds = (*line.fields, "")[:2]
            talk = self.last_talk(agent, line.at + NEAR_US)
            if talk is not None and seconds.isdecimal():
                call, queue = talk
                yield (
                    call,
                    Fact("wrap_up", line.at, "log", queue, agent, wrap_ms=int(seconds) * 1000, ref=f"{_WRAP_UP} of an earlier import"),
                )
