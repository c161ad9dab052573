"""An agent who logged in with a lease, and whose client has not been heard of for that long, is logged out.

The timer is not moved by each heartbeat: when it is due, the last heartbeat tells whether the lease has run out, or until when it
goes on. The command itself looks once more, so a heartbeat that comes at the last moment counts. Calls are left as they are.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar
from uuid import UUID

from commands.agents import ExpireLease
from domain.access import ATTEND
from domain.agents import AgentEvent
from domain.base import MS, Event
from processes.manager import CancelTimer, Decision, ProcessManager, Send, SetTimer, Timer

_GIVEN = "given"


class Leases(ProcessManager[int]):
    """Logs out agents whose clients are gone. The state: when the agent's client was last heard of (microseconds), 0 if nobody knows."""

    NAME: ClassVar[str] = "leases"
    REACTS_TO: ClassVar[tuple[type[Event], ...]] = (AgentEvent,)
    PERMISSIONS: ClassVar[frozenset[str]] = frozenset({ATTEND})
    SETS_TIMERS: ClassVar[bool] = True

    def state(self, trigger: Event | Timer, position: int) -> int:  # noqa: ARG002 - what is beside the log is never behind it
        """When the client was last heard of."""
        return self.ports.last_heard(UUID(trigger.key) if isinstance(trigger, Timer) else trigger.originator_id)

    def react(self, event: Event, state: int) -> Sequence[Decision]:
        """A login with a lease sets the agent's timer; the end of the session, or of the lease, cancels it."""
        assert isinstance(event, AgentEvent)
        key = str(event.originator_id)
        if not event.lease_ms:
            return [CancelTimer(key)]
        if not any(fact.kind == "joined" and fact.clock == "live" for fact in event.facts):
            return []
        return [SetTimer(key, max(state, event.recorded_at) + event.lease_ms * MS, str(event.lease_ms))]

    def on_timer(self, timer: Timer, state: int, now_us: int) -> Sequence[Decision]:
        """Log the agent out, or wait for as long as the last heartbeat has won.

        When no heartbeat is known, not even of the login, the log was restored without them: the client is given one lease more.
        Should a heartbeat come while the command is on its way, the lease goes on: so the timer does, until the agent's logout cancels it.
        """
        lease_ms, _, given = timer.payload.partition(" ")
        due_us = state + int(lease_ms) * MS
        if due_us > now_us:
            return [SetTimer(timer.key, due_us, lease_ms)]
        goes_on = SetTimer(timer.key, now_us + int(lease_ms) * MS, f"{lease_ms} {_GIVEN}")
        if not state and given != _GIVEN:
            return [goes_on]
        return [Send(ExpireLease(agent=UUID(timer.key), due=max(due_us, timer.due_us))), goes_on]
