"""What events bring about: an event (or what is known after it) leads to commands, through the same door as everybody's.

A restart of the PBX ends every call that was up; those calls are told, so that each says in its own history what became
of it. Told twice, nothing happens.
"""

from __future__ import annotations

from uuid import UUID

from commands.command_bus import CommandBus
from commands.handler_context import Caller, Command
from commands.observations import ObserveAgent, ObserveCall
from domain.access import OBSERVE
from domain.errors import DomainError
from projections.engine.tables import source
from projections.engine.warehouse import Warehouse

ACTOR = "system:reactor"
BATCH = 500

_OPEN_CALLS = """
SELECT DISTINCT call FROM {visits}
WHERE tenant = {{tenant:UUID}} AND (end = 'waiting' OR (end = 'answered' AND released_ms IS NULL AND talk_unknown = 0))
  AND offered_ms < (SELECT max(from_ms) FROM {sources} WHERE tenant = {{tenant:UUID}} AND kind = 'restart')
"""

_OPEN_SESSIONS = """
SELECT DISTINCT agent FROM {spans}
WHERE tenant = {{tenant:UUID}} AND kind = 'session' AND until_ms IS NULL
  AND from_ms < (SELECT max(from_ms) FROM {sources} WHERE tenant = {{tenant:UUID}} AND kind = 'restart')
"""


def settle_restarts(bus: CommandBus, warehouse: Warehouse, tenant: UUID) -> int:
    """Tell every call and agent that seems to go on since before a restart that the PBX started anew; how many were told.

    To be called when the projections have caught up. Raises a DomainError if a telling is refused.
    """
    calls = warehouse.query(_OPEN_CALLS.format(visits=source("visits"), sources=source("sources")), tenant)
    agents = warehouse.query(_OPEN_SESSIONS.format(spans=source("agent_spans"), sources=source("sources")), tenant)
    commands: list[Command] = [ObserveCall(call=row["call"], facts=()) for row in calls]
    commands += [ObserveAgent(agent=row["agent"], facts=()) for row in agents]
    caller = Caller(tenant, ACTOR, frozenset({OBSERVE}))
    for start in range(0, len(commands), BATCH):
        for answer in bus.execute_all([(command, caller) for command in commands[start : start + BATCH]]):
            if isinstance(answer, DomainError):
                raise answer
    return len(commands)
