"""End the session of a phone in the browser when its credential has expired, or when whoever uses it may not any more.

The page renews the session long before. A session that is not renewed belongs to a page that is gone: its credential is removed from the PBX.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar
from uuid import UUID

from commands.phones import ExpirePhone, TakePhone
from domain.access import ATTEND
from domain.agent_events import AgentAssigned
from domain.base import Event
from domain.phones import PhoneEvent, PhoneSessionOpened, PhoneSessionRenewed
from domain.users import PermissionsSet, UserDeactivated
from processes.manager import CancelTimer, Decision, NotYet, ProcessManager, Send, SetTimer, Timer
from projections.engine.tables import source
from projections.engine.warehouse import WarehouseUnreachable

_AGENTS_OF = """
SELECT id FROM {agents}
WHERE tenant = {{tenant:UUID}} AND user = toUUID('{user}') AND removed = 0
ORDER BY id
"""

Agents = tuple[UUID, ...]


class Phones(ProcessManager[Agents]):
    """Closes sessions that were not renewed, and those of users who may not attend any more."""

    NAME: ClassVar[str] = "phones"
    REACTS_TO: ClassVar[tuple[type[Event], ...]] = (PhoneEvent, UserDeactivated, PermissionsSet, AgentAssigned)
    PERMISSIONS: ClassVar[frozenset[str]] = frozenset({ATTEND})
    SETS_TIMERS: ClassVar[bool] = True

    def state(self, trigger: Event | Timer, position: int) -> Agents:
        """The agents from whose user the phone is taken. NotYet until the rows cover the event."""
        if isinstance(trigger, AgentAssigned):
            return (trigger.originator_id,)
        if not isinstance(trigger, UserDeactivated) and not (isinstance(trigger, PermissionsSet) and ATTEND not in trigger.permissions):
            return ()
        try:
            if (covered := self.ports.covered()) < position:
                raise NotYet(f"the rows cover position {covered}, not yet {position}")
            found = self.ports.query(_AGENTS_OF.format(agents=source("agents"), user=trigger.originator_id), trigger.tenant)
        except WarehouseUnreachable as away:
            raise NotYet(str(away)) from away
        return tuple(UUID(row["id"]) for row in found)

    def react(self, event: Event, state: Agents) -> Sequence[Decision]:
        """A session that begins or goes on sets the phone's timer, its end cancels it. Who is kept out loses the phone at once."""
        if not isinstance(event, PhoneEvent):
            return [Send(TakePhone(agent=agent, at=event.recorded_at)) for agent in state]
        key = str(event.originator_id)
        if isinstance(event, (PhoneSessionOpened, PhoneSessionRenewed)):
            return [SetTimer(key, event.expires_at, str(event.agent))]
        return [CancelTimer(key)]

    def on_timer(self, timer: Timer, state: Agents, now_us: int) -> Sequence[Decision]:  # noqa: ARG002 - the command looks again
        """The command decides, because the session may just have been renewed."""
        return [Send(ExpirePhone(phone=UUID(timer.key), agent=UUID(timer.payload)))]
