"""Each call that names a telephone is the call of the agent who had it at its instant: whatever is claimed later, on both engines, after a rebuild too."""

from __future__ import annotations

from dataclasses import replace
from random import Random
from typing import Any
from uuid import uuid4

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from domain.access import Scope
from domain.voice.calls import Attempt, Ring
from projections.engine.folding import Folding
from projections.engine.temporal_view import TemporalView
from projections.engine.warehouse import Warehouse
from projections.engine.writing import write
from projections.figures.question import Question
from projections.queries import reports
from tests.kit.center import Center, attempt, call, fresh, visit
from tests.kit.rows import engine

__all__ = ["engine"]

PHONE = "PJSIP/1002"
TODAY = 1_796_000_000_000
"""Instants of the tests are counted from here: a server takes large numbers for another type than small ones."""


class Named(msgspec.Struct):
    agent: str


def matched(center: Center, at_ms: int, member: str, *, chosen: bool = True, interface: str = PHONE) -> None:
    center.matched(interface, member, TODAY + at_ms, chosen=chosen)


def talked(center: Center, name: str, at_ms: int, hold: int = 0) -> None:
    """A call that rings for a second, is answered at `at_ms` on the telephone, and lasts ten seconds."""
    at_ms += TODAY
    rings = (Ring(PHONE, at_ms - 1_000, at_ms, "answered"),)
    center.call(call(name, visit("vendas", at_ms - 2_000, "answered", 2_000, agent=PHONE, talk=10_000, hold=hold, rings=rings), ended_ms=at_ms + 10_000 + hold, status="answered"))  # fmt: skip


def names(center: Center, table: str, scope: Scope | None = None) -> list[str]:
    rows = center.rows if scope is None else replace(center.rows, scope=scope)
    view = TemporalView(rows.warehouse, rows.tenant, rows.scope)
    instant = {"visits": "ended_ms", "rings": "from_ms", "holds": "from_ms", "attempts": "dialled_ms"}[table]
    return [row.agent for row in view.ask(Named, f"SELECT agent FROM {view.rows_of(table)} WHERE agent != '' ORDER BY {instant}")]


@pytest.fixture
def center(engine) -> Center:
    center = fresh(engine)
    center.queue("vendas")
    for name in (PHONE, "Ana", "Bruno"):
        center.agent(name)
    return center


def test_a_claim_changes_no_earlier_call_and_makes_the_later_ones_the_claimers(center: Center) -> None:
    talked(center, "before", 10_000)
    matched(center, 20_000, "Ana")
    talked(center, "within", 30_000)
    matched(center, 40_000, "")
    talked(center, "after", 50_000)
    assert names(center, "visits") == [PHONE, "Ana", PHONE]
    assert names(center, "rings") == [PHONE, "Ana", PHONE]
    all_day = Question(since_ms=TODAY, until_ms=TODAY + 86_400_000, by="agent")
    rows = {row["agent"]: row["answered"] for row in reports.agents(center.rows, all_day).rows}
    assert (rows["Ana"], rows[PHONE], rows["Bruno"]) == (1, 2, 0)


def test_who_a_source_names_first_had_the_telephone_before_too_but_not_what_was_anothers(center: Center) -> None:
    talked(center, "before", 10_000)
    matched(center, 20_000, "Ana")
    talked(center, "claimed", 30_000)
    matched(center, 40_000, "")
    talked(center, "between", 50_000)
    matched(center, 60_000, "Bruno", chosen=False, interface="pjsip/1002")
    talked(center, "after", 70_000)
    assert names(center, "visits") == ["Bruno", "Ana", "Bruno", "Bruno"]


def test_a_claim_in_the_middle_of_a_call_takes_nothing_of_it(center: Center) -> None:
    center.call(call("c", visit("vendas", TODAY + 8_000, "answered", 2_000, agent=PHONE, talk=10_000, hold=0, holds=((TODAY + 16_000, TODAY + 18_000),)), ended_ms=TODAY + 20_000, status="answered"))  # fmt: skip
    matched(center, 12_000, "Ana")
    assert names(center, "visits") == names(center, "holds") == [PHONE]


def test_attempts_are_of_who_had_the_telephone_when_the_number_was_dialled(center: Center) -> None:
    for name, at in (("a", TODAY + 10_000), ("b", TODAY + 30_000)):
        center.call(attempt(name, Attempt(dialled_ms=at, agent=PHONE, answered_ms=at + 1, ended_ms=at + 9, result="answered", talk_ms=8)))
    matched(center, 20_000, "Ana")
    assert names(center, "attempts") == [PHONE, "Ana"]


def test_holds_of_attempts_are_of_who_dialled(center: Center) -> None:
    matched(center, 20_000, "Ana")
    for name, at in (("a", TODAY + 10_000), ("b", TODAY + 30_000)):
        talk = Attempt(dialled_ms=at, agent=PHONE, answered_ms=at + 1, ended_ms=at + 90_000, result="answered", talk_ms=8)
        center.call(attempt(name, talk, attempt_holds=((at + 40_000, at + 50_000),)))
    matched(center, 60_000, "Bruno")
    assert names(center, "holds") == [PHONE, "Ana"]


def test_who_may_see_certain_agents_sees_the_calls_of_their_telephones_and_no_others(center: Center) -> None:
    talked(center, "before", 10_000, hold=1_000)
    matched(center, 30_000, "Ana")
    talked(center, "within", 40_000, hold=1_000)
    matched(center, 60_000, "Bruno", chosen=False)
    talked(center, "after", 70_000, hold=1_000)
    for table in ("visits", "rings", "holds"):
        assert names(center, table, Scope(agents=frozenset({"Ana"}))) == ["Ana"]
        assert names(center, table, Scope(agents=frozenset({"Bruno"}))) == ["Bruno", "Bruno"]
        assert names(center, table, Scope(agents=frozenset({PHONE}))) == []


@pytest.fixture(scope="module")
def migrated(engine) -> Warehouse:
    return fresh(engine).warehouse


@pytest.fixture(scope="module")
def rebuilt(engine) -> Warehouse:
    return fresh(engine).warehouse


instants = st.integers(1, 40).map(lambda at: at * 5_000)
claims_in_order = st.lists(st.tuples(instants, st.sampled_from(["Ana", "Bruno", ""]), st.booleans()), max_size=6).map(sorted)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(claims=claims_in_order, calls=st.sets(instants.map(lambda at: at + 1), max_size=6).map(sorted), order=st.randoms())
def test_each_call_belongs_to_who_held_the_telephone_at_its_instant(
    migrated: Warehouse, rebuilt: Warehouse, claims: list[tuple[int, str, bool]], calls: list[int], order: Random
) -> None:
    center = Center(migrated, uuid4())
    center.agent(PHONE)
    steps: list[tuple[str, Any]] = [("match", claim) for claim in claims]
    for at in calls:
        # A call may be told at any time, before or after later claims.
        steps.insert(order.randint(0, len(steps)), ("call", at))
    for kind, what in steps:
        if kind == "call":
            talked(center, f"c{what}", what)
        else:
            at, member, chosen = what
            matched(center, at, member, chosen=chosen or not member)
    first_observed = next(((at, member) for at, member, chosen in claims if member and not chosen), None)

    def holder(at: int) -> str:
        held = [member for since, member, _ in claims if since <= at]
        if held and held[-1]:
            return held[-1]
        return first_observed[1] if first_observed is not None and at < first_observed[0] else PHONE

    told = list(center._waiting)
    assert names(center, "visits") == [holder(at) for at in calls]
    write(rebuilt, Folding(rebuilt).fold(told))
    again = Center(rebuilt, center.tenant)
    again.progress.written(center.position)
    assert names(again, "visits") == names(center, "visits")
    assert names(center, "rings") == [holder(at - 1_000) for at in calls]
