"""What a supervisor does in a call of another agent: listens, whispers to the agent, joins, hangs up, takes the call over.

Each is asked for first. The PBX calls the supervisor's telephone, or does it at once, and then it is known what came of it.
"""

from __future__ import annotations

from typing import ClassVar, Literal
from uuid import UUID

import msgspec
from msgspec.structs import replace

from domain.base import Aggregate, Event, EventMetadata
from domain.errors import Refused

Mode = Literal["listen", "whisper", "barge", "hang-up", "pull", "leave"]
"""listen: hears both, is heard by nobody; whisper: the agent hears the supervisor; barge: both do; pull: the supervisor talks instead of the agent; leave: ends it."""


State = Literal["none", "requested", "active", "ended", "failed"]
"""requested: the PBX is asked, the telephone may be ringing. active: listens, whispers or joins now. ended: it is over, or what was asked for is done."""

Reason = Literal["", "no-answer", "call-ended", "expired", "refused", "failed"]
"""Why it failed: the supervisor's telephone was not answered, the call was over, the PBX did not do it in time, refused it or could not."""


class Supervised(msgspec.Struct, frozen=True):
    """Who is in which call. interaction, call: the call, by its source's id too. supervisor, agent: by name. leg: the id of the call to the supervisor's telephone."""

    interaction: UUID
    call: str
    supervisor: str
    agent: str
    leg: str


class SupervisionEvent(Event, frozen=True, kw_only=True):
    """A supervisor and a call of another agent. mode: what is asked for, or what is in force."""

    SLICE: ClassVar[str] = "interactions"
    mode: Mode


class SupervisionRequested(SupervisionEvent, frozen=True, kw_only=True):
    """A supervisor asks for it."""

    TOPIC: ClassVar[str] = "supervision.requested"
    of: Supervised


class SupervisionBegun(SupervisionEvent, frozen=True, kw_only=True):
    """The supervisor is in the call, in this mode from now on."""

    TOPIC: ClassVar[str] = "supervision.begun"


class SupervisionFailed(SupervisionEvent, frozen=True, kw_only=True):
    """What was asked for was not done."""

    TOPIC: ClassVar[str] = "supervision.failed"
    reason: Reason


class SupervisionEnded(SupervisionEvent, frozen=True, kw_only=True):
    """The supervisor is no longer in the call; of a hang-up, or of a call that was taken over: it is done."""

    TOPIC: ClassVar[str] = "supervision.ended"


class Supervision(Aggregate):
    """One supervisor in one call, any number of times. mode: what was asked for last, or is in force. reason: why the last request failed."""

    KIND = "supervision"
    EVENTS = SupervisionEvent

    def __init__(self, id: UUID, tenant: UUID) -> None:
        super().__init__(id, tenant)
        self.state: State = "none"
        self.mode: Mode = "listen"
        self.reason: Reason = ""
        self.of: Supervised | None = None

    def request(self, mode: Mode, of: Supervised, metadata: EventMetadata) -> None:
        """Ask for it. A supervisor who is in the call changes the mode on the same telephone. Refused while another request waits."""
        if self.state == "requested":
            raise Refused("supervision-pending", "what was asked for before is not done yet")
        if mode == "leave" and self.state != "active":
            raise Refused("supervision-inactive", "the supervisor is not in this call")
        of = replace(of, leg=self.of.leg) if self.state == "active" and self.of is not None else of
        self.trigger(SupervisionRequested, metadata, metadata.recorded_at, mode=mode, of=of)

    def begin(self, mode: Mode, metadata: EventMetadata) -> bool:
        """Record that the supervisor is in the call; False when nobody asked for it any more."""
        if self.state != "requested":
            return False
        self.trigger(SupervisionBegun, metadata, metadata.recorded_at, mode=mode)
        return True

    def fail(self, reason: Reason, metadata: EventMetadata) -> None:
        """Record that what was asked for was not done. Nothing changes when it is concluded."""
        if self.state == "requested":
            self.trigger(SupervisionFailed, metadata, metadata.recorded_at, mode=self.mode, reason=reason)

    def end(self, metadata: EventMetadata) -> bool:
        """Record that it is over; False when that was known."""
        if self.state not in ("requested", "active"):
            return False
        self.trigger(SupervisionEnded, metadata, metadata.recorded_at, mode=self.mode)
        return True

    def apply(self, event: Event) -> None:
        match event:
            case SupervisionRequested(mode=mode, of=of):
                self.of, self.state, self.mode, self.reason = of, "requested", mode, ""
            case SupervisionBegun(mode=mode):
                self.state, self.mode = "active", mode
            case SupervisionFailed(reason=reason):
                self.state, self.reason = "failed", reason
            case SupervisionEnded():
                self.state = "ended"
