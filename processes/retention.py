"""Remove recordings of calls when the company's time for keeping them (retenção) is over.

Once a day, and at once when the company changes that time, it looks for the oldest recordings that are kept. The log says that they were removed; the process
that drives the PBX deletes their files.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar
from uuid import UUID

from commands.recordings import RemoveRecording
from domain.access import OBSERVE
from domain.base import Event
from domain.companies import CompanyRegistered, CompanySettingsSet
from domain.recordings import DAY, RecordingKept, RecordingRemoved
from processes.manager import CancelTimer, Decision, NotYet, ProcessManager, Send, SetTimer, Timer
from projections.engine.tables import AUDIT
from projections.engine.warehouse import WarehouseUnreachable

AT_ONCE = 500
_SOON_US = DAY // 24

_OLDEST = """
SELECT id, min(recorded_us) AS kept_us FROM {events} /* scoped */
WHERE tenant = {{tenant:UUID}} AND topic IN ('{kept}', '{removed}')
GROUP BY id HAVING countIf(topic = '{removed}') = 0 ORDER BY kept_us, toString(id) LIMIT {most}
"""


@dataclass(frozen=True)
class KeptRecording:
    """A recording, and when it was kept (us)."""

    recording: UUID
    kept_us: int


class Retention(ProcessManager[Sequence[KeptRecording]]):
    """Removes what was kept for as long as the company wants. The state: the oldest recordings that are kept."""

    NAME: ClassVar[str] = "retention"
    REACTS_TO: ClassVar[tuple[type[Event], ...]] = (CompanyRegistered, CompanySettingsSet)
    PERMISSIONS: ClassVar[frozenset[str]] = frozenset({OBSERVE})
    SETS_TIMERS: ClassVar[bool] = True

    def state(self, trigger: Event | Timer, position: int) -> Sequence[KeptRecording]:  # noqa: ARG002 - what is kept just now is not old
        """The oldest ones. NotYet while the warehouse does not answer."""
        if not isinstance(trigger, Timer):
            return ()
        try:
            sql = _OLDEST.format(events=AUDIT, kept=RecordingKept.TOPIC, removed=RecordingRemoved.TOPIC, most=AT_ONCE)
            rows = self.ports.query(sql, trigger.tenant)
        except WarehouseUnreachable as away:
            raise NotYet(str(away)) from away
        return [KeptRecording(UUID(str(row["id"])), row["kept_us"]) for row in rows]

    def react(self, event: Event, state: Sequence[KeptRecording]) -> Sequence[Decision]:  # noqa: ARG002 - the timer looks
        """A company that keeps recordings for some time looks for old ones from now on; one that keeps them for ever does not."""
        assert isinstance(event, CompanyRegistered | CompanySettingsSet)
        key, days = str(event.originator_id), event.settings.recording_days
        return [SetTimer(key, event.recorded_at, str(days))] if days else [CancelTimer(key)]

    def on_timer(self, timer: Timer, state: Sequence[KeptRecording], now_us: int) -> Sequence[Decision]:
        """Remove the old ones, and look again: within the hour if there may be more of them."""
        old = [one for one in state if one.kept_us <= now_us - int(timer.payload) * DAY]
        again_us = now_us + (_SOON_US if len(old) == AT_ONCE else DAY)
        return [
            *(Send(RemoveRecording(recording=one.recording), f"{one.recording}") for one in old),
            SetTimer(timer.key, again_us, timer.payload),
        ]
