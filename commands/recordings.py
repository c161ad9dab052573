"""Commands about recordings (gravações) of calls: by hand, by the queue's rule, what the PBX made of it, and who listens."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar
from uuid import UUID

from commands.handler_context import Command, Done, HandlerContext, handles
from commands.interactions import act_on_call
from commands.queues import existing_queue
from domain.access import ACT_FOR_OTHERS, ATTEND, LISTEN, OBSERVE, Permission
from domain.base import Personal
from domain.companies import Company
from domain.errors import NotFound, Refused
from domain.ids import recording_id
from domain.queues import Queue, RecordingRule
from domain.recordings import Action, By, Failure, Loss, Recording, Sound
from domain.voice.interactions import Interaction


class OfTalk(Command, frozen=True, kw_only=True):
    """A command of the agent who talks in the call. Receipt: the recording."""

    permission: ClassVar[str] = ATTEND
    permission_for_others: ClassVar[Permission] = ACT_FOR_OTHERS
    interaction: UUID


class StartRecording(OfTalk, frozen=True, kw_only=True):
    """Record the call from now on."""


class PauseRecording(OfTalk, frozen=True, kw_only=True):
    """Leave out what is said from now on, as a card number."""


class ResumeRecording(OfTalk, frozen=True, kw_only=True):
    """Record again what is said."""


class StopRecording(OfTalk, frozen=True, kw_only=True):
    """End the recording. What the queue's rule wants to have recorded can only be paused."""


class ApplyRecordingRule(Command, frozen=True, kw_only=True):
    """The call was offered to a queue, or answered in it: begin or end its recording, as the queue's rule says. Sent by the deployment itself."""

    permission: ClassVar[str] = OBSERVE
    interaction: UUID
    queue: str


class EndRecordings(Command, frozen=True, kw_only=True):
    """The call is over. Sent by the deployment itself."""

    permission: ClassVar[str] = OBSERVE
    interaction: UUID


class OfRecording(Command, frozen=True, kw_only=True):
    """What became of a recording at the PBX. Sent by the process that drives it."""

    permission: ClassVar[str] = OBSERVE
    recording: UUID


class BeginRecording(OfRecording, frozen=True, kw_only=True):
    """The PBX records. monitor: its own id of it."""

    monitor: str


class ConfirmRecording(OfRecording, frozen=True, kw_only=True):
    """The PBX has paused or resumed it."""

    action: Action


class FailRecording(OfRecording, frozen=True, kw_only=True):
    """The PBX did not do what was asked for."""

    action: Action
    why: Failure


class KeepRecording(OfRecording, frozen=True, kw_only=True):
    """The sound is in the media store. content_key: hexadecimal, opens it."""

    sound: Sound
    content_key: str


class LoseRecording(OfRecording, frozen=True, kw_only=True):
    """There is no file of it."""

    why: Loss


class RemoveRecording(OfRecording, frozen=True, kw_only=True):
    """The company's time for keeping recordings may be over. Sent by the deployment itself."""


class ListenToRecording(Command, frozen=True, kw_only=True):
    """The caller listens to a recording: it is written into the call's history before a byte is sent."""

    permission: ClassVar[str] = LISTEN
    recording: UUID


@handles(StartRecording)
def start_recording(command: StartRecording, context: HandlerContext) -> Done:
    """Refused without a talk, while the call is recorded already, where the queue's rule is never, and to users of a call that no PBX leads."""
    interaction = _talk(command, context)
    if context.caller.user is not None:
        interaction.must_be_followed()
    queue = _queue_of_talk(interaction)
    if queue and _rule(queue, context) == "never":
        raise Refused("recording-not-allowed", f"calls of the queue {queue} are never recorded")
    if _going_on(interaction, context) is not None:
        raise Refused("recording-running", "the call is being recorded already")
    return Done(_ask(interaction, "hand", queue, context))


@handles(PauseRecording)
def pause_recording(command: PauseRecording, context: HandlerContext) -> Done:
    """Refused unless the call is being recorded."""
    recording = _of_talk(command, context)
    recording.pause(context.metadata)
    return Done(recording)


@handles(ResumeRecording)
def resume_recording(command: ResumeRecording, context: HandlerContext) -> Done:
    """Refused unless the recording is paused."""
    recording = _of_talk(command, context)
    recording.resume(context.metadata)
    return Done(recording)


@handles(StopRecording)
def stop_recording(command: StopRecording, context: HandlerContext) -> Done:
    """Refused for a recording by the queue's rule."""
    recording = _of_talk(command, context)
    recording.stop(context.metadata)
    return Done(recording)


@handles(ApplyRecordingRule)
def apply_recording_rule(command: ApplyRecordingRule, context: HandlerContext) -> Done:
    """Nothing happens for a call that is over, or that is recorded as the rule says."""
    interaction = context.get(Interaction, command.interaction)
    rule, going_on = _rule(command.queue, context), _going_on(interaction, context)
    if interaction.call is None or interaction.call.ended_ms is not None:
        return Done(interaction)
    if rule == "always" and going_on is None:
        _ask(interaction, "rule", command.queue, context)
    elif rule == "never" and going_on is not None:
        going_on.end(context.metadata)
    return Done(interaction)


@handles(EndRecordings)
def end_recordings(command: EndRecordings, context: HandlerContext) -> Done:
    """A repeat changes nothing."""
    interaction = context.get(Interaction, command.interaction)
    going_on = _going_on(interaction, context)
    if going_on is not None:
        going_on.end(context.metadata)
    return Done(interaction)


@handles(BeginRecording)
def begin_recording(command: BeginRecording, context: HandlerContext) -> Done:
    """Nothing changes if it has begun before."""
    recording = context.get(Recording, command.recording)
    recording.begin(command.monitor, context.metadata)
    return Done(recording)


@handles(ConfirmRecording)
def confirm_recording(command: ConfirmRecording, context: HandlerContext) -> Done:
    """A repeat changes nothing."""
    recording = context.get(Recording, command.recording)
    recording.confirm(command.action, context.metadata)
    return Done(recording)


@handles(FailRecording)
def fail_recording(command: FailRecording, context: HandlerContext) -> Done:
    """Nothing changes if it was done after all."""
    recording = context.get(Recording, command.recording)
    recording.fail(command.action, command.why, context.metadata)
    return Done(recording)


@handles(KeepRecording)
def keep_recording(command: KeepRecording, context: HandlerContext) -> Done:
    """The content key is sealed by the key of the call's contact, or of the call itself while nobody knows who called: it is forgotten with the person."""
    recording = context.get(Recording, command.recording)
    interaction = context.get(Interaction, recording.interaction)
    contact = interaction.call.contact if interaction.call is not None else None
    key = Personal(contact or interaction.id, command.content_key)
    recording.keep(command.sound, key, context.metadata)
    return Done(recording)


@handles(LoseRecording)
def lose_recording(command: LoseRecording, context: HandlerContext) -> Done:
    """Nothing changes if there is a file."""
    recording = context.get(Recording, command.recording)
    recording.lose(command.why, context.metadata)
    return Done(recording)


@handles(RemoveRecording)
def remove_recording(command: RemoveRecording, context: HandlerContext) -> Done:
    """By the company's setting of now. A repeat changes nothing."""
    recording = context.get(Recording, command.recording)
    days = context.get(Company, context.tenant).settings.recording_days
    if days:
        recording.remove(days, context.metadata)
    return Done(recording)


@handles(ListenToRecording)
def listen_to_recording(command: ListenToRecording, context: HandlerContext) -> Done:
    """What one user fetches within ten minutes is one listening."""
    recording = context.get(Recording, command.recording)
    recording.listen(context.metadata)
    return Done(recording)


def _talk(command: OfTalk, context: HandlerContext) -> Interaction:
    """The call, on behalf of an agent who talks in it. Raises Refused, NotAllowed."""
    interaction = context.get(Interaction, command.interaction)
    talking = sorted(interaction.talking())
    if not talking:
        raise Refused("call-not-talking", "no agent is talking in this call")
    act_on_call(context, interaction, talking)
    return interaction


def _of_talk(command: OfTalk, context: HandlerContext) -> Recording:
    recording = _going_on(_talk(command, context), context)
    if recording is None:
        raise Refused("recording-not-running", "the call is not being recorded")
    return recording


def _queue_of_talk(interaction: Interaction) -> str:
    """The queue in which somebody talks now; "" for a call of no queue."""
    return next((talk.queue for talk in reversed(interaction.going_on())), "")


def _rule(queue: str, context: HandlerContext) -> RecordingRule:
    try:
        found: Queue = existing_queue(context, queue)
    except NotFound:
        return "by-hand"
    return found.settings.recording


def _recordings(interaction: UUID, context: HandlerContext) -> Iterator[Recording]:
    """Those of the call, the oldest first."""
    number = 0
    while (found := context.load(Recording, recording_id(interaction, number))) is not None:
        yield found
        number += 1


def _going_on(interaction: Interaction, context: HandlerContext) -> Recording | None:
    return next((found for found in _recordings(interaction.id, context) if found.goes_on), None)


def _ask(interaction: Interaction, by: By, queue: str, context: HandlerContext) -> Recording:
    assert interaction.call is not None
    number = sum(1 for _ in _recordings(interaction.id, context))
    recording = context.add(Recording(recording_id(interaction.id, number), context.tenant))
    recording.ask((interaction.id, interaction.call.call, number), by, queue, context.metadata)
    return recording
