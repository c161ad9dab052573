"""Sends the actions of a simulated center to a company's command bus: its past in batches, its present in real time."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterator
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from commands.command_bus import CommandBus
from commands.handler_context import Caller, Command
from domain.base import SECOND
from domain.errors import AlreadyExists, DomainError
from simulator.actions import Action
from simulator.center import SimulatedCenter, busy_center
from simulator.model import Model
from simulator.speaking import PERMISSIONS, commands_of, settings_of
from simulator.truth import Truth

log = logging.getLogger(__name__)

BATCH = 2_000


class Story:
    """A company's simulated center from `start_us` on. Each of its actions is sent once."""

    def __init__(self, bus: CommandBus, company: UUID, center: SimulatedCenter, *, seed: int, start_us: int) -> None:
        self._bus = bus
        self._company = company
        self._center = center
        self._caller = Caller(company, "simulator", PERMISSIONS)
        self.model = Model(center, seed, start_us)
        self.truth = Truth({queue.name: queue.settings.sla_ms for queue in center.queues})
        self._events = self.model.play()
        self._next: tuple[int, Action] | None = None

    def set_up(self) -> None:
        """Register the queues and IVRs of the center that do not exist yet."""
        for command in settings_of(self._center):
            with suppress(AlreadyExists):
                self._bus.execute(command, self._caller)

    def tell_until(self, until_us: int, progress: Callable[[int, int], object] | None = None) -> int:
        """Send everything that happens before an instant, in large batches. Returns the number of commands.

        `progress` is called after each batch with the instant reached and the number of commands so far. Raises the DomainError of a refused
        command: the center does nothing that the domain refuses.
        """
        batch: list[tuple[Command, Caller]] = []
        count = 0
        for instant_us, command in self._commands(until_us):
            batch.append((command, self._caller))
            if len(batch) >= BATCH:
                count += self._save(batch)
                batch = []
                if progress is not None:
                    progress(instant_us, count)
        return count + self._save(batch)

    async def live(self, sleep: Callable[[float], Awaitable[object]] = asyncio.sleep) -> None:
        """Send each action at its instant by the clock of the command bus, until cancelled. Overdue actions are sent at once. `sleep` takes seconds.

        Others may change the same center, for example log an agent out: a command that is refused for that reason is logged and skipped.
        """
        while (upcoming := self._peek()) is not None:
            early_us = upcoming[0] - self._bus.clock.now_us()
            if early_us > 0:
                await sleep(early_us / SECOND)
                continue
            for _, command in self._commands(upcoming[0] + 1):
                try:
                    await self._bus.execute_soon(command, self._caller)
                except DomainError as refusal:
                    log.info("simulator refused command=%s reason=%s", type(command).__name__, refusal)

    def tell_due(self) -> None:
        """Send each action that is due by the clock of the command bus. As in `live`, a command that is refused because others changed the center is skipped."""
        due = [(command, self._caller) for _, command in self._commands(self._bus.clock.now_us())]
        for (command, _), answer in zip(due, self._bus.execute_all(due) if due else (), strict=True):
            if isinstance(answer, DomainError):
                log.info("simulator refused command=%s reason=%s", type(command).__name__, answer)

    def _commands(self, until_us: int) -> Iterator[tuple[int, Command]]:
        """The commands of the actions before an instant."""
        while (upcoming := self._peek()) is not None and upcoming[0] < until_us:
            self._next = None
            self.truth.take(*upcoming)
            for command in commands_of(self._company, *upcoming):
                yield upcoming[0], command

    def _peek(self) -> tuple[int, Action] | None:
        if self._next is None:
            self._next = next(self._events, None)
        return self._next

    def _save(self, batch: list[tuple[Command, Caller]]) -> int:
        for answer in self._bus.execute_all(batch):
            if isinstance(answer, DomainError):
                raise answer
        return len(batch)


def history(bus: CommandBus, company: UUID, *, seed: int, start: datetime, days: float, scale: float = 1.0) -> dict[str, Any]:
    """Send `days` days of a simulated center from `start` on to a company. Returns the true figures."""
    story = Story(bus, company, busy_center(scale), seed=seed, start_us=int(start.timestamp()) * SECOND)
    story.set_up()
    story.tell_until(int((start + timedelta(days)).timestamp()) * SECOND)
    return story.truth.figures()
