"""A call as its facts prove it: the visits, the way through the IVR, the outbound attempt.

`Call` is the fat content of every interaction event: projections take it over as it stands.
"""

from __future__ import annotations

from typing import Literal
from uuid import UUID

import msgspec

from domain.base import Personal

End = Literal["", "answered", "abandoned", "timed_out", "transferred_out", "left_by_key", "closed", "unknown"]
"""How a visit's wait ended; "" while it still waits."""


class Ring(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """One agent's phone ringing for a visit. Instants in ms; `until_ms` None while it rings.

    outcome: "" (ringing) | answered | no_answer | canceled | dumped.
    """

    agent: str
    from_ms: int
    until_ms: int | None
    outcome: str


class Visit(msgspec.Struct, frozen=True, omit_defaults=True, gc=False):
    """An offer to a queue, from entering it until exactly one end, and the talk that followed an answer.

    Instants in ms UTC. `ended_ms` ends the wait (for `answered`: the answer). `released_ms` ends the talk.
    `talk_ms` (without hold), `hold_ms` are None while the talk goes on or when it cannot be known (`talk_unknown`);
    `wrap_up_ms` is None until the talk has ended and the wrap-up too. `sla_ms` and `tolerated_ms` are the queue's threshold and tolerated abandon when it was offered.
    The `ended_ms` of an unknown end is the last moment at which it was surely still waiting.
    `implied`: which instants were proved by another line, as "offered<queue_log:17".
    """

    n: int
    queue: str
    offered_ms: int
    sla_ms: int
    tolerated_ms: int
    end: str = ""
    ended_ms: int | None = None
    wait_ms: int | None = None
    agent: str = ""
    ring_ms: int | None = None
    released_ms: int | None = None
    released_by: str = ""
    talk_ms: int | None = None
    hold_ms: int | None = None
    wrap_up_ms: int | None = None
    talk_unknown: bool = False
    holds: tuple[tuple[int, int | None], ...] = ()
    rings: tuple[Ring, ...] = ()
    implied: tuple[str, ...] = ()

    @property
    def open(self) -> bool:
        """Still waiting, or still talking."""
        return self.end == "" or (self.end == "answered" and self.released_ms is None and not self.talk_unknown)


class IvrPath(msgspec.Struct, frozen=True, omit_defaults=True, gc=False):
    """The way of a call through an IVR. outcome: "" (still in it) | offered | out_of_hours | abandoned | blacklisted | ended | unknown."""

    ivr: str
    entered_ms: int
    left_ms: int | None = None
    outcome: str = ""
    options: tuple[str, ...] = ()


class Attempt(msgspec.Struct, frozen=True, omit_defaults=True, gc=False):
    """An outbound attempt. result: "" (dialling) | answered | busy | no_answer | bad_number | congestion | rejected | unavailable | agent_no_answer | failed | unknown."""

    dialled_ms: int
    queue: str = ""
    agent: str = ""
    style: str = ""
    answered_ms: int | None = None
    ended_ms: int | None = None
    result: str = ""
    talk_ms: int | None = None


class Call(msgspec.Struct, frozen=True, omit_defaults=True, gc=False):
    """An interaction by voice as it is known now.

    status (manual's words): "" (going on) | Answered | Abandoned | Dequeued | Bad Phone | Bad Number | Abandoned IVR |
    Out of Hours | Ended IVR | Left by Key | Closed | Transferred | Unknown.
    `part_of`: the interaction to which this channel belongs, when it is only a leg of it.
    `origin`: who told it (ami, queue_log, Portal, an integration's name). `protocol`: the number a person is given.
    """

    call: str
    protocol: int
    origin: str
    direction: Literal["inbound", "outbound"]
    started_ms: int
    ended_ms: int | None = None
    status: str = ""
    part_of: UUID | None = None
    contact: UUID | None = None
    number: Personal | None = None
    did: str = ""
    visits: tuple[Visit, ...] = ()
    ivr: IvrPath | None = None
    attempt: Attempt | None = None
    tags: tuple[str, ...] = ()
    jitter_ms: float | None = None
    loss_percent: float | None = None
