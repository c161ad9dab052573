"""What the facts about an outbound attempt prove."""

from __future__ import annotations

from domain.voice.calls import Attempt
from domain.voice.evidence import resolve
from domain.voice.facts import OUTBOUND_TALK, Fact
from tests.kit.facts import T0, ami, context, log


def attempt(*facts: Fact) -> Attempt:
    found = resolve(list(facts), context()).state.attempt
    assert found is not None
    return found


def at(second: float) -> int:
    return T0 * 1_000 + round(second * 1_000)


DIALLED = (ami("dialled", 0, queue="", agent="Ana"), ami("dial_answered", 5, queue="", agent="Ana"))
UNSEEN = ami("unseen", 10, queue="", until=at(18) * 1_000)


def test_an_answered_attempt_talks_until_the_line_is_hung_up() -> None:
    found = attempt(*DIALLED, ami("hung_up", 25, queue=""))
    assert (found.result, found.ended_ms, found.talk_ms) == ("answered", at(25), 20_000)


def test_the_hold_in_a_queue_that_is_declared_outbound_is_no_talk() -> None:
    queue = "saida"
    found = attempt(
        log("outbound", 0, queue=queue), log("answered", 5, queue=queue, agent="Ana"), log("held", 10, queue=queue), log("resumed", 14, queue=queue),
        log("released", 25, queue=queue, by="agent"),
    )  # fmt: skip
    assert (found.talk_ms, found.hold_ms, found.wrap_up_ms) == (16_000, 4_000, 0)


def test_a_live_fact_about_a_dialled_customers_talk_is_about_no_visit_to_the_same_queue() -> None:
    about = {"queue": "vendas", "mark": OUTBOUND_TALK}
    talk = [ami("held", 8, **about), ami("resumed", 10, **about), ami("released", 12, by="transfer", **about)]
    visit = [ami("offered", 13), ami("answered", 15, agent="Bia"), ami("held", 16), ami("hung_up", 18, queue="")]
    found = resolve([*DIALLED, *talk, *visit, ami("wrap_up", 20, wrap_ms=8_000, **about)], context()).state
    assert found.attempt is not None
    assert (found.attempt.talk_ms, found.attempt.hold_ms, found.attempt.wrap_up_ms) == (5_000, 2_000, 8_000)
    assert [(visit.agent, visit.wait_ms, visit.talk_ms) for visit in found.visits] == [("Bia", 2_000, 3_000)]
    assert [len(holds) for holds in found.holds] == [1]


def test_an_attempt_that_ended_in_a_gap_has_an_unknown_talk_and_ends_when_it_was_last_observed() -> None:
    for end in ((), (ami("hung_up", 18, queue="", by="gap"),)):
        found = attempt(*DIALLED, UNSEEN, *end)
        assert (found.result, found.ended_ms, found.talk_ms) == ("answered", at(10), None)


def test_an_attempt_whose_end_is_observed_after_a_gap_went_on_throughout() -> None:
    found = attempt(*DIALLED, UNSEEN, ami("hung_up", 25, queue=""))
    assert (found.result, found.ended_ms, found.talk_ms) == ("answered", at(25), 20_000)


def test_an_attempt_without_an_observed_answer_or_failure_is_unknown() -> None:
    found = attempt(DIALLED[0], UNSEEN, ami("hung_up", 18, queue="", by="gap"))
    assert (found.result, found.ended_ms, found.talk_ms) == ("unknown", at(10), None)
