"""The route by which recordings of calls are listened to."""

from __future__ import annotations

import re
from typing import Annotated, Any
from uuid import UUID

from fastapi import Header, Path, Response
from fastapi.responses import StreamingResponse

from api.access import RequestContext, authorised
from api.problem import Problem
from api.problem_documents import QUERY, documented
from api.slice_router import SliceRouter
from commands.recordings import ListenToRecording
from projections.queries.recordings import legs_of, one_recording, sound_of_recording
from store.media import MediaUnavailable

TAG = {"name": "recordings", "description": "Recordings of calls (gravações): by hand or by the queue's rule, listened to by permission."}

router = SliceRouter(prefix="/v1/recordings", tags=["recordings"], responses=QUERY | documented("refused"))

_RANGE = re.compile(r"bytes=(\d{0,15})-(\d{0,15})", re.ASCII)

_SOUND: dict[int | str, dict[str, Any]] = {
    status: {
        "description": description,
        "content": {"audio/wav": {"schema": {"type": "string", "format": "binary"}}},
        "headers": {
            "Accept-Ranges": {"description": "`bytes`", "schema": {"type": "string"}},
            **({"Content-Range": {"description": "which bytes, and of how many", "schema": {"type": "string"}}} if status == 206 else {}),
        },
    }
    for status, description in ((200, "The whole sound"), (206, "The bytes that `Range` names"))
}


@router.get(
    "/{recording_id}/audio", summary="The sound of a recording", response_class=StreamingResponse, responses=_SOUND, response_model=None
)
async def listen_to_recording(
    recording_id: Annotated[UUID, Path(description="of one of a call's recordings", examples=["40ca8005-24cc-572c-9dd4-4d30c9eb3e0b"])],
    context: Annotated[RequestContext, authorised(one_recording)],
    asked: Annotated[
        str | None,
        Header(
            alias="Range",
            max_length=100,
            description="one range, as `bytes=0-65535` or `bytes=-1000`; several, or one outside of the sound, are answered by all of it",
            examples=["bytes=0-65535"],
        ),
    ] = None,
) -> Response:
    """What one user fetches of a recording within ten minutes is one listening, an event in the call's history, which is saved before anything is sent.

    What is sent was proved to be what was kept. A file that is missing or broken is answered by a problem; where a later part of it is broken, the answer ends early.
    """
    found = await context.ask(one_recording, recording_id)
    await context.ask(legs_of, found.interaction)
    kept = found.must_be_kept()
    wanted = _range(asked, kept.size)
    try:
        parts = await context.ask(sound_of_recording, found, context.application.center.media, wanted)
    except MediaUnavailable as error:
        raise Problem("unavailable", "the media store does not answer", headers={"Retry-After": "5"}) from error
    await context.application.execute(ListenToRecording(recording=found.id), context.caller)
    headers = {"Accept-Ranges": "bytes", "Content-Length": str(kept.size if wanted is None else len(wanted))}
    if wanted is not None:
        headers["Content-Range"] = f"bytes {wanted.start}-{wanted.stop - 1}/{kept.size}"
    return StreamingResponse(parts, 200 if wanted is None else 206, headers, media_type=kept.type)


def _range(header: str | None, size: int) -> range | None:
    """The bytes that are asked for; None for all of them."""
    found = _RANGE.fullmatch(header.strip()) if header else None
    if found is None or not any(found.groups()):
        return None
    first, last = found.groups()
    if not first:
        start, stop = max(0, size - int(last)), size
    else:
        start, stop = int(first), min(int(last) + 1, size) if last else size
    return range(start, stop) if start < stop else None
