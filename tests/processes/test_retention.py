"""Recordings are removed when the company's time for keeping them is over."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from uuid import UUID, uuid4

import pytest
from msgspec.structs import replace

from bootstrap import Embedded
from cli.company import caller, known_or_new
from commands.agents import LogIn
from commands.command_bus import CommandBus
from commands.companies import SetCompanySettings
from commands.handler_context import Caller
from commands.interactions import AnswerCall, EndCall, OfferCall, StartCall
from commands.queues import RegisterQueue
from commands.recordings import BeginRecording, EndRecordings, KeepRecording, RemoveRecording, StartRecording
from domain.base import EventMetadata, Personal
from domain.companies import Company, CompanySettings
from domain.errors import InvalidField, Refused
from domain.recordings import DAY, Recording, RecordingRemoved, Sound
from processes.manager import CancelTimer, Ports, Send, SetTimer, Timer
from processes.retention import AT_ONCE, KeptRecording, Retention
from settings import Settings
from store.event_store import project
from tests.kit.clocks import Settable
from tests.kit.facts import STAMP

NOW = 1_800_000_000_000_000
RETENTION = Retention(Ports(lambda _sql, _tenant: [], lambda: 0, lambda _agent: 0))


def kept(when: EventMetadata = STAMP, id: UUID | None = None) -> Recording:
    recording = Recording(id or uuid4(), when.tenant)
    recording.ask((uuid4(), "1800000000.1", 0), "rule", "vendas", when)
    recording.begin("0x1", when)
    recording.end(when)
    recording.keep(Sound(media=uuid4(), size=44, type="audio/wav", sha256="00", duration_ms=1), Personal(uuid4(), "aa"), when)
    return recording


def later(days: float) -> EventMetadata:
    return replace(STAMP, recorded_at=STAMP.recorded_at + round(days * DAY))


def test_a_recording_is_removed_once_after_its_days_and_cannot_be_kept_or_listened_to_again() -> None:
    recording = kept()
    assert recording.kept is not None
    media = recording.kept.media
    recording.remove(30, later(29.9))
    assert recording.status == "kept"
    recording.remove(30, later(30))
    recording.remove(30, later(31))
    removed = [event for event in recording.pending if isinstance(event, RecordingRemoved)]
    assert [(event.media, event.days) for event in removed] == [(media, 30)]
    recording.keep(Sound(media=uuid4(), size=44, type="audio/wav", sha256="00", duration_ms=1), Personal(uuid4(), "aa"), later(32))
    assert recording.status == "removed"
    with pytest.raises(Refused):
        recording.listen(later(32))


def test_the_setting_begins_and_ends_the_looking_and_the_old_ones_alone_are_removed() -> None:
    company = Company(STAMP.tenant, STAMP.tenant)
    company.register("Empresa", CompanySettings(), STAMP)
    assert RETENTION.react(company.pending[-1], ()) == [CancelTimer(str(company.id))]
    company.set_settings(CompanySettings(recording_days=30), STAMP)
    assert RETENTION.react(company.pending[-1], ()) == [SetTimer(str(company.id), STAMP.recorded_at, "30")]
    old, young = KeptRecording(uuid4(), NOW - 31 * DAY), KeptRecording(uuid4(), NOW - 29 * DAY)
    timer = Timer(STAMP.tenant, str(company.id), NOW, "30")
    assert RETENTION.on_timer(timer, [old, young], NOW) == [
        Send(RemoveRecording(recording=old.recording), str(old.recording)),
        SetTimer(str(company.id), NOW + DAY, "30"),
    ]
    *_, again = RETENTION.on_timer(timer, [old] * AT_ONCE, NOW)
    assert isinstance(again, SetTimer)
    assert again.due_us < NOW + DAY


@pytest.mark.parametrize("days", [-1, 36_501])
def test_a_time_that_is_none_is_refused(days: int) -> None:
    with pytest.raises(InvalidField) as refused:
        Company(STAMP.tenant, STAMP.tenant).register("Empresa", CompanySettings(recording_days=days), STAMP)
    assert refused.value.field == "recording_days"


@pytest.fixture(scope="module")
def center(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Embedded]:
    with closing(Embedded(tmp_path_factory.mktemp("center") / "data", Settings())) as opened:
        yield opened


def test_the_oldest_ones_are_found_in_the_rows_and_the_setting_of_now_decides(center: Embedded) -> None:
    company = known_or_new(center, "")
    who, clock = caller(company), Settable()
    bus = CommandBus(center.store, clock)
    bus.execute(RegisterQueue(name="vendas"), who)
    bus.execute(LogIn(agent="Ana", queues=("vendas",)), who)
    stored = [recorded(bus, clock, who, f"c{days}", NOW + days * DAY) for days in (0, 20)]
    center.covered()
    center.cover(center.store.end(), lambda _done, _total: None)
    manager = Retention(Ports(center.warehouse.query, center.covered, lambda _agent: 0))
    found = manager.state(Timer(company.id, str(company.id), NOW, "30"), 0)
    assert [one.recording for one in found] == stored

    def remove() -> list[str]:
        for one in stored:
            bus.execute(RemoveRecording(recording=one), who)
        return [recording.status for one in stored if (recording := project(center.store.stream(one), Recording)) is not None]

    clock.us = NOW + 40 * DAY
    assert remove() == ["kept", "kept"], "without a time they are kept for ever"
    bus.execute(SetCompanySettings(settings=CompanySettings(recording_days=30)), who)
    assert remove() == ["removed", "kept"]


def recorded(bus: CommandBus, clock: Settable, who: Caller, name: str, at_us: int) -> UUID:
    """A call that was recorded at that instant; returns the recording."""
    clock.us = at_us
    call = bus.execute(StartCall(call=name, from_number="5511987654321"), who).id
    for command in (OfferCall(interaction=call, queue="vendas"), AnswerCall(interaction=call, agent="Ana")):
        bus.execute(command, who)
    recording = bus.execute(StartRecording(interaction=call), who).id
    sound = Sound(media=uuid4(), size=44, type="audio/wav", sha256="00", duration_ms=1)
    for end in (
        BeginRecording(recording=recording, monitor="0x1"),
        EndCall(interaction=call),
        EndRecordings(interaction=call),
        KeepRecording(recording=recording, sound=sound, content_key="aa"),
    ):
        bus.execute(end, who)
    return recording
