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


def test_an_answered_attempt_talks_until_the_line_is_free() -> None:
    told = attempt(*DIALLED, ami("hung_up", 25, queue=""))
    assert (told.result, told.ended_ms, told.talk_ms) == ("answered", at(25), 20_000)


def test_of_an_attempt_whose_end_fell_into_a_cut_the_talk_is_unknown_and_goes_on_no_longer_than_it_was_seen() -> None:
    for end in ((), (ami("hung_up", 18, queue="", by="gap"),)):
        told = attempt(*DIALLED, UNSEEN, *end)
        assert (told.result, told.ended_ms, told.talk_ms) == ("answered", at(10), None)


def test_an_attempt_that_is_seen_to_end_after_a_cut_has_gone_on_throughout() -> None:
    told = attempt(*DIALLED, UNSEEN, ami("hung_up", 25, queue=""))
    assert (told.result, told.ended_ms, told.talk_ms) == ("answered", at(25), 20_000)


def test_an_attempt_that_nobody_saw_answered_or_fail_is_unknown() -> None:
    told = attempt(DIALLED[0], UNSEEN, ami("hung_up", 18, queue="", by="gap"))
    assert (told.result, told.ended_ms, told.talk_ms) == ("unknown", at(10), None)
