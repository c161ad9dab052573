"""The base of process managers. A process manager reads events and timers of all companies, and decides which commands to send.

A process manager is a module of this package with a subclass of `ProcessManager`; nothing else registers it. Its decisions are
pure functions of the event (or timer) and of a state that it reads beforehand, so they can be tested without a deployment.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Generic, Protocol, TypeVar
from uuid import UUID

from commands.handler_context import Command
from domain.base import CATALOGUE, Event
from domain.known_before import Before
from domain.webhooks import Webhook
from store.database import Database
from store.process_progress import Timer

__all__ = ["CancelTimer", "Decision", "NotYet", "Ports", "ProcessManager", "Send", "SetTimer", "Timer", "Write"]

S = TypeVar("S")


@dataclass(frozen=True, slots=True)
class Send:
    """Execute this command in the company of the event or timer.

    It is saved together with the position of the process manager, so it is executed once for that event or timer. With a `key` it is executed
    once for ever, whatever event or timer sends it again. A command that is refused is an error of the process manager.
    """

    command: Command
    key: str = ""


@dataclass(frozen=True, slots=True)
class SetTimer:
    """Call `on_timer` once at an instant (microseconds), never before it. Replaces an earlier timer of this key.

    Only the events of one aggregate decide about the timers of a key. Operators see the key: it holds no personal data.
    """

    key: str
    due_us: int
    payload: str = ""


@dataclass(frozen=True, slots=True)
class CancelTimer:
    """Cancel the timer of this key. Nothing happens if there is none."""

    key: str


class Change(Protocol):
    """A change of a table beside the log."""

    def apply(self, db: Database) -> None:
        """Inside a transaction."""


@dataclass(frozen=True, slots=True)
class Write:
    """Change a table beside the log, in the transaction that saves the position. Events of a log that is replayed change nothing."""

    change: Change


Decision = Send | SetTimer | CancelTimer | Write


class NotYet(Exception):
    """The decision needs something that is not available yet; the message says what. It is tried again soon, and is not counted as a failure."""


@dataclass(frozen=True, slots=True)
class Ports:
    """What process managers may read.

    query: rows of the warehouse, as `Warehouse.query`. covered: the log position that these rows cover.
    last_heard: the instant of the last heartbeat of an agent's client (microseconds), 0 if none. webhooks: those that are not deleted, of all companies.
    before: what was known, before an event, of what it is about.
    """

    query: Callable[[str, UUID], list[dict[str, Any]]]
    covered: Callable[[], int]
    last_heard: Callable[[UUID], int]
    webhooks: Callable[[], list[Webhook]] = list
    before: Callable[[Event], Before] = lambda _: Before()


class ProcessManager(ABC, Generic[S]):
    """Decides what follows from events and timers.

    NAME: identifies its stored position and timers; it must never change. REACTS_TO: the types of events that it processes; other events are not
    read. PERMISSIONS: those of the commands that it sends. SETS_TIMERS: whether it ever decides to set one.
    """

    NAME: ClassVar[str]
    REACTS_TO: ClassVar[tuple[type[Event], ...]]
    PERMISSIONS: ClassVar[frozenset[str]]
    SETS_TIMERS: ClassVar[bool] = False

    def __init__(self, ports: Ports) -> None:
        self.ports = ports
        self._all_topics = self.topics()

    @classmethod
    def topics(cls) -> tuple[str, ...]:
        """The names of the events that it processes."""
        return tuple(sorted(topic for topic, kind in CATALOGUE.items() if issubclass(kind, cls.REACTS_TO)))

    def begin(self) -> None:
        """This process now runs it: read anew what it keeps in memory. Raises StoreUnavailable."""

    def reads(self) -> tuple[str, ...]:
        """The names of the events that it needs now, of those that it processes. It may change after any event."""
        return self._all_topics

    @abstractmethod
    def state(self, trigger: Event | Timer, position: int) -> S:
        """Read the state that a decision about an event at this position, or about a timer, needs. Raises NotYet."""

    @abstractmethod
    def react(self, event: Event, state: S) -> Sequence[Decision]:
        """The decisions that follow from an event. Pure."""

    def on_timer(self, timer: Timer, state: S, now_us: int) -> Sequence[Decision]:
        """The decisions that follow from a timer that is due. Pure."""
        raise NotImplementedError(f"{self.NAME} sets no timers ({timer.key}, {state}, {now_us})")
