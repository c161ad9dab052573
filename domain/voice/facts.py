"""The facts that sources report. A fact is never changed, only weighed against others.

A `Fact` is one line of a queue_log, one AMI event or one live command, in the terms of the contact center. An
aggregate keeps all its facts. `evidence.Evidence` (a call's visits) and `presence.resolve` (an agent's sessions and
pauses) derive what they prove together, whatever the order in which they arrived.

What happened has one word in every vocabulary that leaves the system, and these kinds are the table of the words: an event of one fact is
named by its kind (`interaction.answered`), and so are the type of a webhook's message, a step of the live stream, and what happened in the history.
"""

from __future__ import annotations

from typing import Literal

import msgspec

from domain.base import InstantUs, Personal

Clock = Literal["live", "ami", "log.f", "log"]
"""The clock that gave the instant, finest first: a live command, AMI (microseconds), a queue_log with fractions,
a queue_log in whole seconds."""

CallKind = Literal[
    # the call itself
    "arrived",  # an inbound call came in (private: caller; text: number dialled, the DID)
    "dialled",  # an outbound attempt began (private: number called; agent if known; by: style)
    "dial_answered",  # the customer answered the attempt
    "dial_failed",  # the attempt failed (text: busy|no-answer|bad-number|congestion|rejected|unavailable|agent-no-answer|failed)
    "part_of",  # this channel belongs to another call (text: that call's id, its Linkedid)
    "hung_up",  # the caller's channel is gone (text: cause)
    "quality",  # final RTP statistics of a leg: the customer's, or an agent's (agent; by: uplink|downlink) (text: "jitter;loss", in ms and percent)
    "did",  # number dialled by the caller (text)
    "tagged",  # wrap-up code (text)
    "note",  # anything else worth keeping (text: verb; private: its fields)
    "supervised",  # a supervisor was on the call (text: listen|whisper|barge|hang-up|pull; by: the supervisor's name, or telephone)
    # IVR
    "ivr_entered",  # text: the IVR's name
    "ivr_option",  # text: the option keyed; "" = nothing, OTHER_INPUT = anything else (private: what was keyed)
    "ivr_out_of_hours",  # the IVR announced to the caller that it is closed (text: the IVR's name)
    "ivr_blacklisted",  # the blacklist of an IVR refused the caller (text: the IVR's name)
    "ivr_left",  # the IVR itself ended the call (text: reason)
    # a visit to a queue
    "offered",  # ENTERQUEUE / QueueCallerJoin (private: caller)
    "rang",  # an agent's phone began to ring
    "ring_no_answer",  # RONA: the agent's phone rang and nobody answered (ring_ms)
    "ring_canceled",  # ringing ended because the caller left or another answered (ring_ms)
    "agent_dumped",  # the agent hung up during the announcement; the caller goes on waiting
    "waiting",  # observed to be still waiting (a QueueEntry after a reconnection)
    "answered",  # wait_ms = the source's own hold time, ring_ms
    "held",
    "resumed",
    "released",  # talk ended: by = agent|caller|transfer; wait_ms, talk_ms as the source calculates them; private: where to
    "wrap_up",  # wrap-up after the call: wrap_ms long
    "abandoned",
    "timed_out",
    "left_by_key",  # (text: the key)
    "withdrawn",
    "emptied",  # ends of the wait (wait_ms)
    "turned_away",  # JOINEMPTY, FULL, CLOSED, DIVERT_*: opens and ends at once, closed (text: verb)
    "unseen_end",  # left the queue in an unknown way (QueueCallerLeave whose follow-up was cut off)
    "outbound",  # CALLOUTBOUND of a dialplan: what follows in this queue is an attempt, not a visit
    # what the source could not observe
    "unseen",  # the source was cut off from `at` to `until` while this call was up
    "restarted",  # the PBX restarted at `at`: everything before has ended
]

PresenceKind = Literal[
    "logged_in",  # ADDMEMBER, AGENT(CALLBACK)LOGIN (queue "" = all; by = "member" | "login" | "command", by which Atende administers the session)
    "logged_out",  # REMOVEMEMBER, AGENT(CALLBACK)LOGOFF (queue "" = all; session_ms if given; by: "list" = a list shows it, it happened some time before; CLAIMED)
    "paused",  # queue "" = all; text: reason
    "resumed",  # queue "" = all (by: "list" as for logged_out)
    "reason",  # PAUSEREASON: reason of the pause around it (text)
    "seen",  # rung or answered in `queue`: proves presence
    "talked",  # the agent's talk with a caller ended: proves presence only of an agent without earlier facts
    "direct_call_began",  # the agent's telephone is in a call that no queue gave it and that is no attempt: a direct call (text: its channel)
    "direct_call_ended",  # that call is over (text: its channel; by: "list" as for logged_out)
    "restarted",  # sessions by login end; members and their pauses stay
]

FactKind = CallKind | PresenceKind


AGENTS_NOTE = "NOTE"
"""The text of a `note` that an agent writes, as sources name theirs."""

CLAIMED = "claimed"
"""The `by` of a `logged_out` of whoever was called as a telephone is, when the telephone became another agent's."""

SHOWN = -1
"""The `mark` of a fact that a line shows in addition to its own: it does not count as a line."""

ECHO = -2
"""The `mark` of a fact by which a PBX tells what a live command has just had it do."""

OUTBOUND_TALK = -3
"""The `mark` of a live fact about the talk with a customer who was dialled: the same kinds are about a visit without it."""


class Fact(msgspec.Struct, frozen=True, array_like=True):
    """One observed fact.

    at: microseconds UTC. until: the end of something that lasted; for a log's line that follows a later instant of its call
    (the clock was set back), that later instant. *_ms: whole milliseconds as the source calculates them, None when it gives none.
    seq: its order among the facts of this subject with the same whole-second instant in its file (0 where order is unknown).
    nth: the k-th equal line of that second in its file (0 = the first): equal facts across files count once.
    private: data that may name a person: a phone number, the fields of an unknown verb. Its subject is NOBODY until a handler sets it.
    mark: distinguishes lines of one instant that differ only in what no other field holds (a position, a bridged channel); SHOWN for a fact
    that a line shows in addition to its own, ECHO for what a command has had a PBX do, OUTBOUND_TALK for what is about an outbound attempt's talk.
    ref: the origin of the fact ("queue_log:12", "ami:AgentConnect"), for people; not part of the identity.
    """

    kind: FactKind
    at: InstantUs
    clock: Clock = "live"
    queue: str = ""
    agent: str = ""
    by: str = ""
    wait_ms: int | None = None
    talk_ms: int | None = None
    ring_ms: int | None = None
    wrap_ms: int | None = None
    session_ms: int | None = None
    until: InstantUs | None = None
    seq: int = 0
    nth: int = 0
    ref: str = ""
    text: str = ""
    private: Personal | None = None
    mark: int = 0

    @property
    def identity(self) -> tuple[object, ...]:
        """Two facts with the same identity are one fact, observed twice."""
        return (
            self.kind,
            self.at,
            self.clock,
            self.queue,
            self.agent,
            self.by,
            self.wait_ms,
            self.talk_ms,
            self.ring_ms,
            self.nth,
            self.text,
            self.mark,
        )
