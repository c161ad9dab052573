"""Routes by which the agent who talks in a call has it recorded, and the list of a call's recordings."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID
from zoneinfo import ZoneInfo

from fastapi import Response
from pydantic import Field

from api.access import Authenticated, RequestContext, authorised
from api.field_types import Instant, InteractionId, Receipt, Shape
from api.problem_documents import QUERY, of_command
from api.slice_router import SliceRouter
from commands import recordings as commands
from domain.base import MS
from domain.recordings import By, Loss, Status
from projections.figures.intervals import iso
from projections.queries.labels import labelled
from projections.queries.recordings import File, FoundRecording, legs_of, recordings_of
from projections.queries.settings import company

router = SliceRouter(prefix="/v1/interactions", tags=["recordings"])

_COMMAND = of_command("not-found")


class CallRecording(Shape):
    """One recording of a call. It holds what the customer and the agent say, not what a supervisor says to them (whisper, barge)."""

    id: UUID
    interaction_id: Annotated[UUID, Field(description="the call, or the leg of it, that was recorded")]
    by: Annotated[By, Field(description="who wanted it: the queue's `rule`, or an agent by `hand`")]
    by_label: Annotated[str, Field(examples=["Regra do serviço"])]
    queue: Annotated[str, Field(description="the queue by whose rule, or for which the agent talked; empty for none", examples=["vendas"])]
    status: Annotated[
        Status,
        Field(
            description="`asked`: the PBX has not begun; `ended`: its file is being taken in; `kept`: it can be listened to; `lost`: there is no sound of it; "
            "`failed`: the PBX did not record; `removed`: the company's time for keeping recordings is over",
            examples=["kept"],
        ),
    ]
    status_label: Annotated[str, Field(examples=["Disponível"])]
    is_confirmed: Annotated[
        bool, Field(description="false while the PBX has not confirmed the last pause or resumption: what is said may be recorded")
    ]
    loss: Annotated[Loss | None, Field(description="why there is no sound: `nothing-said`: nobody talked; `missing`: the PBX left no file")]
    loss_label: Annotated[str | None, Field(examples=["Sem conversa"])]
    begun_at: Annotated[Instant | None, Field(description="null if it has not begun", examples=["2026-03-02T14:05:19-03:00"])]
    ended_at: Annotated[Instant | None, Field(description="null while it goes on", examples=["2026-03-02T14:08:19-03:00"])]
    duration_ms: Annotated[int | None, Field(ge=0, description="the length of the sound; null until it is kept", examples=[180_000])]
    size_bytes: Annotated[int | None, Field(ge=0, description="of the sound; null until it is kept", examples=[2_880_044])]
    type: Annotated[str | None, Field(description="the sound's media type; null until it is kept", examples=["audio/wav"])]
    sha256: Annotated[
        str | None,
        Field(
            description="of the sound; null until it is kept", examples=["9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"]
        ),
    ]
    file: Annotated[
        File | None,
        Field(description="what the media store has, by its length; `forgotten`: the contact was anonymised. null until it is kept"),
    ]
    file_label: Annotated[str | None, Field(examples=["Disponível"])]
    audio: Annotated[
        str | None,
        Field(description="path of the sound; null unless it is ready", examples=["/v1/recordings/40ca8005-24cc-572c-9dd4-4d30c9eb3e0b/audio"]),
    ]  # fmt: skip


class CallRecordings(Shape):
    """The recordings of a call and of its legs."""

    items: list[CallRecording]
    timezone: Annotated[str, Field(examples=["America/Sao_Paulo"])]


@router.get("/{interaction_id}/recordings", summary="The recordings of a call", responses=QUERY)
async def list_recordings(interaction_id: InteractionId, context: Annotated[RequestContext, authorised(recordings_of)]) -> CallRecordings:
    """Those of the call and of its legs, in the order in which they were asked for, as they are now."""
    legs = await context.ask(legs_of, interaction_id)
    found = await context.ask(recordings_of, legs, context.application.center.media)
    timezone = (await context.ask(company)).settings.timezone
    return CallRecordings(items=[_shown(one, ZoneInfo(timezone)) for one in found], timezone=timezone)


def _shown(found: FoundRecording, where: ZoneInfo) -> CallRecording:
    one, kept = found.recording, found.recording.kept
    return CallRecording.model_validate(
        {
            "id": one.id,
            "interaction_id": one.interaction,
            **labelled("by", "recording_by", one.by),
            "queue": one.queue,
            **labelled("status", "recording_status", one.status),
            "is_confirmed": one.unconfirmed is None,
            **labelled("loss", "recording_loss", one.loss),
            "begun_at": iso(one.begun_at // MS, where) if one.begun_at else None,
            "ended_at": iso(one.ended_at // MS, where) if one.ended_at else None,
            "duration_ms": kept.duration_ms if kept else None,
            "size_bytes": kept.size if kept else None,
            "type": kept.type if kept else None,
            "sha256": kept.sha256 if kept else None,
            **labelled("file", "recording_file", found.file),
            "audio": f"/v1/recordings/{one.id}/audio" if found.file == "ready" else None,
        }
    )


@router.post("/{interaction_id}/recording/start", summary="Record the call from now on", responses=_COMMAND, response_model=Receipt)
async def start_recording(interaction_id: InteractionId, context: Authenticated) -> Response:
    """The PBX begins within moments: the call's recordings say so. Refused without a talk, while the call is recorded, and where the queue's rule is `never`.

    Needs `gerenciar-atendimento`, and an agent of one's own who talks in the call, or `gerenciar-agentes`.
    """
    return await context.do(commands.StartRecording(interaction=interaction_id))


@router.post("/{interaction_id}/recording/pause", summary="Leave out what is said from now on", responses=_COMMAND, response_model=Receipt)
async def pause_recording(interaction_id: InteractionId, context: Authenticated) -> Response:
    """For a card number: the recording has silence until it is resumed, and keeps its length. Needs the same as to start it."""
    return await context.do(commands.PauseRecording(interaction=interaction_id))


@router.post("/{interaction_id}/recording/resume", summary="Record again what is said", responses=_COMMAND, response_model=Receipt)
async def resume_recording(interaction_id: InteractionId, context: Authenticated) -> Response:
    """The end of a pause. Needs the same as to start it."""
    return await context.do(commands.ResumeRecording(interaction=interaction_id))


@router.post("/{interaction_id}/recording/stop", summary="End the recording", responses=_COMMAND, response_model=Receipt)
async def stop_recording(interaction_id: InteractionId, context: Authenticated) -> Response:
    """Its file is taken in at once. What the queue's rule wants to have recorded can only be paused. Needs the same as to start it."""
    return await context.do(commands.StopRecording(interaction=interaction_id))
