"""The recordings of a call, as they are now: from the log, with what the media store says of their files."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal
from uuid import UUID

import msgspec

from domain.access import LISTEN
from domain.base import FORGOTTEN
from domain.errors import NotFound, Refused
from domain.ids import recording_id
from domain.recordings import Recording, RecordingKept
from projections.engine.temporal_view import CompanyRows, TemporalView
from projections.query_bus import CompanyLog, query
from store.event_store import project
from store.media import MediaBroken, MediaMissing, MediaUnavailable, SealedMedia

File = Literal["ready", "missing", "broken", "forgotten", "unavailable"]
"""What is known of the file of a recording without reading it. forgotten: nobody can open it, because the contact was forgotten."""

_WHOLE = "SELECT whole AS id FROM {interactions} WHERE id = {{id:UUID}} LIMIT 1"
_LEGS = "SELECT id FROM {interactions} WHERE whole = {{whole:UUID}} ORDER BY started_ms, toString(id)"


class _Id(msgspec.Struct):
    id: UUID


@dataclass(frozen=True)
class FoundRecording:
    """A recording and its file; None while it is not kept."""

    recording: Recording
    file: File | None


@query(LISTEN, CompanyRows)
def legs_of(rows: CompanyRows, interaction: UUID) -> list[UUID]:
    """The ids of a call that the caller may see, and of its legs. Raises NotFound."""

    def ask(view: TemporalView) -> list[UUID]:
        table = view.rows_of("interactions")
        whole = view.ask(_Id, _WHOLE.format(interactions=table), id=interaction)
        if not whole:
            raise NotFound("call-unknown", "no such interaction")
        return [leg.id for leg in view.ask(_Id, _LEGS.format(interactions=table), whole=whole[0].id)]

    legs, _ = rows.answer(None, None, ask)
    return legs


@query(LISTEN, CompanyLog)
def recordings_of(log: CompanyLog, legs: Sequence[UUID], media: SealedMedia) -> list[FoundRecording]:
    """The recordings of these calls, in the order in which they were asked for."""
    return [FoundRecording(one, _file(log, one, media)) for leg in legs for one in _recordings(log, leg)]


@query(LISTEN, CompanyLog)
def one_recording(log: CompanyLog, id: UUID) -> Recording:
    """One recording. Raises NotFound."""
    return log.find(Recording, id)


@query(LISTEN, CompanyLog)
def sound_of_recording(log: CompanyLog, found: Recording, media: SealedMedia, wanted: range | None) -> Iterator[bytes]:
    """The sound of a recording, or these bytes of it; its first part is proved to be what was kept.

    Raises Refused (not kept, forgotten, broken), NotFound (missing), MediaUnavailable.
    """
    kept = found.must_be_kept()
    key = _key(log, kept)
    if key is None:
        raise Refused("recording-forgotten", "the contact of the call was forgotten, and the recording with it")
    try:
        parts = media.read(log.tenant, kept.media, key, kept.size, wanted)
        first = next(parts, b"")
    except MediaMissing:
        raise NotFound("recording-missing", "the file of the recording is not in the media store") from None
    except MediaBroken:
        raise Refused("recording-broken", "the file of the recording is not what was kept") from None
    return _with_first(first, parts)


def _with_first(first: bytes, parts: Iterator[bytes]) -> Iterator[bytes]:
    yield first
    yield from parts


def _recordings(log: CompanyLog, interaction: UUID) -> Iterator[Recording]:
    number = 0
    while (found := project(log.store.stream(recording_id(interaction, number)), Recording)) is not None:
        if found.tenant == log.tenant:
            yield found
        number += 1


def _file(log: CompanyLog, found: Recording, media: SealedMedia) -> File | None:
    if found.kept is None:
        return None
    if _key(log, found.kept) is None:
        return "forgotten"
    try:
        media.must_be_whole(log.tenant, found.kept.media, found.kept.size)
    except MediaMissing:
        return "missing"
    except MediaBroken:
        return "broken"
    except MediaUnavailable:
        return "unavailable"
    return "ready"


def _key(log: CompanyLog, kept: RecordingKept) -> bytes | None:
    """The content key; None once its person is forgotten."""
    opened: Any = log.open(kept.content_key)
    return None if opened == FORGOTTEN else bytes.fromhex(opened)
