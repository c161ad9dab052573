"""What the facts about an outbound attempt prove."""

from __future__ import annotations

from domain.voice.calls import Attempt
from domain.voice.evidence import resolve
from domain.voice.facts import Fact
from tests.kit.facts import T0, ami, context


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
