"""A recording: whatever happens in whatever order, it ends, is kept once, and replays to the same state."""

from __future__ import annotations

from contextlib import suppress
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.base import SECOND, EventMetadata, Personal
from domain.errors import Refused
from domain.ids import recording_id
from domain.recordings import LISTENING_US, MOST_BY_HAND, Recording, RecordingKept, RecordingListened, Sound

TENANT = UUID("0d3c5a52-6a52-5f8e-9d42-0d6cb0a5a001")
CALL = UUID("40ca8005-24cc-572c-9dd4-4d30c9eb3e0b")
SOUND = Sound(UUID(int=7), 44, "audio/wav", "00", 0)
KEY = Personal(CALL, "ff")


def metadata(at_s: float, actor: str = "user:ana") -> EventMetadata:
    return EventMetadata(tenant=TENANT, actor=actor, recorded_at=int(at_s * SECOND))


def recording(by: Any = "hand") -> Recording:
    made = Recording(recording_id(CALL, 0), TENANT)
    made.ask((CALL, "1772470800.1", 0), by, "vendas", metadata(100))
    return made


STEPS = {
    "begin": lambda one, at: one.begin("0x1", at),
    "pause": lambda one, at: one.pause(at),
    "resume": lambda one, at: one.resume(at),
    "stop": lambda one, at: one.stop(at),
    "end": lambda one, at: one.end(at),
    "confirm pause": lambda one, at: one.confirm("pause", at),
    "confirm resume": lambda one, at: one.confirm("resume", at),
    "fail start": lambda one, at: one.fail("start", "expired", at),
    "fail pause": lambda one, at: one.fail("pause", "refused", at),
    "fail resume": lambda one, at: one.fail("resume", "failed", at),
    "keep": lambda one, at: one.keep(SOUND, KEY, at),
    "lose": lambda one, at: one.lose("missing", at),
    "listen": lambda one, at: one.listen(at),
}


@given(st.sampled_from(["rule", "hand"]), st.lists(st.sampled_from(sorted(STEPS)), max_size=20))
def test_whatever_happens_it_is_kept_at_most_once_and_replays_to_the_same_state(by: str, steps: list[str]) -> None:
    made = recording(by)
    for at, step in enumerate(steps):
        with suppress(Refused):
            STEPS[step](made, metadata(200 + at))
    made.end(metadata(900))
    assert not made.goes_on
    events = made.collect()
    assert sum(isinstance(event, RecordingKept) for event in events) <= 1
    again = Recording(made.id, TENANT)
    for event in events:
        again.replay(event)
    assert (again.status, again.kept, again.monitor, again.ended_at) == (made.status, made.kept, made.monitor, made.ended_at)
    assert again.status == "kept" or not any(isinstance(event, RecordingListened) for event in events)


def status(made: Recording) -> tuple[str, bool]:
    return made.status, made.unconfirmed is None


def test_a_pause_that_the_pbx_did_not_make_is_none_and_one_that_it_made_is_not_undone_later() -> None:
    made = recording()
    made.begin("0x1", metadata(101))
    made.pause(metadata(102))
    assert status(made) == ("paused", False)
    made.fail("pause", "refused", metadata(103))
    assert status(made) == ("recording", True)
    made.fail("resume", "refused", metadata(104))
    assert status(made) == ("recording", True)
    made.pause(metadata(105))
    made.confirm("pause", metadata(106))
    made.fail("pause", "expired", metadata(107))
    assert status(made) == ("paused", True)


def test_what_the_rule_wants_recorded_is_not_stopped_by_hand() -> None:
    made = recording("rule")
    made.begin("0x1", metadata(101))
    with pytest.raises(Refused, match="always recorded"):
        made.stop(metadata(102))


def test_one_that_never_began_has_failed_when_its_call_is_over() -> None:
    made = recording()
    made.end(metadata(101))
    assert made.status == "failed"


def test_what_one_user_fetches_within_ten_minutes_is_one_listening() -> None:
    made = recording()
    made.begin("0x1", metadata(101))
    made.end(metadata(102))
    made.keep(SOUND, KEY, metadata(103))
    made.collect()
    late = 200 + LISTENING_US / SECOND
    for at, actor in ((200, "user:ana"), (201, "user:ana"), (202, "user:bia"), (late - 1, "user:ana"), (late, "user:ana")):
        made.listen(metadata(at, actor))
    assert [(event.actor, event.recorded_at) for event in made.collect()] == [
        ("user:ana", 200 * SECOND), ("user:bia", 202 * SECOND), ("user:ana", int(late) * SECOND),
    ]  # fmt: skip


def test_agents_begin_no_more_recordings_of_a_call_than_it_may_have_and_the_rule_is_followed_nevertheless() -> None:
    for number, by in ((MOST_BY_HAND - 1, "hand"), (MOST_BY_HAND, "rule")):
        made = Recording(recording_id(CALL, number), TENANT)
        made.ask((CALL, "1772470800.1", number), by, "vendas", metadata(100))
        assert made.goes_on
    with pytest.raises(Refused) as refused:
        Recording(recording_id(CALL, MOST_BY_HAND), TENANT).ask((CALL, "1772470800.1", MOST_BY_HAND), "hand", "", metadata(100))
    assert refused.value.code == "too-many-recordings"
