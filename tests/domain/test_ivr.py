"""When an IVR (URA) is open, and what it does with a caller."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from domain.base import SECOND, EventMetadata
from domain.errors import AlreadyExists, InvalidField, NotFound
from domain.ids import ivr_id
from domain.ivr import ATTEMPTS, Hours, Ivr, IvrSettings, Message, Option, Step

TENANT = UUID("0d3c5a52-6a52-5f8e-9d42-0d6cb0a5a001")
STAMP = EventMetadata(tenant=TENANT, actor="ana@empresa", recorded_at=100 * SECOND)
WELCOME, CLOSED, UNANSWERED = Message(text="Bem-vindo", voice="Camila"), Message(file="fechado.mp3"), Message(text="Tente mais tarde")
WEEK = IvrSettings(
    area_code="11",
    number="30034000",
    always_open=False,
    timezone="America/Sao_Paulo",
    hours=(Hours(0, "08:00", "12:00"), Hours(0, "13:00", "18:00"), Hours(4, "20:00", "24:00"), Hours(5, "00:00", "02:00")),
    welcome=WELCOME,
    closed=CLOSED,
    unanswered=UNANSWERED,
    menu=(Option("2", "suporte"), Option("1", "vendas")),
)


def ivr(settings: IvrSettings = WEEK) -> Ivr:
    made = Ivr(ivr_id(TENANT, "principal"), TENANT)
    made.register("principal", settings, STAMP)
    return made


def instant(text: str, zone: str = "America/Sao_Paulo") -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)).timestamp() * SECOND)


@pytest.mark.parametrize(
    ("when", "is_open"),
    [
        ("2026-03-02T07:59:59.999", False),
        ("2026-03-02T08:00", True),
        ("2026-03-02T11:59:59.999", True),
        ("2026-03-02T12:00", False),
        ("2026-03-02T13:00", True),
        ("2026-03-02T18:00", False),
        ("2026-03-03T09:00", False),
        ("2026-03-06T23:59:59.999", True),
        ("2026-03-07T00:00", True),
        ("2026-03-07T02:00", False),
    ],
)
def test_business_hours_are_half_open_in_the_zone_of_the_ivr(when: str, is_open: bool) -> None:
    assert ivr().open_at(instant(when)) is is_open


def test_the_same_wall_clock_is_another_instant_in_another_zone() -> None:
    manaus = ivr(replace(WEEK, timezone="America/Manaus"))
    assert not manaus.open_at(instant("2026-03-02T08:00"))
    assert manaus.open_at(instant("2026-03-02T08:00", "America/Manaus"))


def test_hours_follow_the_wall_clock_through_daylight_saving() -> None:
    # Brazil's clocks went forward on 2018-11-04: Monday's opening is an hour earlier in UTC.
    made = ivr()
    assert made.open_at(instant("2018-11-05T08:00"))
    assert instant("2018-11-05T08:00") - instant("2018-10-29T08:00") == (7 * 24 - 1) * 3600 * SECOND


@given(st.integers(0, 4_000_000_000))
def test_24x7_is_open_at_any_moment(at_s: int) -> None:
    assert ivr(replace(WEEK, always_open=True, hours=())).open_at(at_s * SECOND)


OPEN, SHUT = instant("2026-03-02T09:00"), instant("2026-03-02T19:00")


@pytest.mark.parametrize(
    ("at", "keyed", "unanswered", "step"),
    [
        (SHUT, (), False, Step("closed", (CLOSED,))),
        (OPEN, (), False, Step("ask", (WELCOME,))),
        (OPEN, ("1",), False, Step("queue", queue="vendas")),
        (OPEN, ("2",), False, Step("queue", queue="suporte")),
        (OPEN, ("7",), False, Step("ask")),
        (OPEN, ("7", ""), False, Step("ask")),
        (OPEN, ("7", "", "1"), False, Step("queue", queue="vendas")),
        (OPEN, ("7", "", "*"), False, Step("end")),
        (SHUT, ("1",), True, Step("end", (UNANSWERED,))),
    ],
)
def test_what_the_ivr_does_next(at: int, keyed: tuple[str, ...], unanswered: bool, step: Step) -> None:
    assert ivr().next_step(at, keyed, unanswered) == step


def test_without_a_menu_the_ivr_greets_and_ends() -> None:
    step = ivr(IvrSettings(welcome=WELCOME)).next_step(OPEN)
    assert (step.kind, step.messages) == ("end", (WELCOME,))


@given(st.lists(st.sampled_from(["", "1", "7", "#"]), max_size=ATTEMPTS + 3))
def test_a_caller_never_stays_in_the_ivr_for_ever(keys: list[str]) -> None:
    made = ivr()
    for count in range(len(keys) + 1):
        if made.next_step(OPEN, tuple(keys[:count])).kind != "ask":
            return
    assert len(keys) < ATTEMPTS


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
