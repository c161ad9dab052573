"""Who may see some queues or agents alone sees what they would see if there were nothing else: in every table, now and of any past."""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from uuid import UUID, uuid4

import msgspec
import pytest

import discovery
from domain.access import WHOLE_COMPANY, Group, Scope
from domain.agent_events import AgentAssigned, AgentObserved
from domain.base import Personal
from domain.callbacks import CallbackRequested, callback_id
from domain.errors import NotAllowed, NotFound
from domain.ids import agent_id, interaction_id, queue_id
from domain.queues import QueueAgentsSet
from domain.users import UserRegistered
from domain.voice.calls import Attempt, IvrPath, Ring
from domain.voice.presence import PresenceSpan, PresenceState
from projections.engine.belonging import EVER, NEVER, Period
from projections.engine.scoping import _COLUMNS
from projections.engine.tables import FACTS, PARTS, ScopeMissing
from projections.engine.temporal_view import CompanyRows, TemporalView
from projections.engine.warehouse import Warehouse
from projections.figures.question import Question
from projections.queries import dashboards, earlier_calls, followed_sources, reports
from projections.queries.api_keys import api_keys
from projections.queries.callbacks import callbacks
from projections.queries.contacts import interactions_of_contact
from projections.queries.history import history, proof
from projections.queries.interactions_report import count, interactions, tags
from projections.queries.interactions_selection import Interactions
from projections.queries.monitoring import agents_belonged, interactions_seen, monitor
from projections.queries.one_interaction import interaction
from projections.queries.recordings import legs_of
from projections.queries.registers import RegisteredAgent, RegisteredQueue, agents_of_user, must_be_known, one, page
from projections.queries.screens import screens
from projections.queries.sources import gaps, sources
from projections.queries.supervision import supervisable
from projections.queries.timeline import timeline, timeline_of_board
from projections.queries.users import users
from projections.queries.wall import wall
from projections.queries.what_if import sla_what_if
from projections.query_bus import QUERIES, CompanyLog
from projections.query_bus import CompanyRows as Rows
from store.chain_prover import ChainProver
from tests.kit.center import TENANT, Center, attempt, call, fresh, visit
from tests.kit.rows import engine

__all__ = ["engine"]

SECOND = 1_000
ANA, BRUNO = uuid4(), uuid4()


def session(from_ms: int, until_ms: int | None = None) -> PresenceSpan:
    return PresenceSpan("session", from_ms, until_ms)


@pytest.fixture(scope="module")
def center(engine) -> Center:
    """For tests that only read."""
    return company(engine)


def company(engine: Warehouse) -> Center:
    """Sales, where Ana answers, and support, where Bruno does; one call goes from the one to the other. Carla is in support alone."""
    center = fresh(engine)
    for queue in ("vendas", "suporte"):
        center.queue(queue)
    for name, queue, user in (("Ana", "vendas", ANA), ("Bruno", "suporte", BRUNO)):
        center._event(
            UserRegistered,
            user,
            0,
            name=Personal(user, sealed=f"sealed {name}"),
            email=Personal(user, sealed="x"),
            level="user",
            permissions=(),
        )
        center.agent(name, session(0), queues=(queue,))
        center._event(AgentAssigned, agent_id(TENANT, name), 0, name=name, user=user, standing=PresenceState(queues={queue: "member"}))
    center.agent("Carla", session(0), PresenceSpan("pause", 60_000, 70_000, "segredo"), queues=("suporte",))
    rings = (Ring("Bruno", 1_000, 2_000, "no-answer"), Ring("Ana", 2_000, 6_000, "answered"))
    center.calls(
        [
            call("sale", visit("vendas", 1_000, "answered", 5_000, agent="Ana", talk=30_000, rings=rings), ivr=IvrPath("dia", 500, 1_000, "offered"), ended_ms=36_000, status="answered"),
            call("help", visit("suporte", 2_000, "answered", 4_000, agent="Bruno", talk=20_000), ivr=IvrPath("dia", 1_500, 2_000, "offered"), ended_ms=26_000, status="answered"),
            call("lost", visit("suporte", 3_000, "abandoned", 9_000), ended_ms=12_000, status="abandoned"),
            call("both", visit("suporte", 40_000, "answered", 1_000, agent="Bruno", talk=5_000), visit("vendas", 50_000, "answered", 1_000, agent="Ana", talk=5_000), ended_ms=60_000, status="answered", tags=("x",)),
            call("queued", visit("suporte", 70_000)),
            call("hers", visit("suporte", 75_000, "answered", 1_000, agent="Carla", talk=2_000), ended_ms=78_000, status="answered"),
            attempt("out", Attempt(dialled_ms=5_000, queue="suporte", agent="Bruno", answered_ms=6_000, ended_ms=9_000, result="answered", talk_ms=2_000, hold_ms=1_000, wrap_up_ms=None), ended_ms=9_000, status="answered", attempt_holds=((7_000, 8_000),)),
        ]
    )  # fmt: skip
    for name, queue in (("sale", "vendas"), ("help", "suporte")):
        of = interaction_id(TENANT, name)
        number = Personal(of, sealed=f"sealed {name}")
        center._event(CallbackRequested, callback_id(of), 80_000, interaction=of, ivr="dia", queue=queue, contact=of, number=number)
    center.gap(100_000, 110_000, up=1, born=0, missed={"suporte": 4, "vendas": 1})
    return center


def within(center: Center, scope: Scope) -> CompanyRows:
    return replace(center.rows, scope=scope)


SALES = Scope(queues=frozenset({"vendas"}))
OF_ANA = Scope(agents=frozenset({"Ana"}))
SCOPES = {
    "a queue": SALES,
    "an agent": OF_ANA,
    "a group": Scope(groups=(Group("Vendas", frozenset({"Ana"})),)),
    "a queue and an agent": Scope(queues=frozenset({"vendas"}), agents=frozenset({"Ana"})),
}
CALLS = ("help", "lost", "queued", "out", "hers")
NAMES = ("Bruno", "Carla", "suporte", *CALLS)


def hidden(scope: Scope) -> list[str]:
    """What may not be seen in any answer: the calls of the other side, and its queue and agent where that kind is restricted."""
    queue = [] if scope.sees_queue("suporte") else ["suporte"]
    agent = [] if scope.sees_agent("Bruno") else ["Bruno"]
    return [*CALLS, *queue, *agent, "Carla", "segredo"]


class People:
    def number(self, sealed: str) -> str:
        return sealed

    def text(self, sealed: str) -> str:
        return sealed

    def name(self, contact: UUID) -> str:
        return str(contact)


def found(ask: Any) -> Any:
    """What a query answers; None where it finds nothing."""
    try:
        return ask()
    except NotFound:
        return None


ANSWERS = {
    dashboards.inbound: lambda rows, past: dashboards.inbound(rows, Question(by="hour", **past)),
    dashboards.outbound: lambda rows, past: dashboards.outbound(rows, Question(by="hour", **past)),
    dashboards.ivr: lambda rows, past: dashboards.ivr(rows, Question(by="hour", **past)),
    reports.queues: lambda rows, past: [reports.queues(rows, Question(by=by, **past)).rows for by in ("queue", "agent", "ivr", "hour")],
    reports.ivr: lambda rows, past: [reports.ivr(rows, Question(by=by, **past)).rows for by in ("queue", "agent", "ivr", "hour")],
    reports.outbound: lambda rows, past: [reports.outbound(rows, Question(by=by, **past)).rows for by in ("queue", "agent", "hour")],
    reports.agents: lambda rows, past: reports.agents(rows, Question(by="agent", **past)).rows,
    interactions: lambda rows, past: interactions(rows, Interactions(question=Question(by="total", **past)), People()).rows,
    wall: lambda rows, past: wall(rows, Question(by="total", names="as-is", **past)),
    monitor: lambda rows, past: monitor(rows, Question(by="total", **past)),
    page: lambda rows, past: [page(rows, kind, ("", ""), 10, **past) for kind in (RegisteredQueue, RegisteredAgent)],
    one: lambda rows, past: [one(rows, RegisteredAgent, agent_id(TENANT, name), **past) for name in ("Bruno", "Carla")],
    users: lambda rows, past: users(rows, 0, 10, **past),
    history: lambda rows, past: history(rows, "both", msgspec.json.decode, **past),
    proof: lambda rows, past: proof(rows, "both", ChainProver(lambda *_: ()), 0, as_of=past.get("as_of")),
    count: lambda rows, past: count(rows, Interactions(question=Question(by="total", **past))),
    callbacks: lambda rows, past: callbacks(rows, 0, 10, **past),
    tags: lambda rows, past: tags(rows, **past),
    sources: lambda rows, past: sources(rows, Question(**past)),
    gaps: lambda rows, past: gaps(rows, Question(**past)),
    sla_what_if: lambda rows, past: sla_what_if(rows, Question(**past)),
    interaction: lambda rows, past: [
        interaction(rows, interaction_id(TENANT, name), Question(by="total", as_of=past.get("as_of")), People())
        for name in ("sale", "both")
    ],
    timeline: lambda rows, past: timeline(rows, Question(since_ms=0, until_ms=86_400_000, by="total", **past), 24),
    timeline_of_board: lambda rows, past: timeline_of_board(rows, Question(since_ms=0, until_ms=86_400_000, by="total", **past), 24),
    agents_of_user: lambda rows, _: [agents_of_user(rows, user) for user in (ANA, BRUNO)],
    legs_of: lambda rows, _: [found(lambda name=name: legs_of(rows, interaction_id(TENANT, name))) for name in CALLS],  # type: ignore[misc]
    supervisable: lambda rows, _: [found(lambda name=name: supervisable(rows, interaction_id(TENANT, name)) or name) for name in CALLS],  # type: ignore[misc, func-returns-value]
    agents_belonged: lambda rows, past: [
        name
        for name in ("Bruno", "Carla")
        if agents_belonged(rows, [agent_id(TENANT, name)], past.get("as_of", rows.progress.position)) - {agent_id(TENANT, "Ana")}
    ],
    must_be_known: lambda rows, _: [
        found(lambda asked=asked, name=name: must_be_known(rows, asked) or name)  # type: ignore[misc, func-returns-value]
        for name, asked in (
            ("suporte", Question(queue_ids=(queue_id(TENANT, "suporte"),))),
            ("Bruno", Question(agent_ids=(agent_id(TENANT, "Bruno"),))),
            ("Carla", Question(except_agent_ids=(agent_id(TENANT, "Carla"),))),
        )
    ],
    interactions_seen: lambda rows, _: [name for name in CALLS if interactions_seen(rows, [interaction_id(TENANT, name)])],
}
"""Each query of the rows, put so that the whole company's answer names both sides."""


WHOLE_COMPANY_ALONE = {
    earlier_calls.open_talk: lambda rows: earlier_calls.open_talk(rows, "suporte", "Bruno", 6_000, 2_000),
    earlier_calls.open_waits: lambda rows: earlier_calls.open_waits(rows, "queued"),
    earlier_calls.last_talk: lambda rows: earlier_calls.last_talk(rows, "Bruno", 90_000),
    earlier_calls.consultations: lambda rows: earlier_calls.consultations(rows, 0),
    interactions_of_contact: lambda rows: interactions_of_contact(rows, UUID(int=3)),
    earlier_calls.lines_are_kept: lambda rows: earlier_calls.lines_are_kept(rows, "WRAPUPSTART"),
    api_keys: lambda rows: api_keys(rows, 0, 10),
    screens: lambda rows: screens(rows, 0, 10),
    followed_sources.calls_without_end: followed_sources.calls_without_end,
    followed_sources.sessions_without_end: followed_sources.sessions_without_end,
    followed_sources.direct_calls_without_end: followed_sources.direct_calls_without_end,
}
"""Queries of the rows that are answered for who sees the whole company, and for nobody else."""


@pytest.mark.parametrize("scope", SCOPES.values(), ids=SCOPES)
def test_what_only_the_whole_company_can_tell_is_refused_to_who_sees_a_part(center: Center, scope: Scope) -> None:
    center.write()
    for ask in WHOLE_COMPANY_ALONE.values():
        ask(center.rows)
        with pytest.raises(NotAllowed):
            ask(within(center, scope))
    log = CompanyLog(None, TENANT, scope)  # type: ignore[arg-type]
    for of_log in (
        lambda: earlier_calls.stated_transfers(log, "both"),
        lambda: earlier_calls.kept_lines(log, "WRAPUPSTART", 0, 9),
        lambda: followed_sources.covered(log, "ami:pbx"),
    ):
        with pytest.raises(NotAllowed):
            of_log()


def pasts(center: Center) -> list[dict[str, Any]]:
    """Now, and a past of both kinds: it has the rows of a position, within the conditions of a moment. Who belongs at a moment alone has a test of its own."""
    center.write()
    return [{}, {"as_of": center.position, "moment_ms": 90_000}]


def test_all_queries_of_rows_are_asked_here() -> None:
    discovery.modules("projections.queries")
    assert {*ANSWERS, *WHOLE_COMPANY_ALONE} == {query for query, known in QUERIES.items() if known.reads is Rows}


@pytest.mark.parametrize("name", ["a queue", "an agent", "a queue and an agent"])
def test_no_query_names_what_is_out_of_the_scope(center: Center, name: str) -> None:
    """A group is its agents before any query is made."""
    scope = SCOPES[name]
    for past in pasts(center):
        for query, ask in ANSWERS.items():
            said = repr(ask(within(center, scope), past))
            assert not [name for name in hidden(scope) if f"'{name}'" in said], (query.__name__, past, said)


def test_the_whole_company_sees_both_sides(center: Center) -> None:
    for query in (dashboards.inbound, reports.queues, reports.ivr, reports.agents, interactions, monitor, page, history):
        assert any(f"'{name}'" in repr(ANSWERS[query](center.rows, {})) for name in NAMES), query.__name__


@pytest.mark.parametrize("scope", SCOPES.values(), ids=SCOPES)
def test_who_sees_a_part_sees_all_of_that_part(center: Center, scope: Scope) -> None:
    for past in pasts(center):
        rows = within(center, scope)
        (sales,) = reports.queues(rows, Question(by="queue", **past)).rows
        (whole,) = [row for row in reports.queues(center.rows, Question(by="queue", **past)).rows if row["queue"] == "vendas"]
        left = {"bounds", "covered_to"}
        assert {key: value for key, value in sales.items() if key not in left} == {
            key: value for key, value in whole.items() if key not in left
        }
        found = interactions(rows, Interactions(question=Question(by="total", **past)), People()).rows
        assert [row["call"] for row in found] == ["sale", "both"]
        # Of a call that met others too, the row names only what it met in the part that may be seen.
        assert [row["queues"] for row in found] == [["vendas"], ["vendas"]]
        assert [row["agents"] for row in found] == [["Ana"], ["Ana"]]


@pytest.mark.parametrize("scope", SCOPES.values(), ids=SCOPES)
def test_no_table_shows_a_row_of_another_queue_or_agent(center: Center, scope: Scope) -> None:
    """Whatever somebody will ask of a table: those that no query reads by themselves, too."""

    class Row(msgspec.Struct):
        queue: str = ""
        agent: str = ""

    center.write()
    view = TemporalView(center.warehouse, TENANT, scope)
    for table in (*FACTS, *PARTS):
        for row in view.ask(Row, f"SELECT * FROM {view.rows_of(table)}"):
            assert row.queue == "" or scope.sees_queue(row.queue), table
            assert row.agent == "" or scope.sees_agent(row.agent), table


def test_an_agent_who_rang_in_vain_for_anothers_call_has_that_ring(center: Center) -> None:
    (row,) = reports.agents(within(center, Scope(agents=frozenset({"Bruno"}))), Question(by="agent")).rows
    assert (row["agent"], row["ring_no_answer"]) == ("Bruno", 1)


def test_users_are_those_to_whom_the_agents_belong(center: Center) -> None:
    found, _ = users(within(center, OF_ANA), 0, 10)
    assert [(user.id, user.name) for user in found] == [(ANA, "sealed Ana")]
    assert len(users(center.rows, 0, 10)[0]) == 2
    assert len(users(within(center, SALES), 0, 10)[0]) == 2


def test_a_history_holds_the_facts_that_may_be_seen_and_nothing_of_the_call_as_a_whole(center: Center) -> None:
    with pytest.raises(NotFound):
        history(within(center, SALES), "help", msgspec.json.decode)
    whole, _ = history(center.rows, "both", msgspec.json.decode)
    assert whole


def test_what_sources_missed_in_other_queues_is_not_shown(center: Center) -> None:
    class Missed(msgspec.Struct):
        missed_queues: list[str]
        missed_counts: list[int]

    for scope, visible in ((SALES, (["vendas"], [1])), (WHOLE_COMPANY, (["suporte", "vendas"], [4, 1]))):
        center.write()
        view = TemporalView(center.warehouse, TENANT, scope)
        (row,) = view.ask(Missed, f"SELECT missed_queues, missed_counts FROM {view.rows_of('sources')} WHERE kind = 'gap'")
        assert (row.missed_queues, row.missed_counts) == visible


@pytest.mark.parametrize("sql", ["SELECT count() FROM visits WHERE tenant = {tenant:UUID}", "SELECT 1 FROM (SELECT id FROM  agents_versions FINAL)", "SELECT 1 FROM x JOIN events USING id"])  # fmt: skip
def test_sql_that_passes_by_the_scope_is_refused(center: Center, sql: str) -> None:
    with pytest.raises(ScopeMissing):
        TemporalView(center.warehouse, TENANT, WHOLE_COMPANY).ask(msgspec.Struct, sql)


def test_the_columns_of_narrowed_tables_are_those_of_the_schema(center: Center) -> None:
    for table, columns in _COLUMNS.items():
        assert table in FACTS
        assert set(columns) == {column["name"] for column in center.warehouse.execute(f"DESCRIBE TABLE {table}")}


DAY = (0, 86_400_000)
LATE = (88_000, 86_400_000)


@pytest.fixture(scope="module")
def staffed(engine) -> Center:
    """The same with more agents around sales: Dora answers every queue and talks in support, Eva is named by the settings, Fabio went to support, Gil is in none."""
    center = company(engine)
    center.agent("Dora", session(0), queues=("",))
    center.agent("Eva", session(0, 5_000), PresenceSpan("pause", 1_000, 2_000, "lanche"))
    center.agent("Fabio", session(0), queues=("vendas",))
    center._event(QueueAgentsSet, queue_id(TENANT, "vendas"), 81_000, agents=("Eva",))
    center.calls([call("hers too", visit("suporte", 82_000, "answered", 1_000, agent="Dora"))])
    center._event(
        AgentObserved,
        agent_id(TENANT, "Fabio"),
        85_000,
        name="Fabio",
        spans=(session(0),),
        standing=PresenceState(queues={"suporte": "member"}),
    )
    center._event(AgentObserved, agent_id(TENANT, "Gil"), 86_000, name="Gil", spans=(session(0, 86_000),), standing=PresenceState())
    center.write()
    return center


def on_board(rows: CompanyRows, **past: Any) -> dict[str, dict[str, Any]]:
    found = monitor(rows, Question(by="total", **past))
    return {row["agent"]: row for group in found["agents"].values() for row in group}


def test_agents_of_a_queue_are_its_members_and_those_who_attended_in_the_time_of_the_question(staffed: Center) -> None:
    def reported(period: Period) -> set[str]:
        since_ms, until_ms = period
        rows = reports.agents(within(staffed, SALES), Question(by="agent", since_ms=since_ms, until_ms=until_ms)).rows
        return {row["agent"] for row in rows}

    members = {"Ana", "Dora", "Eva"}
    assert set(on_board(within(staffed, SALES))) == members
    assert reported(LATE) == members
    # Bruno, of support, was rung for a customer of sales.
    assert reported(DAY) == members | {"Bruno"}
    assert {agent.name for agent in page(within(staffed, SALES), RegisteredAgent, ("", ""), 10)[0]} == members | {"Bruno"}
    whole = TemporalView(staffed.warehouse, TENANT, SALES)
    assert whole.during == EVER
    assert replace(whole, during=NEVER).belonging == members


def test_at_a_moment_of_the_past_the_members_of_then_are_seen(staffed: Center) -> None:
    assert set(on_board(within(staffed, SALES), moment_ms=84_000)) == {"Ana", "Dora", "Eva", "Fabio"}
    assert set(on_board(within(staffed, SALES), moment_ms=1_500)) == {"Ana", "Dora", "Eva", "Fabio", "Bruno"}
    assert set(on_board(within(staffed, SALES), moment_ms=87_000)) == {"Ana", "Dora", "Eva"}


def test_an_agent_who_is_busy_in_another_queue_is_busy_and_nothing_of_that_call_is_seen(staffed: Center) -> None:
    seen, whole = (on_board(rows)["Dora"] for rows in (within(staffed, SALES), staffed.rows))
    assert (whole["state"], whole["queue"]) == ("talking", "suporte")
    assert seen == whole | {"queue": None, "queue_id": None, "interaction_id": None}
    assert wall(within(staffed, SALES), Question(by="total", names="as-is"))["agents"]["talking"] == 1


def test_who_sees_queues_reads_of_their_agents_what_the_filter_by_these_queues_says(staffed: Center) -> None:
    """The day of an agent is whole, and what belongs to calls is of these queues."""
    for period in (DAY, LATE):
        asked = Question(by="agent", since_ms=period[0], until_ms=period[1])
        seen = {row["agent"]: row for row in reports.agents(within(staffed, SALES), asked).rows}
        filtered = {row["agent"]: row for row in reports.agents(staffed.rows, replace(asked, queues=("vendas",))).rows}
        assert seen.keys() == filtered.keys() | {"Eva"}
        assert {name: row for name, row in seen.items() if name in filtered} == filtered
