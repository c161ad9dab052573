"""Process managers that react to tallies, to try the runner with: what each brings about is a tally of its own, with one event if it was done once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import ClassVar
from uuid import UUID, uuid5

from domain.base import MS, Event
from processes.manager import CancelTimer, Decision, Ports, ProcessManager, Send, SetTimer, Timer
from tests.commands.tally import Count, Counted

ECHOED, TIMED, CANCELLED, POISONED = 1, 2, 3, 4
"""By how much is counted says what is to follow."""

AFTER_MS = 30
PORTS = Ports(lambda *_: [], lambda: 0, lambda _: 0)


def echo_of(tally: UUID) -> UUID:
    """The tally that says that somebody reacted to this one."""
    return uuid5(tally, "echo")


def rung_for(tally: UUID) -> UUID:
    """The tally that says that the timer of this one was due."""
    return uuid5(tally, "timer")


class Echo(ProcessManager[None]):
    """Answers a tally at once, or when its time has come."""

    NAME: ClassVar[str] = "echo"
    REACTS_TO: ClassVar[tuple[type[Event], ...]] = (Counted,)
    PERMISSIONS: ClassVar[frozenset[str]] = frozenset({"count"})
    SETS_TIMERS: ClassVar[bool] = True

    def __init__(self, ports: Ports = PORTS) -> None:
        super().__init__(ports)

    def state(self, trigger: Event | Timer, position: int) -> None:
        """Nothing is needed."""

    def react(self, event: Event, state: None) -> Sequence[Decision]:
        assert isinstance(event, Counted)
        key = str(event.originator_id)
        match event.by:
            case 1:
                return [Send(Count(tally=echo_of(event.originator_id), by=0))]
            case 2:
                return [SetTimer(key, event.recorded_at + AFTER_MS * MS)]
            case 3:
                return [CancelTimer(key)]
        return []

    def on_timer(self, timer: Timer, state: None, now_us: int) -> Sequence[Decision]:
        assert now_us >= timer.due_us
        return [Send(Count(tally=rung_for(UUID(timer.key)), by=0))]


class Faulty(Echo):
    """Fails at every tally that is poisoned, by an error or by a command that is refused, until it is mended; answers the others."""

    NAME: ClassVar[str] = "faulty"
    mended: bool = False

    def react(self, event: Event, state: None) -> Sequence[Decision]:
        assert isinstance(event, Counted)
        if self.mended and event.by in {POISONED, POISONED + 1}:
            return [Send(Count(tally=echo_of(event.originator_id), by=0))]
        if event.by == POISONED:
            raise ValueError("Ana Silva, +55 11 98765-4321")
        if event.by == POISONED + 1:
            return [Send(Count(tally=echo_of(event.originator_id), by=99))]
        return super().react(event, state)


class FaultyTimers(Echo):
    """Fails at every event or every timer, as long as `broken` names it."""

    NAME: ClassVar[str] = "faulty-timers"

    def __init__(self, *broken: str) -> None:
        super().__init__()
        self.broken = set(broken)

    def react(self, event: Event, state: None) -> Sequence[Decision]:
        decisions = super().react(event, state)
        if "event" in self.broken:
            raise ValueError("Ana Silva, +55 11 98765-4321")
        return decisions

    def on_timer(self, timer: Timer, state: None, now_us: int) -> Sequence[Decision]:
        if "timer" in self.broken:
            raise ValueError("Ana Silva, +55 11 98765-4321")
        return super().on_timer(timer, state, now_us)


class Slow(Echo):
    """Does nothing before it is let."""

    NAME: ClassVar[str] = "slow"

    def __init__(self, wait: Callable[[], object]) -> None:
        super().__init__()
        self._wait = wait

    def react(self, event: Event, state: None) -> Sequence[Decision]:
        self._wait()
        return super().react(event, state)


class Keyed(Echo):
    """Sends as many commands as the tally's version says, each with a key; the key of all tallies is the same."""

    NAME: ClassVar[str] = "keyed"
    MANY: ClassVar[int] = 250

    def react(self, event: Event, state: None) -> Sequence[Decision]:
        assert isinstance(event, Counted)
        return [Send(Count(tally=UUID(int=n), by=0), f"once-{n}") for n in range(self.MANY)] if event.by == ECHOED else []
