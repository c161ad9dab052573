"""What happens in the simulated center, one struct a happening. Who speaks commands or writes a log translates them.

Durations are whole milliseconds. `call` is the call's id in the form of an Asterisk Uniqueid.
"""

from __future__ import annotations

import msgspec


class Action(msgspec.Struct, frozen=True, gc=False):
    """Something that happened at an instant."""


class LoggedIn(Action, frozen=True, gc=False):
    """An agent came to work in these queues."""

    agent: str
    queues: tuple[str, ...]


class LoggedOut(Action, frozen=True, gc=False):
    """The agent went home."""

    agent: str
    queues: tuple[str, ...]


class Paused(Action, frozen=True, gc=False):
    """The agent takes a break, or gives the present one another reason."""

    agent: str
    queues: tuple[str, ...]
    reason: str


class Unpaused(Action, frozen=True, gc=False):
    """The agent is back from the break."""

    agent: str
    queues: tuple[str, ...]


class Arrived(Action, frozen=True, gc=False):
    """`number` calls the company's number `did`."""

    call: str
    number: str
    did: str


class IvrEntered(Action, frozen=True, gc=False):
    """The call meets the IVR."""

    call: str
    ivr: str


class OptionChosen(Action, frozen=True, gc=False):
    """The caller keyed a digit; "" = nothing in time."""

    call: str
    ivr: str
    digit: str


class OutOfHours(Action, frozen=True, gc=False):
    """The IVR told the caller that it is closed."""

    call: str
    ivr: str


class IvrLeft(Action, frozen=True, gc=False):
    """The IVR itself ends the call: nothing valid was chosen."""

    call: str
    ivr: str


class Offered(Action, frozen=True, gc=False):
    """The call waits in a queue, `position` from the front (1 = next)."""

    call: str
    queue: str
    number: str
    position: int


class TurnedAway(Action, frozen=True, gc=False):
    """The queue took nobody in, because nobody works there now."""

    call: str
    queue: str
    number: str


class Rang(Action, frozen=True, gc=False):
    """An agent's phone begins to ring for the call; `channel` is its own id."""

    call: str
    queue: str
    agent: str
    channel: str


class RangOut(Action, frozen=True, gc=False):
    """It rang in vain."""

    call: str
    queue: str
    agent: str
    ring_ms: int


class RingCanceled(Action, frozen=True, gc=False):
    """The ringing ended because the caller left."""

    call: str
    queue: str
    agent: str
    ring_ms: int


class Answered(Action, frozen=True, gc=False):
    """The agent took the call."""

    call: str
    queue: str
    agent: str
    channel: str
    wait_ms: int
    ring_ms: int


class Held(Action, frozen=True, gc=False):
    """The customer is put on hold."""

    call: str
    queue: str
    agent: str


class Resumed(Action, frozen=True, gc=False):
    """The customer is off hold."""

    call: str
    queue: str
    agent: str


class TalkEnded(Action, frozen=True, gc=False):
    """The talk is over; `by` is caller or agent. `talk_ms` without hold."""

    call: str
    queue: str
    agent: str
    by: str
    wait_ms: int
    talk_ms: int
    hold_ms: int
    position: int


class Transferred(Action, frozen=True, gc=False):
    """The agent passes the call to the queue `to`, where it is offered next."""

    call: str
    queue: str
    agent: str
    to: str
    extension: str
    wait_ms: int
    talk_ms: int
    hold_ms: int
    position: int


class WrappedUp(Action, frozen=True, gc=False):
    """The agent has finished the after-call work and given it a tag."""

    call: str
    queue: str
    agent: str
    tag: str
    wrap_ms: int


class Abandoned(Action, frozen=True, gc=False):
    """The caller gave up waiting."""

    call: str
    queue: str
    position: int
    first_position: int
    wait_ms: int


class TimedOut(Action, frozen=True, gc=False):
    """The queue's time limit ended the wait."""

    call: str
    queue: str
    position: int
    first_position: int
    wait_ms: int


class LeftByKey(Action, frozen=True, gc=False):
    """The caller chose a key to leave the queue, to be called back."""

    call: str
    queue: str
    key: str
    position: int
    first_position: int
    wait_ms: int


class Withdrawn(Action, frozen=True, gc=False):
    """An operator took the caller out before an answer, to the queue `to`."""

    call: str
    queue: str
    to: str
    position: int
    first_position: int
    wait_ms: int


class Emptied(Action, frozen=True, gc=False):
    """The last agent went home while the caller waited."""

    call: str
    queue: str
    position: int
    first_position: int
    wait_ms: int


class HungUp(Action, frozen=True, gc=False):
    """The customer's line is free again. Quality figures of the voice, None where nobody talked."""

    call: str
    jitter_ms: float | None = None
    loss_percent: float | None = None


class Dialled(Action, frozen=True, gc=False):
    """An agent calls a customer, on behalf of a queue."""

    call: str
    queue: str
    agent: str
    number: str


class DialAnswered(Action, frozen=True, gc=False):
    """The customer answered."""

    call: str
    queue: str
    agent: str


class DialFailed(Action, frozen=True, gc=False):
    """Nobody was reached: busy, no_answer, bad_number, congestion, rejected or unavailable."""

    call: str
    queue: str
    agent: str
    result: str


class DialEnded(Action, frozen=True, gc=False):
    """The outbound talk is over."""

    call: str
    queue: str
    agent: str
    talk_ms: int
