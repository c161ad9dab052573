"""Log out an agent who logged in with a lease if the agent's client has sent no heartbeat for that long.

A heartbeat does not move the timer: when the timer is due, the last heartbeat decides whether the lease has expired, or until when it
goes on. The command checks it again, so a heartbeat at the last moment counts. Calls are not changed.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar
from uuid import UUID

from commands.agents import ExpireLease
from domain.access import ATTEND
from domain.agent_events import AgentEvent
from domain.base import MS, Event
from processes.manager import CancelTimer, Decision, ProcessManager, Send, SetTimer, Timer

_GIVEN = "given"


class Leases(ProcessManager[int]):
    """Logs out agents whose clients are gone. The state: instant of the client's last heartbeat (microseconds), 0 if none is known."""

    NAME: ClassVar[str] = "leases"
    REACTS_TO: ClassVar[tuple[type[Event], ...]] = (AgentEvent,)
    PERMISSIONS: ClassVar[frozenset[str]] = frozenset({ATTEND})
    SETS_TIMERS: ClassVar[bool] = True

    def state(self, trigger: Event | Timer, position: int) -> int:  # noqa: ARG002 - heartbeats are not in the log, so they are never behind it
        """The instant of the client's last heartbeat."""
        return self.ports.last_heard(UUID(trigger.key) if isinstance(trigger, Timer) else trigger.originator_id)

    def react(self, event: Event, state: int) -> Sequence[Decision]:
        """A login with a lease sets the agent's timer; the end of the session, or of the lease, cancels it."""
        assert isinstance(event, AgentEvent)
        key = str(event.originator_id)
        if not event.lease_ms:
            return [CancelTimer(key)]
        if not any(fact.kind == "logged_in" and fact.clock == "live" for fact in event.facts):
            return []
        return [SetTimer(key, max(state, event.recorded_at) + event.lease_ms * MS, str(event.lease_ms))]

    def on_timer(self, timer: Timer, state: int, now_us: int) -> Sequence[Decision]:
        """Log the agent out, or wait as long as the last heartbeat extends the lease.

        If no heartbeat is known, not even that of the login, the log was restored without them: the client gets one more lease.
        If a heartbeat arrives while the command is executed, the lease goes on: so the timer is set again, and the agent's logout cancels it.
        """
        lease_ms, _, given = timer.payload.partition(" ")
        due_us = state + int(lease_ms) * MS
        if due_us > now_us:
            return [SetTimer(timer.key, due_us, lease_ms)]
        goes_on = SetTimer(timer.key, now_us + int(lease_ms) * MS, f"{lease_ms} {_GIVEN}")
        if not state and given != _GIVEN:
            return [goes_on]
        return [Send(ExpireLease(agent=UUID(timer.key), due=max(due_us, timer.due_us))), goes_on]
