"""Calls of earlier imports, for the later parts of a log that comes in several."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from bootstrap import Center
from cli.company import asker
from domain.base import MS
from domain.companies import Company
from projections.queries.earlier_calls import last_talk, open_talk, open_waits
from telephony_adapter.queue_log.earlier import OpenWait


class EarlierImports:
    """What the rows of one company knew when the import began. cover: waits until they answer for all that is saved; called when first needed."""

    def __init__(self, center: Center, company: Company, cover: Callable[[], None]) -> None:
        self._center = center
        self._asker = asker(company)
        self._cover: Callable[[], None] | None = cover

    def open_talk(self, queue: str, agent: str, answered_us: int, near_us: int) -> str | None:
        """The call whose talk with the agent began then, and has no end yet."""
        self._ready()
        found = self._center.queries.ask(open_talk, self._asker, queue, agent, answered_us // MS, near_us // MS)
        return found.call if found is not None else None

    def open_waits(self, call: str) -> Sequence[OpenWait]:
        """The queues in which this call waits."""
        self._ready()
        return [OpenWait(wait.queue, wait.offered_ms * MS) for wait in self._center.queries.ask(open_waits, self._asker, call)]

    def last_talk(self, agent: str, until_us: int) -> tuple[str, str] | None:
        """The call and the queue of the agent's latest talk that began before."""
        self._ready()
        found = self._center.queries.ask(last_talk, self._asker, agent, until_us // MS)
        return (found.call, found.queue) if found is not None else None

    def _ready(self) -> None:
        if self._cover is not None:
            self._cover()
            self._cover = None
