"""What a process manager is: it reads events and timers of all companies, and decides which commands follow from them.

A process manager is a module of this package with a subclass of `ProcessManager`; nothing else registers it. Its decisions are
pure functions of the event (or timer) and of a state that it reads beforehand, so they can be tried without a center.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Generic, TypeVar
from uuid import UUID

from commands.handler_context import Command
from domain.base import CATALOGUE, Event
from store.process_progress import Timer

__all__ = ["CancelTimer", "Decision", "NotYet", "Ports", "ProcessManager", "Send", "SetTimer", "Timer"]

S = TypeVar("S")


@dataclass(frozen=True, slots=True)
class Send:
    """Execute this command in the company of the event or timer.

    It is saved together with the position of the process manager, so it is done once for that event or timer. With a `key` it is done
    once for ever, whatever asks for it again. A command that is refused is an error of the process manager.
    """

    command: Command
    key: str = ""


@dataclass(frozen=True, slots=True)
class SetTimer:
    """Be asked again (`on_timer`) when an instant (microseconds) has come: once, never before. It takes the place of an earlier one of this key.

    Only the events of one aggregate decide about the timers of a key. Operators see the key: it holds no personal data.
    """

    key: str
    due_us: int
    payload: str = ""


@dataclass(frozen=True, slots=True)
class CancelTimer:
    """Do not be asked again. Nothing happens when there is no such timer."""

    key: str


Decision = Send | SetTimer | CancelTimer


class NotYet(Exception):
    """What the decision needs is not there yet; says what. It is tried again soon, and counts as no failure."""


@dataclass(frozen=True, slots=True)
class Ports:
    """What process managers may read.

    query: rows of the warehouse, as `Warehouse.query`. covered: the position of the log up to which these rows answer.
    last_heard: when the client of an agent was last heard of (microseconds), 0 if never.
    """

    query: Callable[[str, UUID], list[dict[str, Any]]]
    covered: Callable[[], int]
    last_heard: Callable[[UUID], int]


class ProcessManager(ABC, Generic[S]):
    """Decides what follows from events and timers.

    NAME: by which its position and timers are kept, for ever. REACTS_TO: the kinds of events that concern it; other events are not
    even read. PERMISSIONS: those of the commands that it sends. SETS_TIMERS: whether it ever decides to set one.
    """

    NAME: ClassVar[str]
    REACTS_TO: ClassVar[tuple[type[Event], ...]]
    PERMISSIONS: ClassVar[frozenset[str]]
    SETS_TIMERS: ClassVar[bool] = False

    def __init__(self, ports: Ports) -> None:
        self.ports = ports

    @classmethod
    def topics(cls) -> tuple[str, ...]:
        """The names of the events that concern it."""
        return tuple(sorted(topic for topic, kind in CATALOGUE.items() if issubclass(kind, cls.REACTS_TO)))

    @abstractmethod
    def state(self, trigger: Event | Timer, position: int) -> S:
        """Read what the decision about an event at this position, or about a timer, stands on. Raises NotYet."""

    @abstractmethod
    def react(self, event: Event, state: S) -> Sequence[Decision]:
        """What follows from an event. Pure."""

    def on_timer(self, timer: Timer, state: S, now_us: int) -> Sequence[Decision]:
        """What follows from a timer that is due. Pure."""
        raise NotImplementedError(f"{self.NAME} sets no timers ({timer.key}, {state}, {now_us})")
