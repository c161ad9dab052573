"""Callbacks: callers of an IVR who asked to be called back instead of waiting in a queue."""

from __future__ import annotations

from typing import ClassVar, Literal
from uuid import UUID

from domain.base import Aggregate, Event, EventMetadata, Personal
from domain.errors import NotFound, Refused
from domain.ids import part_id

CallbackOutcome = Literal["reached", "lost"]
"""How a callback ended. reached: somebody of the company talked to the caller. lost: nobody could, or nobody tried any more."""


def callback_id(interaction: UUID) -> UUID:
    """The callback that a call asked for: one at most."""
    return part_id(interaction, "callback", "")


class CallbackEvent(Event, frozen=True, kw_only=True):
    """Something about a callback."""

    SLICE: ClassVar[str] = "ivr"


class CallbackRequested(CallbackEvent, frozen=True, kw_only=True):
    """A caller of `ivr` who had chosen `queue` asked to be called back, in the call `interaction`. number: the caller's."""

    TOPIC: ClassVar[str] = "callback.requested"
    interaction: UUID
    ivr: str
    queue: str
    contact: UUID
    number: Personal


class CallbackConcluded(CallbackEvent, frozen=True, kw_only=True):
    """The callback ended: the caller was reached, or is lost."""

    TOPIC: ClassVar[str] = "callback.concluded"
    outcome: CallbackOutcome


class Callback(Aggregate):
    """One callback. Its id derives from the call's, so that a repeated request is the same callback. outcome: "" while it is open."""

    KIND = "callback"
    EVENTS = CallbackEvent

    def __init__(self, id: UUID, tenant: UUID) -> None:
        super().__init__(id, tenant)
        self.queue = ""
        self.number: Personal | None = None
        self.outcome: CallbackOutcome | Literal[""] = ""

    def request(self, interaction: UUID, number: Personal, metadata: EventMetadata, *, ivr: str, queue: str, at: int) -> None:
        """Note what the caller asked for at `at` (microseconds). number: its subject is the caller's contact. A repeat changes nothing."""
        if self.version == 0:
            self.trigger(
                CallbackRequested, metadata, at, interaction=interaction, ivr=ivr, queue=queue, contact=number.subject, number=number
            )

    def conclude(self, outcome: CallbackOutcome, metadata: EventMetadata) -> None:
        """Note how it ended. Refused if it ended already."""
        if self.version == 0:
            raise NotFound("callback-unknown", "no such callback")
        if self.outcome:
            raise Refused("callback-ended", "the callback has ended already")
        self.trigger(CallbackConcluded, metadata, metadata.recorded_at, outcome=outcome)

    def apply(self, event: Event) -> None:
        match event:
            case CallbackRequested(queue=queue, number=number):
                self.queue, self.number = queue, number
            case CallbackConcluded(outcome=outcome):
                self.outcome = outcome
