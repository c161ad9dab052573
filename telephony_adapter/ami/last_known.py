"""What earlier processes have observed of an Asterisk, for an adapter that takes over: the calls and the members that are open in the log.

The adapter continues as after a lost connection: lists show what of it still lasts, and what does not has ended unobserved.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from telephony_adapter.ami.pbx_state import Call, Channel, Member, PbxState, Visit, born_at, by_name


@dataclass(frozen=True)
class OpenCall:
    """A call without an end. queue: of the visit that waits since `offered_us`, or is talked by `agent` since `answered_us`; "" for a call in no queue."""

    call: str
    queue: str = ""
    offered_us: int = 0
    answered_us: int = 0
    agent: str = ""


@dataclass(frozen=True)
class OpenSession:
    """An agent who is logged in to these queues, and the reason of the agent's pause; None for one who is not paused."""

    agent: str
    queues: tuple[str, ...]
    reason: str | None = None


@dataclass(frozen=True)
class OpenDirectCall:
    """An agent who talks without a queue, and the telephone's channel."""

    agent: str
    channel: str


@dataclass(frozen=True)
class LastKnown:
    """covered_since_us, covered_until_us: the first and the last instant that earlier processes have covered, 0 if none has."""

    covered_since_us: int = 0
    covered_until_us: int = 0
    calls: Sequence[OpenCall] = ()
    sessions: Sequence[OpenSession] = ()
    direct: Sequence[OpenDirectCall] = ()


def restore(pbx: PbxState, known: LastKnown) -> None:
    """Continue from there: as if this state had followed the stream until then."""
    pbx.started = known.covered_until_us
    for open_call in known.calls:
        id = open_call.call
        pbx.channels[id] = Channel(id, id, "", "outside", born_at(id) or open_call.offered_us)
        call = pbx.calls[id] = Call(id, id, inbound=True, sign=known.covered_until_us, known=True, past_ivr=True)
        if open_call.queue:
            call.visit = Visit(open_call.queue, open_call.offered_us, open_call.answered_us, open_call.agent)
    for direct in known.direct:
        pbx.channels.setdefault(direct.channel, Channel(direct.channel, direct.channel, "", "inside", born_at(direct.channel)))
        pbx.direct[direct.channel] = direct.agent, 0
    for session in known.sessions:
        for queue in session.queues:
            paused = session.reason is not None
            pbx.members[queue, by_name(session.agent)] = Member(session.agent, paused, session.reason or "", changed=known.covered_until_us)
