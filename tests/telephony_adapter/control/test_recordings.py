"""What the PBX is asked to record."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any
from uuid import UUID, uuid4

import pytest

from domain.base import EventMetadata
from domain.recordings import Recording, RecordingRemoved
from store.media import MediaFolder, SealedMedia
from telephony_adapter.control.pbx import PbxRefuses
from telephony_adapter.control.recordings import Recorder, Retention
from tests.kit.facts import STAMP


class Recorded:
    """A PBX that records whatever channel it is asked to."""

    media = object()
    asterisk = SimpleNamespace(recordings=Path("/monitor"))

    def __init__(self, recording: Recording) -> None:
        self.recording = recording
        self.channels: list[str] = []

    told = True

    def tells_of(self, _interaction: UUID, _call: str) -> bool:
        return self.told

    def load(self, _kind: type, _id: UUID) -> Recording:
        return self.recording

    def action(self, _name: str, *, Channel: str, **_more: str) -> Any:  # noqa: N803 - as AMI writes it
        self.channels.append(Channel)
        return SimpleNamespace(headers={"MixMonitorID": "0x1"})


def asked(call: str, when: EventMetadata) -> Recorded:
    recording = Recording(uuid4(), when.tenant)
    recording.ask((uuid4(), call, 0), "hand", "", when)
    return Recorded(recording)


def test_a_call_that_names_a_channel_instead_of_a_call_of_the_pbx_is_not_recorded() -> None:
    pbx = asked("PJSIP/1001-0000002a", STAMP)
    with pytest.raises(PbxRefuses):
        list(Recorder().perform(pbx.recording.pending[-1], pbx))  # type: ignore[arg-type]
    assert pbx.channels == []


@pytest.mark.parametrize("call", ["1772470800.12", "pbx02-1772470800.12", "atende-call-1772470800.123456789"])
def test_a_call_of_the_pbx_is_recorded_by_its_uniqueid(call: str) -> None:
    pbx = asked(call, STAMP)
    list(Recorder().perform(pbx.recording.pending[-1], pbx))  # type: ignore[arg-type]
    assert pbx.channels == [call]


def test_a_call_to_which_a_client_gave_the_id_of_somebodys_private_talk_is_not_recorded() -> None:
    pbx = asked("1772470800.12", STAMP)
    pbx.told = False
    with pytest.raises(PbxRefuses):
        list(Recorder().perform(pbx.recording.pending[-1], pbx))  # type: ignore[arg-type]
    assert pbx.channels == []


def test_the_file_of_a_removed_recording_is_deleted_and_no_other(tmp_path: Path) -> None:
    media, tenant, removed, other = SealedMedia(MediaFolder(tmp_path)), STAMP.tenant, uuid4(), uuid4()
    for id in (removed, other):
        media.put(tenant, id, [b"sound"])
    event = RecordingRemoved(
        originator_id=uuid4(),
        originator_version=1,
        tenant=tenant,
        actor="process:retention",
        occurred_at=1,
        recorded_at=1,
        media=removed,
        days=30,
    )
    pbx = SimpleNamespace(media=media, tenant=tenant)
    for _ in range(2):
        assert list(Retention().perform(event, pbx)) == []  # type: ignore[arg-type]
    assert [media.store.exists(tenant, id) for id in (removed, other)] == [False, True]
