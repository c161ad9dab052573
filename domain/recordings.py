"""A recording (gravação) of a call: asked for, made by the PBX, kept sealed as media, listened to.

The sound is a file in the media store. The log has what is known of it, and its content key, sealed by the key of the call's contact.
"""

from __future__ import annotations

from typing import ClassVar, Literal
from uuid import UUID

import msgspec

from domain.base import SECOND, Aggregate, Event, EventMetadata, Personal
from domain.errors import Refused

By = Literal["rule", "hand"]
"""Who wanted it: the queue's rule, or an agent."""

Action = Literal["start", "pause", "resume"]
"""What the PBX is asked to do."""

Failure = Literal["expired", "refused", "failed"]
"""Why the PBX did not do it: nobody drove it in time, it refused, or the connection ended before its answer."""

Loss = Literal["nothing-said", "missing"]
"""Why there is no sound: nobody talked while it was recorded, or the PBX has left no file."""

Status = Literal["asked", "recording", "paused", "ended", "kept", "lost", "failed", "removed"]
"""asked: the PBX has not begun yet. ended: the file is not kept yet. kept: it can be listened to. lost: there is no file. failed: it never began.

removed: it was kept, and the company's time for that is over."""

LISTENING_US = 600 * SECOND
"""What one user fetches of a recording within ten minutes is one listening: a player asks for many ranges."""

MOST_BY_HAND = 50
"""Recordings of one call after which agents begin none any more. The queue's rule is followed nevertheless."""

DAY = 86_400 * SECOND

_GOING_ON = frozenset({"asked", "recording", "paused"})


class Sound(msgspec.Struct, frozen=True):
    """A file in the media store. media: its id there. size (bytes), sha256 (hexadecimal), type (a media type): of the plain file."""

    media: UUID
    size: int
    type: str
    sha256: str
    duration_ms: int


class RecordingEvent(Event, frozen=True, kw_only=True):
    """Something about a recording of a call."""

    SLICE: ClassVar[str] = "interactions"


class RecordingAsked(RecordingEvent, frozen=True, kw_only=True):
    """The PBX shall record the call. call: its id at the PBX. number: the how manieth recording of the call, from 0 on. queue: by whose rule, or for which queue the agent talks."""

    TOPIC: ClassVar[str] = "recording.asked"
    interaction: UUID
    call: str
    number: int
    by: By
    queue: str = ""


class RecordingBegun(RecordingEvent, frozen=True, kw_only=True):
    """The PBX records. monitor: the PBX's own id of it, by which it is stopped."""

    TOPIC: ClassVar[str] = "recording.begun"
    monitor: str


class RecordingPaused(RecordingEvent, frozen=True, kw_only=True):
    """What is said from now on shall not be heard in the recording (a card number): it has silence there."""

    TOPIC: ClassVar[str] = "recording.paused"


class RecordingResumed(RecordingEvent, frozen=True, kw_only=True):
    """What is said from now on is in the recording again."""

    TOPIC: ClassVar[str] = "recording.resumed"


class RecordingDone(RecordingEvent, frozen=True, kw_only=True):
    """The PBX has paused or resumed it, as asked."""

    TOPIC: ClassVar[str] = "recording.done"
    action: Action


class RecordingNotDone(RecordingEvent, frozen=True, kw_only=True):
    """The PBX did not do what was asked for: after `pause` it records what is said."""

    TOPIC: ClassVar[str] = "recording.not_done"
    action: Action
    why: Failure


class RecordingEnded(RecordingEvent, frozen=True, kw_only=True):
    """Nothing more is recorded: an agent stopped it (hand), or the call ended or came to a queue that is never recorded (rule)."""

    TOPIC: ClassVar[str] = "recording.ended"
    by: By


class RecordingKept(RecordingEvent, frozen=True, kw_only=True):
    """The sound is in the media store under the id `media`, sealed. size (bytes), sha256 (hexadecimal): of the plain file. type: its media type. content_key: hexadecimal, opens it."""

    TOPIC: ClassVar[str] = "recording.kept"
    media: UUID
    size: int
    type: str
    sha256: str
    duration_ms: int
    content_key: Personal


class RecordingLost(RecordingEvent, frozen=True, kw_only=True):
    """There is no file of it."""

    TOPIC: ClassVar[str] = "recording.lost"
    why: Loss


class RecordingListened(RecordingEvent, frozen=True, kw_only=True):
    """The actor listened to it."""

    TOPIC: ClassVar[str] = "recording.listened"


class RecordingRemoved(RecordingEvent, frozen=True, kw_only=True):
    """The company's time for keeping recordings (retenção) was over: the file `media` is deleted. days: how long that was."""

    TOPIC: ClassVar[str] = "recording.removed"
    media: UUID
    days: int


class Recording(Aggregate):
    """One recording of one call.

    begun_at, ended_at: microseconds; 0 before. unconfirmed: the pause or resumption that the PBX has not confirmed yet. kept: how it is kept, None if it is not.
    """

    KIND = "recording"
    EVENTS = RecordingEvent

    def __init__(self, id: UUID, tenant: UUID) -> None:
        super().__init__(id, tenant)
        self.interaction = UUID(int=0)
        self.call = ""
        self.number = 0
        self.by: By = "rule"
        self.queue = ""
        self.status: Status = "asked"
        self.monitor = ""
        self.unconfirmed: Action | None = None
        self.begun_at = 0
        self.ended_at = 0
        self.kept: RecordingKept | None = None
        self.loss: Loss | None = None
        self._listened: dict[str, int] = {}
        """When each actor listened last (microseconds)."""

    @property
    def goes_on(self) -> bool:
        """Whether the call is recorded, or soon will be."""
        return self.status in _GOING_ON

    def ask(self, of: tuple[UUID, str, int], by: By, queue: str, metadata: EventMetadata) -> None:
        """The PBX shall record. of: the interaction, its id at the PBX, and how many recordings it has already. Raises Refused for too many by hand."""
        interaction, call, number = of
        if by == "hand" and number >= MOST_BY_HAND:
            raise Refused("too-many-recordings", f"a call that has {MOST_BY_HAND} recordings is not recorded by hand again")
        fields = {"interaction": interaction, "call": call, "number": number, "by": by, "queue": queue}
        self.trigger(RecordingAsked, metadata, metadata.recorded_at, **fields)

    def begin(self, monitor: str, metadata: EventMetadata) -> None:
        """The PBX has begun. A repeat changes nothing."""
        if self.status == "asked":
            self.trigger(RecordingBegun, metadata, metadata.recorded_at, monitor=monitor)

    def pause(self, metadata: EventMetadata) -> None:
        """Leave out what is said from now on."""
        if self.status != "recording":
            raise Refused("recording-not-running", "the call is not being recorded, or the recording is paused already")
        self.trigger(RecordingPaused, metadata, metadata.recorded_at)

    def resume(self, metadata: EventMetadata) -> None:
        """Record again what is said."""
        if self.status != "paused":
            raise Refused("recording-not-paused", "no recording of this call is paused")
        self.trigger(RecordingResumed, metadata, metadata.recorded_at)

    def stop(self, metadata: EventMetadata) -> None:
        """An agent ends it. What the queue's rule wants to have recorded can only be paused."""
        if not self.goes_on:
            raise Refused("recording-not-running", "the call is not being recorded")
        if self.by == "rule":
            raise Refused("recording-by-rule", f"the queue {self.queue} is always recorded: pause the recording instead")
        self.trigger(RecordingEnded, metadata, metadata.recorded_at, by="hand")

    def end(self, metadata: EventMetadata) -> None:
        """Nothing more can or may be recorded. A repeat changes nothing."""
        if self.status == "asked":
            self.fail("start", "expired", metadata)
        elif self.goes_on:
            self.trigger(RecordingEnded, metadata, metadata.recorded_at, by="rule")

    def confirm(self, action: Action, metadata: EventMetadata) -> None:
        """The PBX did it. A repeat changes nothing."""
        if self.unconfirmed == action:
            self.trigger(RecordingDone, metadata, metadata.recorded_at, action=action)

    def fail(self, action: Action, why: Failure, metadata: EventMetadata) -> None:
        """The PBX did not do it. Nothing changes if it was done, or if it does not matter any more."""
        if self.unconfirmed == action or (action == "start" and self.status == "asked"):
            self.trigger(RecordingNotDone, metadata, metadata.recorded_at, action=action, why=why)

    def keep(self, sound: Sound, content_key: Personal, metadata: EventMetadata) -> None:
        """The sound is in the media store. A repeat changes nothing: the first file is the one that can be read."""
        if self.kept is None and self.status != "removed":
            fields = msgspec.structs.asdict(sound)
            self.trigger(RecordingKept, metadata, metadata.recorded_at, content_key=content_key, **fields)

    def lose(self, why: Loss, metadata: EventMetadata) -> None:
        """There is no file. Nothing changes if there is one after all."""
        if self.status == "ended":
            self.trigger(RecordingLost, metadata, metadata.recorded_at, why=why)

    def remove(self, days: int, metadata: EventMetadata) -> None:
        """The company keeps recordings for so many days, and they are over. Nothing changes if there is no sound, or if it was kept later than that."""
        if self.kept is not None and metadata.recorded_at - self.kept.recorded_at >= days * DAY:
            self.trigger(RecordingRemoved, metadata, metadata.recorded_at, media=self.kept.media, days=days)

    def must_be_kept(self) -> RecordingKept:
        """How it is kept. Raises Refused for one that cannot be listened to (yet)."""
        if self.kept is None:
            raise Refused("recording-not-kept", "there is no sound of this recording, or it is not kept yet")
        return self.kept

    def listen(self, metadata: EventMetadata) -> None:
        """Record that the actor listens to it now."""
        self.must_be_kept()
        if metadata.recorded_at - self._listened.get(metadata.actor, -LISTENING_US) >= LISTENING_US:
            self.trigger(RecordingListened, metadata, metadata.recorded_at)

    def apply(self, event: Event) -> None:
        match event:
            case RecordingAsked():
                self.interaction, self.call, self.number = event.interaction, event.call, event.number
                self.by, self.queue = event.by, event.queue
            case RecordingBegun(monitor=monitor):
                self.status, self.monitor, self.begun_at = "recording", monitor, event.occurred_at
            case RecordingPaused():
                self.status, self.unconfirmed = "paused", "pause"
            case RecordingResumed():
                self.status, self.unconfirmed = "recording", "resume"
            case RecordingDone():
                self.unconfirmed = None
            case RecordingNotDone(action=action):
                outcome: dict[Action, Status] = {"start": "failed", "pause": "recording", "resume": "paused"}
                self.status, self.unconfirmed = outcome[action], None
            case RecordingEnded():
                self.status, self.ended_at, self.unconfirmed = "ended", event.occurred_at, None
            case RecordingKept():
                self.status, self.kept = "kept", event
            case RecordingRemoved():
                self.status, self.kept = "removed", None
            case RecordingLost(why=why):
                self.status, self.loss = "lost", why
            case RecordingListened():
                self._listened[event.actor] = event.recorded_at
