"""What an effect is: a class that performs at a PBX what events of some topics ask for."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Hashable, Iterable
from typing import ClassVar, Literal

import discovery
from commands.handler_context import Command
from domain.base import SECOND, Event
from telephony_adapter.control.pbx import Pbx

EXPIRES_US = 15 * SECOND
"""A request that is older is not performed: nobody expects any more that a telephone rings for it."""

Why = Literal["expired", "refused", "failed"]
"""Why a request was not performed: it was too old, the PBX refused it, or the connection ended before the PBX had answered."""


class Effect(ABC):
    """Performs the events of `TOPICS`. One instance lives as long as this process leads the PBX.

    Events of one aggregate are performed one after the other, in their order; those of different aggregates at the same time. So `perform` runs in
    several threads, and keeps nothing that they could change at once.

    EXPIRES_US: a request that was recorded earlier than this many microseconds ago is concluded as expired instead. It is performed at most once: a
    process that dies meanwhile does not repeat it. None: the effect makes the PBX equal to what Atende says now, so it can be repeated, is performed
    however old the event is, and of the events of an aggregate that wait only for the last one about each matter.
    """

    TOPICS: ClassVar[tuple[str, ...]]
    EXPIRES_US: ClassVar[int | None] = EXPIRES_US

    def wants(self, event: Event) -> bool:  # noqa: ARG002 - most topics always ask for something
        """Whether the event asks for anything."""
        return True

    def matter(self, event: Event) -> Hashable:  # noqa: ARG002 - most effects make one thing equal, whatever the event is
        """In what the event has the PBX made equal. An effect that does something else for some events must tell them apart here."""
        return True

    @abstractmethod
    def perform(self, event: Event, pbx: Pbx) -> Iterable[Command]:
        """Do what the event asks for; the commands report the outcome.

        Raises PbxRefuses for what the PBX refuses, ConnectionEnded and NoAnswer: then `unperformed` concludes it.
        """

    def unperformed(self, event: Event, why: Why) -> Iterable[Command]:  # noqa: ARG002 - most effects leave nothing open
        """The commands that conclude a request which was not performed, or of which nobody knows whether it was.

        They may come twice, and after the outcome: whoever handles them passes over a request that is concluded.
        """
        return ()

    def resynchronise(self, pbx: Pbx) -> Iterable[Command]:  # noqa: ARG002 - most effects have no state at the PBX
        """Make the PBX equal to what Atende says, after each (re)connection and before its lists are read."""
        return ()


def effects() -> list[Effect]:
    """An instance of every effect, in the order of their modules' names."""
    return [
        value()
        for module in discovery.modules("telephony_adapter.control")
        for value in vars(module).values()
        if isinstance(value, type) and issubclass(value, Effect) and value.__module__ == module.__name__ and "TOPICS" in vars(value)
    ]
