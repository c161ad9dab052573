"""What a process manager has decided, saved in one transaction: commands, timers, and the position up to which it has processed the log."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from uuid import UUID

from commands.command_bus import CommandBus
from commands.outcomes import Answer, Request
from domain.errors import DomainError
from processes.manager import Change, Timer
from store.process_progress import Failure, ProcessProgress

SENT_AT_ONCE = 100
"""The most commands in one transaction, so that commands of people do not wait. If one event causes more, all of them need keys."""


class CommandRefused(Exception):
    """A command of a decision was refused."""


@dataclass
class Changes:
    """Decisions to save in one transaction, with the position that is then processed."""

    position: int
    requests: list[Request] = field(default_factory=list)
    timers: dict[tuple[UUID, str], Timer | None] = field(default_factory=dict)
    """By company and key; None: cancelled."""
    failure: Failure | None = None
    settled: list[Failure] = field(default_factory=list)
    writes: list[Change] = field(default_factory=list)

    def __bool__(self) -> bool:
        return bool(self.requests or self.timers or self.settled or self.writes or self.failure is not None)


@dataclass(frozen=True)
class Saving:
    """Saves changes under an epoch: a process that was deposed meanwhile is fenced."""

    bus: CommandBus
    progress: ProcessProgress
    epoch: int

    def commit(self, changes: Changes, saved: int) -> None:
        """saved: the position that is saved so far. Raises Fenced, StoreUnavailable, ClockOff, CommandRefused."""
        rest = changes.requests
        if len(rest) > SENT_AT_ONCE:
            assert all(caller.idempotency_key for _, caller in rest), f"{len(rest)} commands at once, and not all have a key"
        while len(rest) > SENT_AT_ONCE:
            some, rest = rest[:SENT_AT_ONCE], rest[SENT_AT_ONCE:]
            self.bus.execute_all(some, lambda _, answers: self._alongside(Changes(saved), answers))
        self.bus.execute_all(rest, lambda _, answers: self._alongside(changes, answers))

    def _alongside(self, changes: Changes, answers: Sequence[Answer]) -> None:
        """Save the other changes inside the transaction of the commands."""
        self.progress.move(self.epoch, changes.position)
        for answer in answers:
            if isinstance(answer, DomainError):
                raise CommandRefused(type(answer).__name__) from answer
        self.progress.cancel_timers([key for key, timer in changes.timers.items() if timer is None])
        self.progress.set_timers([timer for timer in changes.timers.values() if timer is not None])
        self.progress.settle(changes.settled)
        for change in changes.writes:
            change.apply(self.bus.store.recorder.db)
        if changes.failure is not None:
            self.progress.give_up(changes.failure)
