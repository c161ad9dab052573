"""When an IVR (URA) is open, and what it does with a caller: every path ends, whatever the caller does."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from domain.base import SECOND
from domain.ivr_flow import (
    START,
    Arrived,
    FlowState,
    Input,
    Keyed,
    Measured,
    Returned,
    Step,
    menu_prompt,
    next_step,
    rehearse,
    spoken,
    state_at,
)
from domain.ivr_settings import MESSAGES, MOST_ATTEMPTS, Holiday, Hours, IvrSettings, Message, Option

ZONE = "America/Sao_Paulo"
SAID = {name: Message(text=f"{name}.") for name in MESSAGES}
PLAIN = IvrSettings(menu=(Option("2", "suporte"), Option("1", "vendas")))
TALKING = replace(PLAIN, **SAID)
WEEK = IvrSettings(
    always_open=False,
    timezone=ZONE,
    hours=(Hours(0, "08:00", "12:00"), Hours(0, "13:00", "18:00"), Hours(4, "20:00", "24:00"), Hours(5, "00:00", "02:00")),
    holidays=(Holiday("12-25", "Natal"), Holiday("2026-03-09", "Aniversário da cidade")),
)
CALL = Arrived(0, protocol="2026", has_number=True)
IDLE, BUSY = Measured(0), Measured(4, 90_000)


def instant(text: str, zone: str = ZONE) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)).timestamp() * SECOND)


@pytest.mark.parametrize(
    ("when", "state"),
    [
        ("2026-03-02T07:59:59.999", "closed"),
        ("2026-03-02T08:00", "open"),
        ("2026-03-02T11:59:59.999", "open"),
        ("2026-03-02T12:00", "closed"),
        ("2026-03-02T13:00", "open"),
        ("2026-03-02T18:00", "closed"),
        ("2026-03-03T09:00", "closed"),
        ("2026-03-06T23:59:59.999", "open"),
        ("2026-03-07T00:00", "open"),
        ("2026-03-07T02:00", "closed"),
        ("2026-03-09T09:00", "holiday"),
        ("2027-03-08T09:00", "open"),
        ("2028-12-25T00:00", "holiday"),
        ("2028-12-25T23:59:59.999", "holiday"),
        ("2028-12-26T00:00", "closed"),
    ],
)
def test_business_hours_are_half_open_in_the_zone_of_the_ivr_and_holidays_go_before_them(when: str, state: str) -> None:
    assert state_at(WEEK, instant(when)) == state


def test_a_holiday_closes_only_its_own_side_of_midnight() -> None:
    friday_night = replace(WEEK, holidays=(Holiday("2026-03-07"),))
    assert state_at(friday_night, instant("2026-03-06T23:59")) == "open"
    assert state_at(friday_night, instant("2026-03-07T00:30")) == "holiday"


def test_the_same_wall_clock_is_another_instant_in_another_zone() -> None:
    manaus = replace(WEEK, timezone="America/Manaus")
    assert state_at(manaus, instant("2026-03-02T08:00")) == "closed"
    assert state_at(manaus, instant("2026-03-02T08:00", "America/Manaus")) == "open"


def test_a_holiday_is_that_of_the_zone() -> None:
    new_year = replace(
        WEEK, timezone="Asia/Tokyo", hours=tuple(Hours(day, "00:00", "24:00") for day in range(7)), holidays=(Holiday("01-01"),)
    )
    assert state_at(new_year, instant("2025-12-31T12:00")) == "holiday"
    assert state_at(new_year, instant("2026-01-01T12:00")) == "open"


def test_hours_follow_the_wall_clock_through_daylight_saving() -> None:
    # Brazil's clocks went forward on 2018-11-04: Monday's opening is an hour earlier in UTC.
    assert state_at(WEEK, instant("2018-11-05T08:00")) == "open"
    assert state_at(WEEK, instant("2018-11-05T07:59")) == "closed"
    assert instant("2018-11-05T08:00") - instant("2018-10-29T08:00") == (7 * 24 - 1) * 3600 * SECOND


def test_an_hour_that_daylight_saving_repeats_is_open_twice() -> None:
    berlin = replace(WEEK, timezone="Europe/Berlin", hours=(Hours(6, "02:00", "03:00"),))
    first = instant("2026-10-25T02:30", "Europe/Berlin")
    assert [state_at(berlin, first + hours * 3600 * SECOND) for hours in (-1, 0, 1, 2)] == ["closed", "open", "open", "closed"]


@given(st.integers(-62_000_000_000, 200_000_000_000))
def test_24x7_is_open_at_any_moment(at_s: int) -> None:
    assert state_at(replace(WEEK, always_open=True), at_s * SECOND) == "open"


def steps(settings: IvrSettings, *keys: str, call: Arrived = CALL, queue: Measured = IDLE, is_answered: bool = True) -> list[Step]:
    return [met.step for met in rehearse(settings, call, keys, queue, is_answered=is_answered)]


def kinds(found: list[Step]) -> list[str]:
    return [step.kind for step in found]


def heard(step: Step) -> list[str]:
    return [message.text for message in step.messages]


def test_a_key_of_the_menu_leads_to_its_queue() -> None:
    ask, queue = steps(PLAIN, "1")
    assert (ask.kind, ask.wait_ms) == ("ask", 5_000)
    assert (queue.kind, queue.queue, queue.wait_ms) == ("queue", "vendas", 600_000)


def test_the_menu_is_read_out_in_its_order_unless_a_message_does_it() -> None:
    assert menu_prompt(PLAIN).text == "Para suporte, tecle 2. Para vendas, tecle 1."
    assert heard(steps(TALKING)[0]) == ["welcome.", "prompt."]


def test_a_wrong_key_and_no_key_are_told_and_each_is_an_attempt() -> None:
    found = steps(TALKING, "7", "", "12345678901")
    assert [heard(step) for step in found] == [["welcome.", "prompt."], ["invalid.", "prompt."], ["no_choice.", "prompt."], ["invalid."]]
    assert kinds(found) == ["ask", "ask", "ask", "hang-up"]
    assert found[-1].reason == "no-choice"


@pytest.mark.parametrize("attempts", [1, 2, MOST_ATTEMPTS])
def test_after_the_attempts_the_call_goes_to_the_fallback_queue_if_there_is_one(attempts: int) -> None:
    settings = replace(PLAIN, attempts=attempts)
    assert kinds(steps(settings)) == ["ask"] * attempts + ["hang-up"]
    last = steps(replace(settings, fallback_queue="vendas"))[-1]
    assert (last.kind, last.queue) == ("queue", "vendas")


def test_without_a_menu_the_call_goes_to_the_fallback_queue_or_ends_after_the_welcome() -> None:
    settings = replace(TALKING, menu=(), position=Message(), wait=Message(), protocol=Message())
    (only,) = steps(settings)
    assert (only.kind, only.reason, heard(only)) == ("hang-up", "ended", ["welcome."])
    (only,) = steps(replace(settings, fallback_queue="vendas"))
    assert (only.kind, only.queue, heard(only)) == ("queue", "vendas", ["welcome."])


@pytest.mark.parametrize(("when", "reason"), [("2026-03-02T19:00", "closed"), ("2026-12-25T09:00", "holiday")])
def test_out_of_hours_the_call_ends_after_the_message(when: str, reason: str) -> None:
    (only,) = steps(replace(WEEK, **SAID), "1", call=Arrived(instant(when)))
    assert (only.kind, only.reason, heard(only)) == ("hang-up", reason, ["closed."])


def test_a_blocked_caller_is_turned_away_at_any_hour() -> None:
    (only,) = steps(TALKING, "1", call=replace(CALL, is_blocked=True))
    assert (only.kind, only.reason, heard(only)) == ("hang-up", "blocked", ["closed."])


def test_before_the_queue_position_wait_and_protocol_are_spoken() -> None:
    settings = replace(
        PLAIN,
        position=Message(text="Você é o número {position}."),
        wait=Message(text="Espere {minutes} minutos."),
        protocol=Message(text="Protocolo {protocol}."),
    )
    assert heard(steps(settings, "1", queue=BUSY)[-1]) == ["Você é o número", "5", "Espere", "2", "minutos.", "Protocolo", *"2026"]


def test_an_unknown_wait_and_an_unknown_protocol_are_not_spoken() -> None:
    found = steps(TALKING, "1", call=replace(CALL, protocol=""), queue=Measured(3))
    assert heard(found[-1]) == ["position."]


def test_a_caller_who_would_wait_behind_enough_others_may_ask_to_be_called_back() -> None:
    settings = replace(TALKING, callback_from=4)
    found = steps(settings, "1", "1", queue=BUSY)
    assert kinds(found) == ["ask", "measure", "ask", "callback"]
    assert heard(found[2])[-1] == "callback."
    assert (found[3].queue, heard(found[3])) == ("vendas", ["callback_kept."])
    assert kinds(steps(settings, "1", "2", queue=BUSY)) == ["ask", "measure", "ask", "queue"]
    assert kinds(steps(settings, "1", "1", queue=Measured(3))) == ["ask", "measure", "queue"]
    assert kinds(steps(settings, "1", "1", queue=BUSY, call=replace(CALL, has_number=False))) == ["ask", "measure", "queue"]


def test_a_caller_whom_nobody_answers_hears_so() -> None:
    last = steps(TALKING, "1", is_answered=False)[-1]
    assert (last.kind, last.reason, heard(last)) == ("hang-up", "unanswered", ["unanswered."])


def test_a_voice_and_a_file_stay_as_they_are() -> None:
    assert spoken(Message(text="É o {position}!", voice="x"), {"position": "3"}) == (
        Message(text="É o", voice="x"),
        Message(text="3", voice="x"),
    )
    assert spoken(Message(file="a.wav"), {"position": "3"}) == (Message(file="a.wav"),)


settings_of_any_kind = st.builds(
    lambda **given: replace(PLAIN, **given),
    menu=st.sampled_from([(), PLAIN.menu]),
    attempts=st.integers(1, MOST_ATTEMPTS),
    fallback_queue=st.sampled_from(["", "vendas"]),
    callback_from=st.integers(0, 3),
    position=st.sampled_from([Message(), Message(text="{position}")]),
    always_open=st.booleans(),
)
inputs = st.one_of(
    st.builds(Arrived, at_us=st.integers(0, 4_000_000_000 * SECOND), is_blocked=st.booleans(), has_number=st.booleans()),
    st.builds(Keyed, keys=st.sampled_from(["", "1", "2", "7", "12345678901"])),
    st.builds(Measured, waiting=st.integers(-1, 5), mean_wait_ms=st.integers(-1, 10**7)),
    st.just(Returned()),
)


@given(settings_of_any_kind, st.data())
def test_a_caller_never_stays_in_the_ivr_for_ever(settings: IvrSettings, data: st.DataObject) -> None:
    """Only what a step asks for can happen; every run ends in a queue that is never left twice, in a callback, or with the end of the call."""
    answers: dict[str, st.SearchStrategy[Input]] = {
        "ask": st.builds(Keyed, keys=st.sampled_from(["", "1", "7"])),
        "measure": st.builds(Measured, waiting=st.integers(0, 5)),
        "queue": st.just(Returned()),
    }
    state, step = next_step(settings, START, CALL)
    count = 1
    while step.kind in answers:
        state, step = next_step(settings, state, data.draw(answers[step.kind]))
        count += 1
        assert count <= settings.attempts + 5
    assert step.kind in ("callback", "hang-up")
    assert state.phase == "over"


@given(settings_of_any_kind, st.lists(inputs, max_size=40))
def test_whatever_happens_in_whatever_order_there_is_a_step_and_after_the_end_only_the_end(
    settings: IvrSettings, happened: list[Input]
) -> None:
    state = START
    for one in happened:
        before = state
        state, step = next_step(settings, state, one)
        assert step.queue or step.kind in ("ask", "hang-up")
        if before.phase == "over":
            assert (state.phase, step.kind) == ("over", "hang-up")


@given(settings_of_any_kind, st.lists(st.sampled_from(["", "1", "2", "7"]), max_size=20), st.booleans())
def test_a_dry_run_is_what_a_call_would_meet(settings: IvrSettings, keys: list[str], is_answered: bool) -> None:
    met = rehearse(settings, CALL, keys, BUSY, is_answered=is_answered)
    assert met[-1].step.kind in ("queue", "callback", "hang-up")
    assert [one.keys for one in met if one.keys is not None] == [*keys, *[""] * 20][: sum(one.keys is not None for one in met)]


def test_a_state_is_small_and_says_where_the_caller_is() -> None:
    state, _ = next_step(PLAIN, START, CALL)
    assert state == FlowState("choosing", protocol="2026", has_number=True)
