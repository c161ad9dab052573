"""End the session of a phone in the browser when its credential has expired.

The page renews the session long before. A session that is not renewed belongs to a page that is gone: its credential is removed from the PBX.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar
from uuid import UUID

from commands.phones import ExpirePhone
from domain.access import ATTEND
from domain.base import Event
from domain.phones import PhoneEvent, PhoneSessionOpened, PhoneSessionRenewed
from processes.manager import CancelTimer, Decision, ProcessManager, Send, SetTimer, Timer


class Phones(ProcessManager[None]):
    """Closes sessions that were not renewed."""

    NAME: ClassVar[str] = "phones"
    REACTS_TO: ClassVar[tuple[type[Event], ...]] = (PhoneEvent,)
    PERMISSIONS: ClassVar[frozenset[str]] = frozenset({ATTEND})
    SETS_TIMERS: ClassVar[bool] = True

    def state(self, trigger: Event | Timer, position: int) -> None:
        """Nothing: the event says until when the session lasts."""

    def react(self, event: Event, state: None) -> Sequence[Decision]:  # noqa: ARG002 - there is no state
        """A session that begins or goes on sets the phone's timer, its end cancels it."""
        assert isinstance(event, PhoneEvent)
        key = str(event.originator_id)
        if isinstance(event, (PhoneSessionOpened, PhoneSessionRenewed)):
            return [SetTimer(key, event.expires_at, str(event.agent))]
        return [CancelTimer(key)]

    def on_timer(self, timer: Timer, state: None, now_us: int) -> Sequence[Decision]:  # noqa: ARG002 - the command looks again
        """The command decides, because the session may just have been renewed."""
        return [Send(ExpirePhone(phone=UUID(timer.key), agent=UUID(timer.payload)))]
