"""Tallies for process managers to react to, and rounds in which they do."""

from __future__ import annotations

from uuid import UUID, uuid4

from commands.command_bus import CommandBus
from processes.execution import Execution
from tests.commands.tally import Count, caller


def registered(execution: Execution) -> Execution:
    """It reacts to what happens from now on."""
    execution.progress.register()
    return execution


def count(bus: CommandBus, by: int, tally: UUID | None = None) -> UUID:
    """Count a tally, a new one unless it is named."""
    tally = tally or uuid4()
    bus.execute(Count(tally=tally, by=by), caller())
    return tally


def done(bus: CommandBus, tally: UUID) -> int:
    """How often a tally was counted."""
    return len(bus.store.stream(tally))


def rounds(execution: Execution, number: int = 3) -> None:
    """Let it do what there is to do, some times."""
    for _ in range(number):
        execution.round()
