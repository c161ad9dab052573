"""Calls are recorded at the PBX by MixMonitor, by the queue's rule or by hand; what it wrote is kept sealed, and its plain file removed.

MixMonitor hears what the customer's channel hears and says: not the voice of a supervisor who whispers or barges in.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator
from contextlib import suppress
from uuid import UUID, uuid4

from commands.handler_context import Command
from commands.recordings import (
    ApplyRecordingRule,
    BeginRecording,
    ConfirmRecording,
    EndRecordings,
    FailRecording,
    KeepRecording,
    LoseRecording,
)
from domain.base import CATALOGUE, SECOND, Event
from domain.ids import queue_id, recording_id
from domain.queues import Queue
from domain.recordings import (
    Action,
    Recording,
    RecordingAsked,
    RecordingEnded,
    RecordingKept,
    RecordingPaused,
    RecordingRemoved,
    RecordingResumed,
    Sound,
)
from domain.voice.interaction_events import InteractionEvent
from domain.voice.interactions import Interaction
from domain.voice.uniqueids import born_us
from store.media import MediaUnavailable
from telephony_adapter.control.effects import Effect, Why
from telephony_adapter.control.pbx import Pbx, PbxRefuses
from telephony_adapter.control.sounds import TYPE, NoSound, SoundFolder

log = logging.getLogger(__name__)

_OF_CALLS = tuple(sorted(topic for topic, kind in CATALOGUE.items() if issubclass(kind, InteractionEvent)))
_ENTERS = frozenset({"offered", "answered", "dial_answered"})
"""With these a call may come under another rule. A call is recorded from its offer on: MixMonitor's option `b` leaves out what is before a talk."""

_LIVE_US = 60 * SECOND
_RECENT_US = 86_400 * SECOND
"""What happened earlier before it was recorded belongs to an imported past."""

_ASKS: dict[type[Event], Action] = {RecordingAsked: "start", RecordingPaused: "pause", RecordingResumed: "resume"}


class RecordingRules(Effect):
    """Applies the rule of the queue to which a call comes."""

    TOPICS = _OF_CALLS

    def wants(self, event: Event) -> bool:
        """Only what happens now, in a queue."""
        assert isinstance(event, InteractionEvent)
        return event.recorded_at - event.occurred_at < _LIVE_US and any(fact.kind in _ENTERS for fact in event.facts)

    def perform(self, event: Event, pbx: Pbx) -> Iterable[Command]:
        """Nothing is sent for the calls of most queues."""
        assert isinstance(event, InteractionEvent)
        queues = {fact.queue for fact in event.facts if fact.kind in _ENTERS and fact.queue}
        if any(fact.kind == "dial_answered" for fact in event.facts):
            dialled = pbx.load(Interaction, event.originator_id)
            queues |= {dialled.state.attempt.queue} if dialled is not None and dialled.state.attempt is not None else set()
        for queue in sorted(queues - {""}):
            rule = _rule(pbx, queue)
            is_recorded = rule != "by-hand" and any(one.goes_on for one in _recordings(pbx, event.originator_id))
            if (rule == "always" and not is_recorded) or (rule == "never" and is_recorded):
                yield ApplyRecordingRule(interaction=event.originator_id, queue=queue)


class Recorder(Effect):
    """Begins, pauses and resumes recordings."""

    TOPICS = tuple(sorted(kind.TOPIC for kind in _ASKS))

    def perform(self, event: Event, pbx: Pbx) -> Iterable[Command]:
        """A pause is silence in the file. It mutes every MixMonitor of the channel, so that no recording of the PBX's own has the card number either."""
        recording = pbx.load(Recording, event.originator_id)
        assert recording is not None
        if isinstance(event, RecordingAsked):
            if pbx.asterisk.recordings is None or pbx.media is None:
                raise PbxRefuses("MixMonitor", "the setting has no recordings=")
            # A channel is found by its name or by its Uniqueid, which is the id of a call that a PBX has. A client of the API may call a call anything.
            if not born_us(recording.call) or not pbx.tells_of(recording.interaction, recording.call):
                raise PbxRefuses("MixMonitor", "the call is none of a PBX")
            name = SoundFolder.name_of(recording.id)
            answer = pbx.action("MixMonitor", Channel=recording.call, File=name, Options="b")
            return (BeginRecording(recording=recording.id, monitor=answer.headers.get("MixMonitorID", "")),)
        pbx.action("MixMonitorMute", Channel=recording.call, Direction="both", State=int(isinstance(event, RecordingPaused)))
        return (ConfirmRecording(recording=recording.id, action=_ASKS[type(event)]),)

    def unperformed(self, event: Event, why: Why) -> Iterable[Command]:
        """The recording says so."""
        return (FailRecording(recording=event.originator_id, action=_ASKS[type(event)], why=why),)


class RecordingsKept(Effect):
    """Ends the recordings of a call that is over, keeps their files, and removes the plain ones once they are kept."""

    TOPICS = (*_OF_CALLS, RecordingEnded.TOPIC, RecordingKept.TOPIC)
    EXPIRES_US = None

    def wants(self, event: Event) -> bool:
        """Of the events of calls only the ends."""
        if not isinstance(event, InteractionEvent):
            return True
        call = event.change.call
        return call is not None and call.ended_ms is not None and event.recorded_at - event.occurred_at < _RECENT_US

    def perform(self, event: Event, pbx: Pbx) -> Iterable[Command]:
        """Takes in what there is. Raises MediaUnavailable and OSError: the next connection tries again."""
        if pbx.asterisk.recordings is None or pbx.media is None:
            return
        folder = SoundFolder(pbx.asterisk.recordings)
        if isinstance(event, InteractionEvent):
            for one in _recordings(pbx, event.originator_id):
                yield from _settle(one, pbx, folder)
        elif isinstance(event, RecordingKept):
            folder.remove(event.originator_id)
        else:
            recording = pbx.load(Recording, event.originator_id)
            assert recording is not None
            if recording.monitor:
                with suppress(PbxRefuses):  # the channel is gone
                    pbx.action("StopMixMonitor", Channel=recording.call, MixMonitorID=recording.monitor)
            yield from _taken_in(recording, pbx, folder)

    def resynchronise(self, pbx: Pbx) -> Iterable[Command]:
        """Files that were left by a crash, here or of the PBX: nothing is lost, and nothing stays in plain."""
        if pbx.asterisk.recordings is None or pbx.media is None:
            return
        folder = SoundFolder(pbx.asterisk.recordings)
        for id in folder.left():
            recording = pbx.load(Recording, id)
            if recording is None or recording.tenant != pbx.tenant:
                log.warning("a recording of no known call lies in plain name=%s recording=%s", pbx.asterisk.name, id)
            else:
                try:
                    yield from _settle(recording, pbx, folder)
                except (MediaUnavailable, OSError) as error:
                    log.warning("recording not kept recording=%s reason=%s", id, type(error).__name__)


class Retention(Effect):
    """Deletes the sealed files of recordings whose time is over. What is known of them stays in the log, and so do all figures."""

    TOPICS = (RecordingRemoved.TOPIC,)
    EXPIRES_US = None

    def perform(self, event: Event, pbx: Pbx) -> Iterable[Command]:
        """Nothing happens if it is deleted already."""
        assert isinstance(event, RecordingRemoved)
        if pbx.media is not None:
            pbx.media.delete(pbx.tenant, event.media)
        return ()


def _settle(recording: Recording, pbx: Pbx, folder: SoundFolder) -> Iterator[Command]:
    """What is still to be done for a recording, if its call is over or it has ended."""
    if recording.goes_on:
        interaction = pbx.load(Interaction, recording.interaction)
        if interaction is not None and interaction.call is not None and interaction.call.ended_ms is not None:
            yield EndRecordings(interaction=recording.interaction)
    elif recording.kept is not None:
        folder.remove(recording.id)
    elif folder.has(recording.id):
        yield from _taken_in(recording, pbx, folder)


def _taken_in(recording: Recording, pbx: Pbx, folder: SoundFolder) -> Iterator[Command]:
    if recording.kept is not None:
        return
    assert pbx.media is not None
    try:
        sound = folder.finished(recording.id)
    except NoSound as none:
        folder.remove(recording.id)
        yield LoseRecording(
            recording=recording.id, why="missing" if not none.is_empty and _was_talked_in(pbx, recording) else "nothing-said"
        )
        return
    media = uuid4()
    sealed = pbx.media.put(pbx.tenant, media, sound.parts())
    kept = Sound(media=media, size=sealed.size, type=TYPE, sha256=sealed.sha256, duration_ms=sound.duration_ms)
    yield KeepRecording(recording=recording.id, sound=kept, content_key=sealed.key.hex())


def _was_talked_in(pbx: Pbx, recording: Recording) -> bool:
    interaction = pbx.load(Interaction, recording.interaction)
    if interaction is None:
        return False
    attempt = interaction.state.attempt
    return any(visit.end == "answered" for visit in interaction.state.visits) or (attempt is not None and attempt.result == "answered")


def _recordings(pbx: Pbx, interaction: UUID) -> Iterator[Recording]:
    number = 0
    while (found := pbx.load(Recording, recording_id(interaction, number))) is not None:
        yield found
        number += 1


def _rule(pbx: Pbx, name: str) -> str:
    queue = pbx.load(Queue, queue_id(pbx.tenant, name))
    if queue is not None and queue.owner is not None:
        queue = pbx.load(Queue, queue.owner)
    return queue.settings.recording if queue is not None else "by-hand"
