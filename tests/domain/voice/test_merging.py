"""The facts of two clocks are merged into one order."""

from __future__ import annotations

from domain.base import MS, SECOND
from domain.voice.facts import Fact
from domain.voice.merging import in_order

T = 1_795_409_600 * SECOND


def test_of_two_observations_in_whole_seconds_the_nearer_one_matches_the_finer_clocks() -> None:
    facts = [
        Fact("resumed", T + 3 * SECOND, "log", queue="suporte", agent="Ana"),
        Fact("resumed", T + 4 * SECOND, "log", queue="suporte", agent="Ana"),
        Fact("resumed", T + 4 * SECOND + 271 * MS, "ami", queue="suporte", agent="Ana"),
    ]
    assert [fact.at - T for fact in in_order(facts)] == [3 * SECOND, 4 * SECOND + 271 * MS]


def test_a_wait_that_a_list_shows_to_go_on_ends_later_in_the_second_in_which_a_log_ends_it() -> None:
    facts = [
        Fact("offered", T, "log", queue="vendas"),
        Fact("abandoned", T + 4 * SECOND, "log", queue="vendas", wait_ms=4_000),
        Fact("waiting", T + 4 * SECOND + 420 * MS, "ami", queue="vendas", wait_ms=3_000),
    ]
    merged = in_order(facts)
    assert [fact.kind for fact in merged] == ["offered", "waiting", "abandoned"]
    assert merged[2].at == T + 4 * SECOND + 420 * MS


def test_another_queues_wait_or_an_earlier_end_keeps_its_place() -> None:
    facts = [
        Fact("abandoned", T + 4 * SECOND, "log", queue="vendas", wait_ms=4_000),
        Fact("waiting", T + 4 * SECOND + 420 * MS, "ami", queue="suporte", wait_ms=1_000),
        Fact("waiting", T + 5 * SECOND, "ami", queue="vendas", wait_ms=0),
    ]
    assert [(fact.kind, fact.queue) for fact in in_order(facts)] == [("abandoned", "vendas"), ("waiting", "suporte"), ("waiting", "vendas")]
