"""What becomes of a command in its unit of work: before it is saved an outcome, after it an answer."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from commands.handler_context import Caller, Command, Receipt
from domain.base import Event
from domain.errors import DomainError
from store.database import Database

Request = tuple[Command, Caller]


@dataclass(slots=True)
class Decision:
    """An accepted command that waits to be saved."""

    id: UUID
    version: int
    result: dict[str, object]
    events: list[Event]
    caller: Caller
    digest: bytes = b""
    shown_once: dict[str, Any] = field(default_factory=dict)
    keeps_digest: bool = False
    """Whether its digest stays, although it makes data unreadable: it names what it forgets by an id."""
    decided_at: int = 0
    expires_at: int = 0
    """When its receipt expires (microseconds); 0: never."""


@dataclass(slots=True)
class Repeat:
    """A command whose idempotency key was used before: in this unit of work (`before` is not saved yet) or earlier."""

    before: Decision | Receipt


Outcome = Decision | Repeat | DomainError
"""The outcome of a command before anything is saved."""

Answer = Receipt | DomainError
"""The answer to a command after the save."""

Alongside = Callable[[Database, Sequence[Answer]], None]
"""Called inside the transaction of some commands with their answers, to write more with it. An error that it raises undoes all of them."""
