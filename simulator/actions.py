"""The actions of the simulated center, one struct per kind. Drivers translate them into commands or log lines.

Durations are whole milliseconds. `call` is the id of the call in the form of an Asterisk Uniqueid.
"""

from __future__ import annotations

import msgspec


class Action(msgspec.Struct, frozen=True, gc=False):
    """Something that happens at an instant."""


class LoggedIn(Action, frozen=True, gc=False):
    """An agent logged in to these queues."""

    agent: str
    queues: tuple[str, ...]


class LoggedOut(Action, frozen=True, gc=False):
    """The agent logged out."""

    agent: str
    queues: tuple[str, ...]


class Paused(Action, frozen=True, gc=False):
    """The agent starts a pause, or changes the reason of the current pause."""

    agent: str
    queues: tuple[str, ...]
    reason: str


class Unpaused(Action, frozen=True, gc=False):
    """The agent's pause ended."""

    agent: str
    queues: tuple[str, ...]


class Arrived(Action, frozen=True, gc=False):
    """`number` calls the company's number `did`."""

    call: str
    number: str
    did: str


class IvrEntered(Action, frozen=True, gc=False):
    """The call enters the IVR."""

    call: str
    ivr: str


class OptionChosen(Action, frozen=True, gc=False):
    """The caller pressed a digit; "" = none in time."""

    call: str
    ivr: str
    digit: str


class OutOfHours(Action, frozen=True, gc=False):
    """The IVR announced to the caller that the company is closed."""

    call: str
    ivr: str


class IvrLeft(Action, frozen=True, gc=False):
    """The IVR ends the call: the caller chose no valid option."""

    call: str
    ivr: str


class Offered(Action, frozen=True, gc=False):
    """The call waits in a queue, `position` from the front (1 = next)."""

    call: str
    queue: str
    number: str
    position: int


class TurnedAway(Action, frozen=True, gc=False):
    """The queue refused the call, because no agent is logged in to it."""

    call: str
    queue: str
    number: str


class Rang(Action, frozen=True, gc=False):
    """An agent's phone begins to ring for the call. `channel`: the id of the agent's channel."""

    call: str
    queue: str
    agent: str
    channel: str


class RangOut(Action, frozen=True, gc=False):
    """Ring no answer: the agent's phone rang and nobody answered."""

    call: str
    queue: str
    agent: str
    ring_ms: int


class RingCanceled(Action, frozen=True, gc=False):
    """The ringing stopped because the caller left the queue."""

    call: str
    queue: str
    agent: str
    ring_ms: int


class Answered(Action, frozen=True, gc=False):
    """The agent answered the call."""

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
    """The talk ended. `by`: caller or agent; `talk_ms`: without hold."""

    call: str
    queue: str
    agent: str
    by: str
    wait_ms: int
    talk_ms: int
    hold_ms: int
    position: int


class Transferred(Action, frozen=True, gc=False):
    """The agent transfers the call to the queue `to`, where it is offered next."""

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
    """The agent finished the wrap-up and gave the call a tag."""

    call: str
    queue: str
    agent: str
    tag: str
    wrap_ms: int


class Abandoned(Action, frozen=True, gc=False):
    """The caller hung up while waiting in the queue."""

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
    """The caller left the queue with a key, to be called back."""

    call: str
    queue: str
    key: str
    position: int
    first_position: int
    wait_ms: int


class Withdrawn(Action, frozen=True, gc=False):
    """An operator moved the waiting caller to the queue `to`."""

    call: str
    queue: str
    to: str
    position: int
    first_position: int
    wait_ms: int


class Emptied(Action, frozen=True, gc=False):
    """The queue removed the waiting caller, because its last agent logged out."""

    call: str
    queue: str
    position: int
    first_position: int
    wait_ms: int


class HungUp(Action, frozen=True, gc=False):
    """The customer's channel hung up. The figures of voice quality are None if nobody talked."""

    call: str
    jitter_ms: float | None = None
    loss_percent: float | None = None


class Dialled(Action, frozen=True, gc=False):
    """An agent dials a customer for a queue."""

    call: str
    queue: str
    agent: str
    number: str


class DialAnswered(Action, frozen=True, gc=False):
    """The dialled customer answered."""

    call: str
    queue: str
    agent: str


class DialFailed(Action, frozen=True, gc=False):
    """The dialled call failed. `result`: busy, no-answer, bad-number, congestion, rejected or unavailable."""

    call: str
    queue: str
    agent: str
    result: str


class DialEnded(Action, frozen=True, gc=False):
    """The outbound talk ended."""

    call: str
    queue: str
    agent: str
    talk_ms: int
