"""Routes for what an IVR (URA) says: uploaded audio, previews, and a dry run of its flow."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Annotated, Any, Literal, TypeVar, get_args

from fastapi import Query, Request, Response
from msgspec.structs import replace
from pydantic import Field
from starlette.concurrency import run_in_threadpool

from api.access import RequestContext, authorised
from api.field_types import Body, IvrId, Moment, Receipt, Shape, Text, microseconds
from api.figure_parameters import Parameters
from api.invalid_fields import form
from api.ivr import VOICE, IvrChange, Message
from api.problem_documents import AWAY, documented, of_command
from api.slice_router import SliceRouter
from commands.ivr import SetIvrAudio
from domain.errors import InvalidField, Refused
from domain.ivr_flow import Arrived, Measured, Rehearsed, rehearse, state_at
from domain.ivr_settings import LONGEST_QUEUE_WAIT_MS, MESSAGES, MOST_WAITING, check
from domain.ivr_settings import Message as DomainMessage
from projections.queries.labels import labelled
from projections.queries.registers import RegisteredIvr, page
from projections.queries.settings import audio_in_use, ivr_to_edit
from sounds.conversion import LARGEST_SOUND, NotAudio
from sounds.folder import MOST_UPLOADED, MOST_UPLOADS, NotUploaded, TooManyUploads
from sounds.speech import SpeechUnavailable

router = SliceRouter(
    prefix="/v1/ivrs",
    tags=["ivr"],
    responses=documented("unauthenticated", "not-allowed", "invalid", "unavailable", "clock"),
)

T = TypeVar("T")

MessageName = Literal[
    "welcome", "prompt", "invalid", "no-choice", "closed", "unanswered", "protocol", "position", "wait", "callback", "callback-kept",
]  # fmt: skip
ForEditors = Annotated[RequestContext, authorised(ivr_to_edit)]

_PAGE = 1_000
_WAV = "audio/wav"
_SOUND = {"content": {_WAV: {"schema": {"type": "string", "format": "binary"}, "example": "RIFF…"}}}
_FILE: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "description": "The .mp3 or .wav itself: at most 5 MiB and 5 minutes.",
        "content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}, "example": "RIFF…"}},
    }
}


class OfMessage(Parameters):
    """Which message."""

    message: Annotated[MessageName, Field(description="the message; the settings have it under this name, with `_` for `-`")] = "welcome"


class OfAudio(OfMessage):
    """Parameters of an uploaded message."""

    file: Annotated[
        str,
        Field(
            min_length=5,
            max_length=200,
            pattern=form(r"^[\w .\-]+\.([mM][pP]3|[wW][aA][vV])$", "should be the name of a file that ends with .mp3 or .wav"),
            description="the file's name, for people",
            examples=["boas-vindas.mp3"],
        ),
    ] = "audio.wav"


class SpokenText(Body):
    """A text to be spoken."""

    text: Annotated[Text, Field(min_length=1, examples=["Bem-vindo à Central."])]
    voice: Annotated[str, Field(max_length=60, pattern=VOICE, description="as in a message", examples=["pt-br"])] = ""


class DryRun(Body):
    """A call that is only thought of: when it comes, what the caller keys, and how the queue is."""

    at: Annotated[Moment | None, Field(description="when the call comes in; now if omitted")] = None
    keys: Annotated[
        tuple[Annotated[str, Field(max_length=20, pattern=form(r"^[0-9*#]*$", "should have digits, * and # alone"))], ...],
        Field(
            max_length=30, description="what the caller keys, one input after the other; empty: nothing in time", examples=[["7", "", "1"]]
        ),
    ] = ()
    is_blocked: Annotated[bool, Field(description="the caller is on the blacklist")] = False
    has_number: Annotated[bool, Field(description="the caller's number is known")] = True
    waiting: Annotated[int, Field(ge=0, le=MOST_WAITING, description="callers in the queue", examples=[4])] = 0
    mean_wait_ms: Annotated[
        int, Field(ge=0, le=LONGEST_QUEUE_WAIT_MS, description="how long callers waited there lately; 0: not known", examples=[90_000])
    ] = 0
    is_answered: Annotated[bool, Field(description="somebody answers in the queue")] = True
    changes: Annotated[IvrChange | None, Field(description="settings that are not saved yet, instead of the saved ones")] = None


class FlowStep(Shape):
    """One step of the IVR."""

    keys: Annotated[str | None, Field(description="what was keyed before it; null: nothing was asked", examples=["1"])]
    kind: Annotated[Literal["ask", "measure", "queue", "callback", "hang-up"], Field(examples=["queue"])]
    kind_label: Annotated[str, Field(examples=["Encaminha à fila"])]
    messages: Annotated[list[Message], Field(description="played first, in order")]
    queue: Annotated[str, Field(description="the queue that it is about; empty if none", examples=["vendas"])]
    wait_ms: Annotated[int, Field(description="how long it waits for a key or in the queue; 0 if it does not wait", examples=[600_000])]
    reason: Annotated[
        Literal["", "closed", "holiday", "blocked", "no-choice", "unanswered", "ended"],
        Field(description="why the IVR ends the call; empty if it does not", examples=[""]),
    ]
    reason_label: Annotated[str, Field(examples=[""])]


class DryRunResult(Shape):
    """What the caller would meet."""

    state: Annotated[Literal["open", "closed", "holiday"], Field(description="of the IVR at that instant", examples=["open"])]
    state_label: Annotated[str, Field(examples=["Aberta"])]
    steps: list[FlowStep]


@router.post(
    "/speech",
    summary="Speak a text",
    response_class=Response,
    responses={200: {"description": "The sound.", **_SOUND}, **of_command()},
)
async def speak_text(body: SpokenText, context: ForEditors) -> Response:
    """Speaks a text as a message of an IVR would be, so that it can be heard before it is saved."""
    context.asker.scope.must_be_whole()
    return await _sound(context, DomainMessage(text=body.text, voice=body.voice))


@router.put(
    "/{ivr_id}/audio",
    summary="Upload a message of an IVR",
    responses=of_command("not-found", "no-room"),
    response_model=Receipt,
    openapi_extra=_FILE,
)
async def upload_ivr_message(ivr_id: IvrId, request: Request, context: ForEditors, params: Annotated[OfAudio, Query()]) -> Response:
    """Receives an .mp3 or .wav as the body, converts it to telephone quality and plays it as this message from now on, instead of its text.

    A company has at most 500 uploaded files, of 500 MiB as they are played; what no message plays any more makes room for new ones after a day.
    While the disk has no room for files, 507.
    """
    await context.ask(ivr_to_edit, ivr_id)
    try:
        async with context.application.upload_turns.file(context.tenant, context.credential.name):
            media = await _kept(context, await request.body())
    except NotAudio as error:
        raise InvalidField("", str(error), "file-not-recognised") from error
    except TooManyUploads as error:
        raise Refused("too-much-audio", f"a company has at most {MOST_UPLOADS} uploaded files, of {MOST_UPLOADED >> 20} MiB") from error
    return await context.do(SetIvrAudio(ivr=ivr_id, message=_field(params.message), file=params.file, media=media))


@router.get(
    "/{ivr_id}/audio",
    summary="Hear a message of an IVR",
    response_class=Response,
    responses={200: {"description": "The sound.", **_SOUND}, **documented("not-found", "refused")},
)
async def hear_ivr_message(ivr_id: IvrId, context: ForEditors, params: Annotated[OfMessage, Query()]) -> Response:
    """The message as callers hear it: 8 kHz, one channel. Placeholders are spoken as they are written."""
    ivr = await context.ask(ivr_to_edit, ivr_id)
    return await _sound(context, getattr(ivr.settings, _field(params.message)))


@router.post("/{ivr_id}/dry-run", summary="Try the flow of an IVR", responses=documented("malformed", "not-found", "too-large", *AWAY))
async def dry_run_ivr(ivr_id: IvrId, body: DryRun, context: ForEditors) -> DryRunResult:
    """The steps that a caller would meet, by the rules that calls follow. Nothing is recorded."""
    ivr = await context.ask(ivr_to_edit, ivr_id)
    given = {name: value for name, value in body.changes.settings().items() if value is not None} if body.changes else {}
    settings = replace(ivr.settings, **given)
    check(settings)
    at_us = microseconds(body.at)
    at_us = context.application.center.bus.clock.now_us() if at_us is None else at_us
    call = Arrived(at_us, body.is_blocked, _SOME_PROTOCOL, body.has_number)
    steps = rehearse(settings, call, body.keys, Measured(body.waiting, body.mean_wait_ms), is_answered=body.is_answered)
    return DryRunResult(**labelled("state", "ivr_opening", state_at(settings, at_us)), steps=[_shaped(met) for met in steps])


_SOME_PROTOCOL = "20260302000123"


def _field(message: str) -> str:
    """The name of the message in the settings."""
    return message.replace("-", "_")


assert {_field(name) for name in get_args(MessageName)} == set(MESSAGES)


def _shaped(met: Rehearsed) -> FlowStep:
    step = met.step
    return FlowStep(
        keys=met.keys,
        **labelled("kind", "ivr_step", step.kind),
        messages=[Message(text=message.text, voice=message.voice, file=message.file) for message in step.messages],
        queue=step.queue,
        wait_ms=step.wait_ms,
        **(labelled("reason", "ivr_end", step.reason) if step.reason else {"reason": "", "reason_label": ""}),
    )


async def _kept(context: RequestContext, data: bytes) -> str:
    """Keep uploaded audio; what no message plays any more makes room for it. Raises NotAudio, TooManyUploads, ReserveReached."""
    center = context.application.center
    sounds = center.sounds

    def keep() -> str:
        with center.reserve.leaving(LARGEST_SOUND, sounds.folder):
            return sounds.keep(context.tenant, data)

    try:
        return await _made(context, keep)
    except TooManyUploads:
        ivrs, after = [], ("", "")
        while found := (await context.ask(page, RegisteredIvr, after, _PAGE))[0]:
            ivrs += [ivr.id for ivr in found]
            after = found[-1].name, str(found[-1].id)
        in_use = await context.ask(audio_in_use, ivrs)
        await run_in_threadpool(sounds.remove_unused, context.tenant, in_use)
        return await _made(context, keep)


async def _made(context: RequestContext, make: Callable[[], T]) -> T:
    """What `make` makes, when it is the turn of the company."""
    async with context.application.upload_turns.sound(context.tenant):
        return await run_in_threadpool(make)


async def _sound(context: RequestContext, message: DomainMessage) -> Response:
    try:
        sound = await _made(context, partial(context.application.center.sounds.heard, context.tenant, message))
    except NotUploaded as error:
        raise Refused("audio-missing", str(error)) from error
    except SpeechUnavailable as error:
        raise Refused("speech-failed", str(error)) from error
    if sound is None:
        raise Refused("audio-missing", "the message is silent")
    return Response(sound, media_type=_WAV)
