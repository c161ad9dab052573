"""A simulated center that tells its story to a company, through the one door: its past in one go, its present as it passes."""

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
from simulator.center import Center, busy_center
from simulator.model import Model
from simulator.speaking import PERMISSIONS, commands_of, settings_of
from simulator.truth import Truth

log = logging.getLogger(__name__)

BATCH = 2_000


class Story:
    """What happens in a company's simulated center from `start_us` on; each part of it is told once."""

    def __init__(self, bus: CommandBus, company: UUID, center: Center, *, seed: int, start_us: int) -> None:
        self._bus = bus
        self._company = company
        self._center = center
        self._caller = Caller(company, "simulator", PERMISSIONS)
        self.model = Model(center, seed, start_us)
        self.truth = Truth({queue.name: queue.settings.sla_ms for queue in center.queues})
        self._events = self.model.play()
        self._next: tuple[int, Action] | None = None

    def set_up(self) -> None:
        """Register the center's queues and IVRs, those that are not there."""
        for command in settings_of(self._center):
            with suppress(AlreadyExists):
                self._bus.execute(command, self._caller)

    def tell_until(self, until_us: int, told: Callable[[int, int], object] | None = None) -> int:
        """Tell all that happens before an instant, in big batches; `told` hears after each how far it is and how many commands that made.

        Returns how many commands it took. Raises the refusal if one is refused: the center does nothing that cannot be.
        """
        batch: list[tuple[Command, Caller]] = []
        count = 0
        for instant_us, command in self._commands(until_us):
            batch.append((command, self._caller))
            if len(batch) >= BATCH:
                count += self._save(batch)
                batch = []
                if told is not None:
                    told(instant_us, count)
        return count + self._save(batch)

    async def live(self, sleep: Callable[[float], Awaitable[object]] = asyncio.sleep) -> None:
        """Tell what happens as it happens, by the door's clock, until cancelled; what is overdue at once. `sleep` takes seconds.

        Somebody else may have a hand in the same center, who has sent an agent home, say: what is refused then does not happen.
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

    def _commands(self, until_us: int) -> Iterator[tuple[int, Command]]:
        """What happens before an instant, as commands."""
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
    """Tell a company so many days of a simulated center's past, from `start` on; returns the true figures of it."""
    story = Story(bus, company, busy_center(scale), seed=seed, start_us=int(start.timestamp()) * SECOND)
    story.set_up()
    story.tell_until(int((start + timedelta(days)).timestamp()) * SECOND)
    return story.truth.figures()
