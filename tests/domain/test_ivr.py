"""An IVR (URA) and its settings, its audio and its blacklist."""

from __future__ import annotations

from uuid import UUID

import pytest
from msgspec.structs import replace

from domain.base import SECOND, EventMetadata, Personal
from domain.errors import AlreadyExists, InvalidField, NotFound, Refused
from domain.ids import ivr_id
from domain.ivr import MOST_BLOCKED, Ivr
from domain.ivr_settings import Holiday, Hours, IvrSettings, Message, Option

TENANT = UUID("0d3c5a52-6a52-5f8e-9d42-0d6cb0a5a001")
STAMP = EventMetadata(tenant=TENANT, actor="ana@empresa", recorded_at=100 * SECOND)
WEEK = IvrSettings(
    area_code="11",
    number="30034000",
    always_open=False,
    hours=(Hours(0, "08:00", "12:00"), Hours(5, "00:00", "24:00")),
    welcome=Message(text="Bem-vindo", voice="Camila"),
    menu=(Option("2", "suporte"), Option("1", "vendas")),
)


def ivr(settings: IvrSettings = WEEK) -> Ivr:
    made = Ivr(ivr_id(TENANT, "principal"), TENANT)
    made.register("principal", settings, STAMP)
    return made


@pytest.mark.parametrize(
    ("field", "settings"),
    [
        ("area_code", replace(WEEK, area_code="(11)")),
        ("timezone", replace(WEEK, timezone="Brazil/Nowhere")),
        ("hours", replace(WEEK, hours=(Hours(7, "08:00", "18:00"),))),
        ("hours", replace(WEEK, hours=(Hours(0, "18:00", "08:00"),))),
        ("hours", replace(WEEK, hours=(Hours(0, "8:00", "18:00"),))),
        ("hours", replace(WEEK, hours=(Hours(0, "08:00", "24:30"),))),
        ("welcome", replace(WEEK, welcome=Message(text="Oi", file="oi.wav"))),
        ("closed", replace(WEEK, closed=Message(file="fechado.ogg"))),
        ("holidays", replace(WEEK, holidays=(Holiday("2026-02-29"),))),
        ("holidays", replace(WEEK, holidays=(Holiday("2-9"),))),
        ("holidays", replace(WEEK, holidays=(Holiday("12-25"), Holiday("12-25")))),
        ("welcome", replace(WEEK, welcome=Message(text="{protocol}"))),
        ("wait", replace(WEEK, wait=Message(text="{position}"))),
        ("welcome", replace(WEEK, welcome=Message(media="0" * 64))),
        ("welcome", replace(WEEK, welcome=Message(text=" \n"))),
        ("closed", replace(WEEK, closed=Message(text="Ol\x1bá"))),
        ("holidays", replace(WEEK, holidays=(Holiday("12-25", "\u202eNatal"),))),
        ("attempts", replace(WEEK, attempts=0)),
        ("attempts", replace(WEEK, attempts=11)),
        ("choice_wait_ms", replace(WEEK, choice_wait_ms=999)),
        ("queue_wait_ms", replace(WEEK, queue_wait_ms=9_999)),
        ("callback_from", replace(WEEK, callback_from=-1)),
        ("menu", replace(WEEK, menu=(Option("12", "vendas"),))),
        ("menu", replace(WEEK, menu=(Option("", "vendas"),))),
        ("menu", replace(WEEK, menu=(Option("1", "vendas"), Option("1", "suporte")))),
    ],
)
def test_invalid_settings_are_refused_by_field(field: str, settings: IvrSettings) -> None:
    made = ivr()
    with pytest.raises(InvalidField) as refusal:
        made.set_settings(settings, STAMP)
    assert refusal.value.field == field


def test_an_ivr_is_registered_changed_and_deleted() -> None:
    made = ivr()
    with pytest.raises(AlreadyExists):
        made.register("principal", WEEK, STAMP)
    made.set_settings(WEEK, STAMP)
    made.set_settings(replace(WEEK, always_open=True), STAMP)
    made.delete(STAMP)
    with pytest.raises(NotFound):
        made.set_settings(WEEK, STAMP)
    made.register("principal", WEEK, STAMP)
    events = made.collect()
    assert [event.TOPIC for event in events] == ["ivr.registered", "ivr.settings_set", "ivr.deleted", "ivr.registered"]
    again = Ivr(made.id, made.tenant)
    for event in events:
        again.replay(event)
    assert (again.name, again.settings, again.exists, again.version) == (made.name, made.settings, made.exists, made.version)


def test_holidays_of_every_year_and_of_one_are_settings_and_so_is_the_29th_of_february() -> None:
    made = ivr()
    made.set_settings(replace(WEEK, holidays=(Holiday("12-25", "Natal"), Holiday("2026-11-20"), Holiday("02-29"))), STAMP)
    assert len(made.settings.holidays) == 3


def test_uploaded_audio_takes_the_place_of_the_text() -> None:
    made = ivr()
    made.set_audio("welcome", "oi.mp3", "a" * 64, STAMP)
    assert made.settings == replace(WEEK, welcome=Message(file="oi.mp3", media="a" * 64))
    with pytest.raises(InvalidField):
        made.set_audio("menu", "oi.mp3", "a" * 64, STAMP)


def test_a_caller_is_blocked_once_and_unblocked_once() -> None:
    made, caller = ivr(), UUID(int=7)
    made.block(caller, Personal(caller, "11987654321"), STAMP)
    made.block(caller, Personal(caller, "+55 11 98765-4321"), STAMP)
    assert made.blocked == {caller: Personal(caller, "11987654321")}
    made.unblock(caller, STAMP)
    with pytest.raises(NotFound):
        made.unblock(caller, STAMP)
    assert [event.TOPIC for event in made.collect()][1:] == ["ivr.caller_blocked", "ivr.caller_unblocked"]


def test_a_blacklist_is_bounded() -> None:
    made = ivr()
    made.blocked = {UUID(int=number): Personal(UUID(int=number), "1") for number in range(MOST_BLOCKED)}
    with pytest.raises(Refused):
        made.block(UUID(int=MOST_BLOCKED), Personal(UUID(int=MOST_BLOCKED), "1"), STAMP)


def test_audio_is_not_named_after_a_person() -> None:
    made = ivr()
    made.set_audio("closed", "5531977916159.MP3", "0" * 64, STAMP)
    made.set_settings(replace(made.settings, welcome=Message(file="529.982.247-25 gravada.wav"), prompt=Message(file="menu-2.wav")), STAMP)
    assert [getattr(made.settings, name).file for name in ("closed", "welcome", "prompt")] == ["closed.MP3", "welcome.wav", "menu-2.wav"]
    assert made.settings.closed.media == "0" * 64
