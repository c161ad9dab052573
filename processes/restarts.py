"""A restart of the PBX ends every call that was up and every session by login. This process manager records that in the history of each.

Open calls and agents are read from the rows, as soon as they cover the restart. A call that is observed later takes
the restart into account by itself, so none is missed in between. To evaluate a call again twice changes nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from commands.observations import ObserveAgent, ObserveCall
from domain.access import OBSERVE
from domain.base import Event
from domain.voice.timeline import PbxRestarted
from processes.manager import Decision, NotYet, ProcessManager, Send, Timer
from projections.engine.tables import source
from projections.engine.warehouse import WarehouseUnreachable

_OPEN_CALLS = """
SELECT DISTINCT call FROM {visits}
WHERE tenant = {{tenant:UUID}} AND (end = 'waiting' OR (end = 'answered' AND released_ms IS NULL AND talk_unknown = 0))
  AND offered_ms < (SELECT max(from_ms) FROM {sources} WHERE tenant = {{tenant:UUID}} AND kind = 'restart')
ORDER BY call
"""

_OPEN_SESSIONS = """
SELECT DISTINCT agent FROM {spans}
WHERE tenant = {{tenant:UUID}} AND kind = 'session' AND until_ms IS NULL
  AND from_ms < (SELECT max(from_ms) FROM {sources} WHERE tenant = {{tenant:UUID}} AND kind = 'restart')
ORDER BY agent
"""


@dataclass(frozen=True)
class OpenAtRestart:
    """The calls (by the source's ids) and agents (by name) that are still open since before a restart."""

    position: int
    calls: tuple[str, ...] = ()
    agents: tuple[str, ...] = ()


class Restarts(ProcessManager[OpenAtRestart]):
    """Has calls and agents that were open at a restart evaluated again."""

    NAME: ClassVar[str] = "restarts"
    REACTS_TO: ClassVar[tuple[type[Event], ...]] = (PbxRestarted,)
    PERMISSIONS: ClassVar[frozenset[str]] = frozenset({OBSERVE})

    def state(self, trigger: Event | Timer, position: int) -> OpenAtRestart:
        """Read the open calls and agents; NotYet until the rows cover the restart and all observations before it."""
        try:
            covered = self.ports.covered()
            if covered < position:
                raise NotYet(f"the rows cover position {covered}, not yet {position}")
            calls = self.ports.query(_OPEN_CALLS.format(visits=source("visits"), sources=source("sources")), trigger.tenant)
            agents = self.ports.query(_OPEN_SESSIONS.format(spans=source("agent_spans"), sources=source("sources")), trigger.tenant)
        except WarehouseUnreachable as away:
            raise NotYet(str(away)) from away
        return OpenAtRestart(position, tuple(row["call"] for row in calls), tuple(row["agent"] for row in agents))

    def react(self, event: Event, state: OpenAtRestart) -> Sequence[Decision]:
        """Send one observation without facts for each, so that the timeline is evaluated again. The keys allow many of them to be sent in parts."""
        assert isinstance(event, PbxRestarted)
        return [
            *(Send(ObserveCall(call=call, facts=()), f"{state.position}:call:{call}") for call in state.calls),
            *(Send(ObserveAgent(agent=agent, facts=()), f"{state.position}:agent:{agent}") for agent in state.agents),
        ]
