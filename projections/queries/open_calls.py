"""The visits and attempts that go on at one instant, or that an agent still wraps up: whose talks they are, and where.

Rows are filtered by their own instants, so the same query works for now and for any moment of the past.
"""

from __future__ import annotations

from typing import NamedTuple, Protocol, TypeVar
from uuid import UUID

import msgspec

from domain.ids import queue_id
from projections.engine.alongside import alongside
from projections.engine.temporal_view import TemporalView

_OPEN = """
SELECT id, version, interaction, whole, call, queue, queue_id, agent, offered_ms, ended_ms, released_ms, wrap_up_ms, toInt8(end) AS end_code,
    talk_unknown, sla_ms
FROM {visits} WHERE offered_ms <= {{at:Int64}} AND (isNull(ended_ms) OR ended_ms > {{at:Int64}} OR
    (end = 'answered' AND talk_unknown = 0 AND (isNull(released_ms) OR isNull(wrap_up_ms) OR released_ms + wrap_up_ms > {{at:Int64}})))
ORDER BY offered_ms, id
"""

_OPEN_ATTEMPTS = """
SELECT tenant, id, queue, agent, dialled_ms, answered_ms, ended_ms AS released_ms, wrap_up_ms FROM {attempts}
WHERE dialled_ms <= {{at:Int64}} AND (isNull(ended_ms) OR ended_ms > {{at:Int64}} OR
    (isNotNull(answered_ms) AND (isNull(wrap_up_ms) OR ended_ms + wrap_up_ms > {{at:Int64}})))
ORDER BY dialled_ms, id
"""

_RINGS = "SELECT visit, agent, from_ms, until_ms FROM {rings} ORDER BY visit, k"
_HOLDS = "SELECT visit, agent, from_ms, until_ms FROM {holds} ORDER BY visit, k"


class Versioned(Protocol):
    """A row of a call's part, which may not be the newest version."""

    id: UUID
    version: int
    interaction: UUID


V = TypeVar("V", bound=Versioned)


class RingOrHold(msgspec.Struct):
    """A ring or a hold. visit: of a hold of an attempt the call."""

    visit: UUID
    agent: str
    from_ms: int
    until_ms: int | None

    def lasts(self, at: int) -> bool:
        """Whether it goes on at an instant."""
        return self.from_ms <= at and (self.until_ms is None or self.until_ms > at)


class _Talk(msgspec.Struct, kw_only=True):
    """The talk of an agent in a call, if there is one yet: with a customer who waited in a queue, or with one who was dialled."""

    id: UUID
    queue: str
    agent: str
    released_ms: int | None
    wrap_up_ms: int | None
    all_holds: list[RingOrHold] = []

    def began_at(self, at: int) -> int | None:
        """When it began; None before, and for one whose end nobody knows."""
        raise NotImplementedError

    def talks(self, at: int) -> bool:
        """An agent is on it, talking or holding."""
        return self.began_at(at) is not None and (self.released_ms is None or self.released_ms > at)

    def wraps_up(self, at: int) -> bool:
        """The talk is over, the agent's work on it is not."""
        if self.began_at(at) is None or self.released_ms is None or self.released_ms > at:
            return False
        return self.wrap_up_ms is None or self.released_ms + self.wrap_up_ms > at

    def held_since(self, at: int) -> int | None:
        """Since when the customer has been on hold; None if not."""
        return max((hold.from_ms for hold in self.all_holds if hold.lasts(at)), default=None)


class OpenVisit(_Talk, kw_only=True):
    """A visit that waits, is talked or wrapped up at the given instant; its fields keep what came later."""

    version: int
    interaction: UUID
    whole: UUID
    call: str
    queue_id: UUID
    offered_ms: int
    ended_ms: int | None
    end_code: int
    talk_unknown: int
    sla_ms: int
    all_rings: list[RingOrHold] = []

    def waits(self, at: int) -> bool:
        """Still waiting for an agent."""
        return self.ended_ms is None or self.ended_ms > at

    def began_at(self, at: int) -> int | None:
        """When an agent answered it, if the end of the talk is or will be known."""
        return self.ended_ms if self.end_code == 1 and not self.talk_unknown and not self.waits(at) else None

    def rings(self, at: int) -> list[tuple[str, int]]:
        """The agents whose phones ring for it, and since when."""
        return [(ring.agent, ring.from_ms) for ring in self.all_rings if ring.lasts(at)]


class OpenAttempt(_Talk, kw_only=True):
    """An outbound attempt that is dialled, talked or wrapped up at the given instant."""

    tenant: UUID
    dialled_ms: int
    answered_ms: int | None

    @property
    def whole(self) -> UUID:
        """Its call: an attempt has the id of its call."""
        return self.id

    @property
    def queue_id(self) -> UUID | None:
        """Of the queue for which it was dialled."""
        return queue_id(self.tenant, self.queue) if self.queue else None

    def dials(self, at: int) -> bool:
        """The customer is dialled, and what becomes of it is not known."""
        return self.began_at(at) is None and (self.released_ms is None or self.released_ms > at)

    def began_at(self, at: int) -> int | None:
        """When the customer answered."""
        return self.answered_ms if self.answered_ms is not None and self.answered_ms <= at else None


class OpenCalls(NamedTuple):
    """What goes on at an instant, or is still wrapped up: visits in the order of their offers, attempts in that of their dialling."""

    visits: list[OpenVisit]
    attempts: list[OpenAttempt]

    @property
    def of_agents(self) -> list[OpenVisit | OpenAttempt]:
        """Those that name the agent whose talk they are."""
        every: list[OpenVisit | OpenAttempt] = [*self.visits, *self.attempts]
        return [one for one in every if one.agent]


def open_calls(view: TemporalView, at: int) -> OpenCalls:
    """The visits and attempts that wait, are dialled, talked or wrapped up at an instant."""
    attempts = alongside(_open_attempts, view, at)
    if view.as_of is not None:
        visits = view.ask(OpenVisit, _OPEN.format(visits=view.known("visits")), at=at)
    else:
        visits = those_that_hold(view, "visits", view.ask(OpenVisit, _OPEN.format(visits=view.written("visits")), at=at))
    found = OpenCalls(visits, attempts.result())
    _give_parts(view, found)
    return found


def _open_attempts(view: TemporalView, at: int) -> list[OpenAttempt]:
    return view.ask(OpenAttempt, _OPEN_ATTEMPTS.format(attempts=view.known("attempts")), at=view.settled("attempts", at))


def _give_parts(view: TemporalView, found: OpenCalls) -> None:
    """Give the visits their rings, and all their holds."""
    calls = list({visit.interaction for visit in found.visits} | {attempt.id for attempt in found.attempts})
    if not calls:
        return
    holds = alongside(view.ask, RingOrHold, _HOLDS.format(holds=view.known("holds", of_calls=True)), calls=calls)
    visits = {visit.id: visit for visit in found.visits}
    talks: dict[UUID, OpenVisit | OpenAttempt] = {**visits, **{attempt.id: attempt for attempt in found.attempts}}
    for ring in view.ask(RingOrHold, _RINGS.format(rings=view.known("rings", of_calls=True)), calls=calls):
        if ring.visit in visits:
            visits[ring.visit].all_rings.append(ring)
    for hold in holds.result():
        if hold.visit in talks:
            talks[hold.visit].all_holds.append(hold)


def those_that_hold(view: TemporalView, table: str, written: list[V]) -> list[V]:
    """Those of these rows of a table that no newer version has replaced. `view.written`, which is faster to read, returns older versions too."""
    newest = view.newest(table, [row.interaction for row in written], [row.id for row in written])
    return [row for row in written if newest[row.id] == row.version]
