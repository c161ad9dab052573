"""What is known of a call: its head, its visits with their rings and holds, its IVR path, its outbound attempt.

`CallState` is the whole current state. `Change` is what one event changes in it, completely. What a change does not name
stays as it was, so the size of an event does not depend on how much happened before.
"""

from __future__ import annotations

from typing import Literal, NamedTuple
from uuid import UUID

import msgspec

from domain.base import InstantMs, Personal

End = Literal["", "answered", "abandoned", "timed-out", "transferred-out", "left-by-key", "closed", "unknown"]
"""How a visit's wait ended; "" while it still waits."""


class Ring(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """One agent's phone ringing for a visit. Instants in ms; `until_ms` None while it rings.

    outcome: "" (ringing) | answered | no-answer | canceled | dumped.
    """

    agent: str
    from_ms: InstantMs
    until_ms: InstantMs | None
    outcome: str


ATTEMPT = -1
"""The `n` of a hold in the talk of the outbound attempt, which is no visit."""


class Hold(NamedTuple):
    """The customer on hold during a talk. Instants in ms; `until_ms` None while it lasts."""

    from_ms: InstantMs
    until_ms: InstantMs | None


class Visit(msgspec.Struct, frozen=True, omit_defaults=True, gc=False):
    """An offer to a queue, from entering it until exactly one end, and the talk that followed an answer.

    `n`: its index among the visits of its call, from 0. Its rings and holds are stored separately. Instants in ms UTC. `ended_ms` ends the wait (for `answered`: the answer). `released_ms` ends the talk.
    `talk_ms` (without hold), `hold_ms` are None while the talk goes on or when its end is unknown (`talk_unknown`);
    `wrap_up_ms` is None until the talk has ended and the wrap-up too; of a talk at a PBX it is what the queue allows, unless the agent finished it earlier. `sla_ms` and `tolerated_ms` are the queue's threshold and tolerated abandon when it was offered.
    The `ended_ms` of an unknown end is the last moment at which the visit was certainly still waiting.
    `implied`: which instants only another line proves, as "offered<queue_log:17".
    """

    n: int
    queue: str
    offered_ms: InstantMs
    sla_ms: int
    tolerated_ms: int
    end: str = ""
    ended_ms: InstantMs | None = None
    wait_ms: int | None = None
    agent: str = ""
    ring_ms: int | None = None
    released_ms: InstantMs | None = None
    released_by: str = ""
    talk_ms: int | None = None
    hold_ms: int | None = None
    wrap_up_ms: int | None = None
    talk_unknown: bool = False
    implied: tuple[str, ...] = ()

    @property
    def open(self) -> bool:
        """Still waiting, or still talking."""
        return self.end == "" or (self.end == "answered" and self.released_ms is None and not self.talk_unknown)


class IvrPath(msgspec.Struct, frozen=True, omit_defaults=True, gc=False):
    """The path of a call through an IVR. outcome: "" (still in it) | offered | out-of-hours | abandoned | blacklisted | ended | unknown.

    `queue`: that of the call's first visit, None while it has none. The options keyed are stored separately.
    """

    ivr: str
    entered_ms: InstantMs
    left_ms: InstantMs | None = None
    outcome: str = ""
    queue: str | None = None


class Attempt(msgspec.Struct, frozen=True, omit_defaults=True, gc=False):
    """An outbound attempt, and the talk that followed when the customer answered.

    result: "" (dialling) | answered | busy | no-answer | bad-number | congestion | rejected | unavailable | agent-no-answer | failed | unknown.
    `ended_ms` ends the talk, or the dialling. `talk_ms` is without hold, None while its end is not known; `hold_ms` is 0 until then. `wrap_up_ms` is
    None while the agent has not finished the wrap-up of a talk that a live command ended; 0 where there is none, as for attempts that a PBX tells of.
    The holds are stored separately.
    """

    dialled_ms: InstantMs
    queue: str = ""
    agent: str = ""
    style: str = ""
    answered_ms: InstantMs | None = None
    ended_ms: InstantMs | None = None
    result: str = ""
    talk_ms: int | None = None
    hold_ms: int = 0
    wrap_up_ms: int | None = 0


class Call(msgspec.Struct, frozen=True, omit_defaults=True, gc=False):
    """The head of an interaction by voice: what is known of the call as a whole.

    status: "" while it goes on, then a `domain.voice.outbound_and_ivr.Status`.
    `part_of`: the interaction to which this channel belongs, when it is only a leg of it.
    `origin`: the source (ami, queue_log, Portal, an integration's name). `protocol`: the number that the customer gets.
    """

    call: str
    protocol: int
    origin: str
    started_ms: InstantMs
    direction: Literal["inbound", "outbound"] = "inbound"
    ended_ms: InstantMs | None = None
    status: str = ""
    part_of: UUID | None = None
    contact: UUID | None = None
    number: Personal | None = None
    did: str = ""
    jitter_ms: float | None = None
    loss_percent: float | None = None


class RingChange(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A ring that began or changed: the `k`-th of visit `n`, in the order in which they became known. `queue`: that of the visit."""

    n: int
    k: int
    queue: str
    agent: str
    from_ms: InstantMs
    until_ms: InstantMs | None
    outcome: str


class HoldChange(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A hold that began or changed: the `k`-th of visit `n`, or of the outbound attempt (`n` is ATTEMPT). `queue`, `agent`: those of the visit or attempt."""

    n: int
    k: int
    queue: str
    agent: str
    from_ms: InstantMs
    until_ms: InstantMs | None


class Removed(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """Parts of a call that later evidence removed: of `kind`, those from index `first` until before `until`.

    `n`: the visit whose rings or holds they are, ATTEMPT for holds of the outbound attempt, 0 for other kinds. With a visit all its rings and holds are named too.
    """

    kind: Literal["visit", "ring", "hold", "option", "tag"]
    n: int
    first: int
    until: int


class CallIdentity(msgspec.Struct, frozen=True, omit_defaults=True, gc=False):
    """What a visit's row holds of its call: `call`, `origin` and `part_of` as `Call` has them."""

    call: str
    origin: str
    part_of: UUID | None = None


class Change(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """What an event changes in a call; absent parts are unchanged.

    call: the head, whole, if anything in it changed. visits: the scalars of each visit that changed, whole; all visits
    again when `part_of` of the head changed. of: the call of the visits, present with them. ivr, attempt: whole, if changed.
    options, tags: those that are new or changed, each with its index from 0. removed: parts that no longer exist.
    """

    call: Call | None = None
    of: CallIdentity | None = None
    visits: tuple[Visit, ...] = ()
    rings: tuple[RingChange, ...] = ()
    holds: tuple[HoldChange, ...] = ()
    ivr: IvrPath | None = None
    attempt: Attempt | None = None
    options: tuple[tuple[int, str], ...] = ()
    tags: tuple[tuple[int, str], ...] = ()
    removed: tuple[Removed, ...] = ()
