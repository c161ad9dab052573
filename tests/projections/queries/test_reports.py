"""Reports as programs and people read them: keys, titles, lineage, the same bytes again."""

from __future__ import annotations

import csv
import io
import json
from typing import Any
from uuid import UUID

import pytest
from msgspec.structs import replace

from domain.access import WHOLE_COMPANY, Scope
from domain.base import Personal
from domain.errors import InvalidField, NotFound
from domain.ids import interaction_id
from domain.voice.calls import Attempt, IvrPath, Ring
from domain.voice.presence import PresenceSpan
from projections.engine.temporal_view import CompanyRows
from projections.engine.warehouse import Warehouse
from projections.figures.definitions import DEFINITIONS, VERSION
from projections.figures.question import Question
from projections.queries import reports
from projections.queries.dashboards import inbound, ivr, outbound
from projections.queries.history import history
from projections.queries.interactions_report import COLUMNS, interactions, next_page
from projections.queries.interactions_selection import Interactions
from projections.queries.one_interaction import interaction
from projections.queries.report import NOTHING, Column, Report, comma_separated, lineage, table, talk_limits, written
from store.keyring import SEALED
from tests.kit.center import TENANT, Center, attempt, call, fresh, visit
from tests.kit.rows import engine

__all__ = ["engine"]

S = 1_000
NINE = 1_795_435_200_000
"""2026-11-23 09:00 in São Paulo."""


class Nobody:
    """People whose names and numbers are what was sealed."""

    def number(self, sealed: str) -> str:
        return sealed

    def text(self, sealed: str) -> str:
        return sealed

    def name(self, contact: UUID) -> str:
        return f"contact {contact.int}"


@pytest.fixture
def center(engine: Warehouse) -> Center:
    center = fresh(engine)
    center.queue("vendas")
    center.queue("suporte")
    center.agent(
        "Ana",
        PresenceSpan("session", NINE, NINE + 3600 * S),
        PresenceSpan("pause", NINE + 600 * S, NINE + 660 * S, "Almoço"),
        queues=("vendas",),
    )
    ura = IvrPath("Principal", NINE, NINE + 10 * S, "offered")
    center.call(call("1.1", visit("vendas", NINE + 10 * S, "answered", 8 * S, agent="Ana", talk=60 * S, wrap=10 * S), ivr=ura, ended_ms=NINE + 78 * S, status="answered", tags=("Venda",), contact=UUID(int=5), number=Personal(UUID(int=5), sealed="sealed:5"), did="4000", jitter_ms=70.0, loss_percent=1.0))  # fmt: skip
    center.call(call("1.2", visit("suporte", NINE + 3600 * S, "abandoned", 3 * S), ended_ms=NINE + 3603 * S, status="abandoned"))
    center.call(call("1.3", ivr=IvrPath("Principal", NINE + 60 * S, NINE + 70 * S, "abandoned"), ended_ms=NINE + 70 * S, status="abandoned-in-ivr"))  # fmt: skip
    center.call(call("1.4", ivr=IvrPath("Noturna", NINE + 3700 * S, NINE + 3710 * S, "out-of-hours"), ended_ms=NINE + 3710 * S, status="out-of-hours"))  # fmt: skip
    center.call(attempt("1.5", Attempt(NINE + 90 * S, agent="Ana", answered_ms=NINE + 95 * S, ended_ms=NINE + 155 * S, result="answered", talk_ms=60 * S), ended_ms=NINE + 155 * S, status="answered"))  # fmt: skip
    center.call(attempt("1.6", Attempt(NINE + 200 * S, agent="Ana", ended_ms=NINE + 210 * S, result="busy"), ended_ms=NINE + 210 * S, status="not-connected"))  # fmt: skip
    center.call(attempt("1.7", Attempt(NINE + 220 * S, ended_ms=NINE + 221 * S, result="bad-number"), ended_ms=NINE + 221 * S, status="bad-number"))  # fmt: skip
    center.call(call("1.8", visit("suporte", NINE + 4000 * S), status=""))
    return center


def rows_by(report: Report, key: str) -> dict[str, dict[str, Any]]:
    return {row[key]: row for row in report.rows}


QUEUE_ROW = [
    "queue", "queue_id", "offered", "answered", "answered_within_sla", "abandoned", "timed_out", "transferred_out", "left_by_key", "closed", "unknown", "waiting",
    "sla_percent", "abandoned_percent", "asa_ms", "msa_ms", "aht_ms", "mht_ms", "max_queued_ms", "bounds", "covered_to",
]  # fmt: skip


def test_durations_are_written_as_the_manual_has_them_with_milliseconds_in_every_report() -> None:
    tables = [value for value in vars(reports).values() if isinstance(value, tuple) and all(isinstance(one, Column) for one in value)]
    columns = [column for table in (COLUMNS, *tables) for column in table if column.key.endswith("_ms") and column.key != "jitter_ms"]
    shown = {column.title: column.shown(3_723_004) for column in columns}
    assert shown.pop("DURAÇÃO") == "01:02:03", "the manual's list of calls alone has no milliseconds"
    assert set(shown.values()) == {"01:02:03:004"}
    assert len(shown) > 10
    assert talk_limits({"talk_ms": (0, 3_723_004)}) == "conversa 00:00:00:000 a 01:02:03:004"


def test_the_report_of_queues_has_these_keys_in_this_order(center: Center) -> None:
    document = json.loads(written(reports.queues(center.rows, Question()), "json"))
    assert list(document) == ["items", "definition", "as_of", "timezone", "notes"]
    assert (document["definition"], document["as_of"], document["timezone"]) == (VERSION, center.position, "America/Sao_Paulo")
    assert [list(row) for row in document["items"]] == [QUEUE_ROW, QUEUE_ROW]
    hours = json.loads(written(reports.queues(center.rows, Question(by="hour")), "json"))["items"]
    assert list(hours[0]) == ["start", *QUEUE_ROW[2:]]


def test_the_csv_of_agents_has_a_cell_for_each_reason_of_a_pause(center: Center) -> None:
    center.agent("Bia", PresenceSpan("session", NINE, NINE + 60 * S), PresenceSpan("pause", NINE, NINE + 5 * S, "Café; longo"))
    head, *rows = csv.reader(io.StringIO(comma_separated(reports.agents(center.rows, Question(by="agent")))[1:]), delimiter=";")
    found = {row[0]: dict(zip(head, row, strict=True)) for row in rows}
    assert [title for title in head if title.startswith("Pausa ")] == ["Pausa Almoço", "Pausa Café; longo"]
    assert (found["Ana"]["Pausa Almoço"], found["Ana"]["Pausa Café; longo"]) == ("00:01:00:000", "00:00:00:000")
    assert (found["Bia"]["Pausa Almoço"], found["Bia"]["Pausa Café; longo"]) == ("00:00:00:000", "00:00:05:000")


def test_an_agent_who_is_logged_in_to_all_queues_is_in_the_report_of_each(center: Center) -> None:
    center.agent("Davi", PresenceSpan("session", 0, 60 * S), queues=("",))
    center.agent("Eva", PresenceSpan("session", 0, 60 * S), queues=("outra",))
    found = {row["agent"] for row in reports.agents(center.rows, Question(by="agent", queues=("vendas",))).rows}
    assert "Davi" in found
    assert "Eva" not in found


def test_the_report_of_agents_has_these_keys_in_this_order(center: Center) -> None:
    (row,) = reports.agents(center.rows, Question(by="agent")).rows
    assert list(row) == [
        "agent",
        "agent_id",
        "answered",
        "outbound_answered",
        "talk_ms",
        "outbound_ms",
        "direct_ms",
        "hold_ms",
        "wrap_up_ms",
        "ring_no_answer",
        "logged_ms",
        "paused_ms",
        "paused_by_reason_ms",
        "bounds",
    ]
    assert (row["answered"], row["talk_ms"], row["paused_by_reason_ms"]) == (1, 60 * S, {"Almoço": 60 * S})
    with pytest.raises(InvalidField) as refused:
        reports.agents(center.rows, Question(by="queue"))
    assert refused.value.field == "by"


def test_the_ivr_report_by_each_of_its_groupings(center: Center) -> None:
    by_ivr = rows_by(reports.ivr(center.rows, Question(by="ivr")), "ivr")
    assert set(by_ivr) == {"", "Principal", "Noturna"}
    main = by_ivr["Principal"]
    assert (main["entered"], main["abandoned_in_ivr"], main["led_to_queue"], main["offered"], main["answered"]) == (2, 1, 1, 1, 1)
    assert (by_ivr["Noturna"]["entered"], by_ivr["Noturna"]["out_of_hours"], by_ivr["Noturna"]["sla_percent"]) == (1, 1, None)
    assert (by_ivr[""]["entered"], by_ivr[""]["offered"]) == (0, 2)
    by_queue = rows_by(reports.ivr(center.rows, Question(by="queue")), "queue")
    assert (by_queue["vendas"]["entered"], by_queue["suporte"]["offered"], by_queue[""]["entered"]) == (1, 2, 2)
    by_agent = rows_by(reports.ivr(center.rows, Question(by="agent")), "agent")
    assert (by_agent["Ana"]["entered"], by_agent["Ana"]["answered"], by_agent[""]["entered"]) == (1, 1, 2)
    hours = reports.ivr(center.rows, Question(by="hour")).rows
    assert [(row["start"][11:16], row["entered"], row["offered"]) for row in hours] == [("09:00", 2, 1), ("10:00", 1, 2)]
    assert [row["entered"] for row in reports.ivr(center.rows, Question(by="day", ivrs=("Noturna",))).rows] == [1]


def test_the_ivr_csv_has_the_manuals_columns(center: Center) -> None:
    text = written(reports.ivr(center.rows, Question(by="ivr", ivrs=("Principal",))), "csv")
    assert text.startswith("\ufeff")
    titles, row = csv.reader(io.StringIO(text[1:]), delimiter=";")
    assert titles == [
        "IVR", "Entrantes URA", "Fora de Serviço", "Abandonadas IVR", "Oferecidas", "Abandonadas", "%Abandonadas", "Atendidas", "Atendidas NS",
        "Nível Serviço", "Não Atendidas", "TMA", "MSA", "ASA", "MHT",
    ]  # fmt: skip
    assert row == ["Principal", "2", "0", "1", "1", "0", "0,00", "1", "1", "100,00", "0", "00:01:10:000", "00:00:08:000", "00:00:08:000", "00:01:10:000"]  # fmt: skip
    report = reports.ivr(center.rows, Question(by="ivr", ivrs=("Principal",)))
    assert lineage(report) == f"Definição  {VERSION}  Posição  {center.position}  Fuso  America/Sao_Paulo"


def test_over_no_case_a_dash_is_shown(center: Center) -> None:
    report = reports.queues(center.rows, Question(queues=("suporte",)))
    row = written(report, "csv").splitlines()[1].split(";")
    assert row[0] == "suporte"
    assert row[13:15] == [NOTHING, NOTHING]
    assert NOTHING in written(report, "table")


@pytest.mark.parametrize("format", ["json", "csv", "table"])
def test_asked_again_with_its_position_a_report_is_the_same_to_the_byte(center: Center, format: Any) -> None:
    calls = [(reports.queues, Question(by="day")), (reports.ivr, Question(by="ivr")), (reports.agents, Question(by="agent"))]
    first = [make(center.rows, question) for make, question in calls]
    center.call(call("2.1", visit("vendas", NINE + 20 * S, "abandoned", 8 * S)))
    center.agent("Bia", PresenceSpan("session", NINE, NINE + 10 * S))
    for (make, question), report in zip(calls, first, strict=True):
        again = make(center.rows, Question(by=question.by, as_of=report.as_of))
        assert written(again, format) == written(report, format)
        assert written(make(center.rows, question), format) != written(report, format)


def test_the_version_of_the_definitions_follows_from_their_sentences() -> None:
    assert VERSION.startswith("1-")
    assert len(VERSION) == 14
    assert set(reports.QUEUE_KEYS) - set(DEFINITIONS) == {"covered_to"}


def test_finished_interactions_page_by_page(center: Center) -> None:
    selection: Interactions | None = Interactions(question=Question(), limit=2)
    found = []
    while selection is not None:
        report = interactions(center.rows, selection, Nobody())
        center.call(call(f"9.{len(found)}", visit("vendas", NINE + len(found), "abandoned", S), ended_ms=NINE + 9 * S))
        found += [row["call"] for row in report.rows]
        selection = next_page(selection, report)
    assert found == ["1.1", "1.3", "1.5", "1.6", "1.7", "1.2", "1.4"]


@pytest.mark.parametrize("descending", [False, True])
def test_interactions_are_paged_in_both_directions_and_orders(center: Center, descending: bool) -> None:
    def asked(**page: Any) -> Any:
        return interactions(center.rows, Interactions(question=Question(), descending=descending, limit=3, **page), Nobody())

    expected = ["1.1", "1.3", "1.5", "1.6", "1.7", "1.2", "1.4"]
    whole = [row["call"] for row in interactions(center.rows, Interactions(question=Question(), descending=descending), Nobody()).rows]
    assert sorted(whole) == sorted(expected)
    assert descending or whole == expected
    pages = [asked()]
    while pages[-1].next is not None:
        pages.append(asked(after=pages[-1].next))
    assert [row["call"] for page in pages for row in page.rows] == whole
    assert pages[0].previous is None
    back = asked(before=pages[2].previous)
    assert (back.rows, back.next) == (pages[1].rows, pages[1].next)
    back = asked(before=back.previous)
    assert (back.rows, back.previous, back.next) == (pages[0].rows, None, pages[0].next)


def test_a_finished_interaction_as_the_manual_shows_it(center: Center) -> None:
    report = interactions(center.rows, Interactions(question=Question(queues=("vendas",))), Nobody())
    titles, row = csv.reader(io.StringIO(written(report, "csv")[1:]), delimiter=";")
    assert titles == [
        "DATA", "HORA", "PROTOCOLO", "SERVIÇOS", "AGENTE", "ORIGEM", "TIPO", "PARA", "CONTATO", "A PARTIR DE", "DURAÇÃO", "STATUS", "Tag", "JITTER",
        "PERDA DE PACOTE", "QUALIDADE DE CHAMADA", "Histórico", "ID", "ID DA ORIGEM",
    ]  # fmt: skip
    id = interaction_id(TENANT, "1.1")
    assert row == [
        "2026-11-23", "09:00:00:000", "0", "vendas", "Ana", "queue_log", "Inbound", "4000", "contact 5", "sealed:5", "00:01:18", "Answered", "Venda",
        "70,00", "1,00", "Média", f"/v1/interactions/{id}/history", str(id), "1.1",
    ]  # fmt: skip


def test_interactions_are_filtered(center: Center) -> None:
    def calls(**filters: Any) -> list[str]:
        question = Question(**{name: filters.pop(name) for name in ("queues", "agents", "since_ms", "moment_ms") if name in filters})
        return [row["call"] for row in interactions(center.rows, Interactions(question=question, **filters), Nobody()).rows]

    assert calls(direction="outbound") == ["1.5", "1.6", "1.7"]
    assert calls(statuses=("abandoned", "not-connected")) == ["1.6", "1.2"]
    assert calls(agents=("Ana",)) == ["1.1", "1.5", "1.6"]
    assert calls(since_ms=NINE + 3600 * S) == ["1.2", "1.4"]
    assert calls(moment_ms=NINE + 78 * S) == ["1.1", "1.3"]
    for field, value in {"medium": "fax", "direction": "up", "protocol": -1, "limit": 0}.items():
        with pytest.raises(InvalidField) as refused:
            Interactions(question=Question(), **{field: value})
        assert refused.value.field == field


def test_a_call_is_found_by_the_id_and_by_the_correlation_of_a_request_about_it(center: Center) -> None:
    center.call(
        call("1.9", visit("suporte", NINE, "abandoned", S), ended_ms=NINE + S, status="abandoned"), correlation="order-9", request="r-1"
    )
    center.call(call("1.10", visit("suporte", NINE), status=""), correlation="r-2")

    def found(correlation: str) -> list[str]:
        selection = Interactions(question=Question(), state="all", correlation=correlation)
        return [row["call"] for row in interactions(center.rows, selection, Nobody()).rows]

    assert [found("order-9"), found("r-1"), found("r-2"), found("r-3")] == [["1.9"], ["1.9"], ["1.10"], []]
    events, _ = history(center.rows, "1.9", json.loads)
    assert [(event["correlation_id"], event["request_id"]) for event in events] == [("order-9", "r-1")]


def test_what_agents_wrote_down_is_in_the_call(center: Center) -> None:
    sealed = SEALED + "A" * 60
    center.note("1.1", NINE + 20 * S, sealed)
    shown, position = interaction(center.rows, interaction_id(TENANT, "1.1"), Question(by="total"), Nobody())
    assert shown["agent_notes"] == [{"text": sealed, "written_at": "2026-11-23T09:00:20-03:00", "actor": "test"}]
    before, _ = interaction(center.rows, interaction_id(TENANT, "1.1"), Question(by="total", as_of=position - 1), Nobody())
    assert before["agent_notes"] == []


def test_the_attempt_of_a_call_is_shown_to_whom_may_see_it(center: Center) -> None:
    dialled = Attempt(NINE, queue="saida", agent="Ana", style="agent_first", ended_ms=NINE + S, result="busy")
    both = call("1.9", visit("vendas", NINE, "abandoned", S), ended_ms=NINE + S, status="abandoned", attempt=dialled)
    center.call(both)

    def shown(id: str, scope: Scope) -> Any:
        rows = CompanyRows(center.rows.warehouse, center.tenant, scope, center.progress)
        return interaction(rows, interaction_id(TENANT, id), Question(by="total"), Nobody())[0]["attempt"]

    assert (shown("1.9", WHOLE_COMPANY)["result"], shown("1.9", WHOLE_COMPANY)["style"]) == ("busy", "agent_first")
    assert shown("1.9", Scope(queues=frozenset({"saida"})))["agent"] == "Ana"
    assert shown("1.9", Scope(queues=frozenset({"vendas"}))) is None
    assert shown("1.1", WHOLE_COMPANY) is None


def test_a_leg_is_part_of_its_calls_row(center: Center) -> None:
    center.call(call("1.9", visit("suporte", NINE + 79 * S, "answered", S, agent="Bia", talk=S), part_of=interaction_id(TENANT, "1.1"), ended_ms=NINE + 90 * S))  # fmt: skip
    (row,) = interactions(center.rows, Interactions(question=Question(queues=("vendas",))), Nobody()).rows
    assert (row["queues"], row["agents"]) == (["vendas", "suporte"], ["Ana", "Bia"])
    assert len(interactions(center.rows, Interactions(question=Question(queues=("suporte",))), Nobody()).rows) == 2


def test_a_finished_interaction_names_what_it_met_in_that_order_now_and_as_of_a_position(center: Center) -> None:
    first = visit("suporte", NINE, "transferred-out", 5 * S)
    # Offered before the first by its clock: the order is that of the visits, not of their instants.
    second = visit("vendas", NINE - S, "answered", 8 * S, agent="Ana", talk=5 * S)
    outbound = Attempt(NINE, queue="saida", agent="Ana", ended_ms=NINE + S, result="busy")
    whole = call("5.1", first, started_ms=NINE, ended_ms=NINE + 20 * S, status="answered", tags=("b", "a"))
    center.call(whole)
    before = center.position
    center.call(replace(whole, visits=(first, replace(second, n=1)), attempt=outbound, tags=("b", "a", "b")))
    leg = attempt("5.2", replace(outbound, queue="vendas", agent="Bia"), part_of=interaction_id(TENANT, "5.1"), tags=("c", "a"))

    def named(**question: Any) -> list[tuple[list[str], list[str], list[str]]]:
        rows = interactions(center.rows, Interactions(question=Question(**question)), Nobody()).rows
        return [(row["queues"], row["agents"], row["tags"]) for row in rows if row["call"] == "5.1"]

    assert named() == [(["suporte", "vendas", "saida"], ["Ana"], ["b", "a", "b"])]
    assert named(as_of=before) == [(["suporte"], [], ["b", "a"])]
    assert named(queues=("saida",)) == named(agents=("Ana",)) == named()
    center.call(leg)
    center.agent("Bia")
    assert named() == named(agents=("Bia",)) == [(["suporte", "vendas", "saida"], ["Ana", "Bia"], ["b", "a", "c"])]
    center.call(replace(leg, tags=()))
    center.call(replace(whole, visits=(), tags=()))
    assert named() == [(["saida", "vendas"], ["Ana", "Bia"], [])]
    assert named(agents=("Bia",)) == named()
    tagged = interactions(center.rows, Interactions(question=Question(), tags=("c",)), Nobody())
    assert not tagged.rows


def test_dashboards_show_the_engines_figures(center: Center) -> None:
    c1 = inbound(center.rows, Question(by="hour"))
    assert [(row["queue"], row["offered"]) for row in c1["queues"]] == [("suporte", 2), ("vendas", 1)]
    assert [row["offered"] for row in c1["series"]] == [1, 2]
    totals = {key: c1["totals"][key] for key in QUEUE_ROW[2:]}
    assert [totals] == reports.queues(center.rows, Question(by="total")).rows
    assert (c1["agents"]["offline"], c1["as_of"], c1["definition"]) == (1, center.position, VERSION)
    c2 = outbound(center.rows, Question(by="day"))
    assert c2["totals"] == {
        "dialled": 3,
        "answered": 1,
        "not_connected": 2,
        "dialling": 0,
        "connected": 2,
        "connect_percent": 66.67,
        "aht_ms": 60 * S,
        "terms": {"connect_percent": (2, 3), "aht_ms": (60 * S, 1)},
    }
    assert [row["dialled"] for row in c2["series"]] == [3]
    c4 = ivr(center.rows, Question(by="day", moment_ms=NINE + 20 * S))
    assert (c4["totals"]["entered"], c4["totals"]["offered"], c4["totals"]["answered"]) == (1, 1, 1)
    assert (c4["agents"]["talking"], c4["agents"]["logged"]) == (1, 1)


def test_everything_that_happened_to_an_interaction(center: Center) -> None:
    rows, position = history(center.rows, "1.1", json.loads)
    assert position == center.position
    assert [row["event"] for row in rows] == ["interaction.observed"]
    assert rows[0]["interaction_id"] == str(interaction_id(TENANT, "1.1"))
    assert history(center.rows, str(interaction_id(TENANT, "1.1")), json.loads)[0] == rows
    with pytest.raises(NotFound):
        history(center.rows, "1.77", json.loads)
    with pytest.raises(NotFound):
        history(center.rows, "99999999", json.loads)


def test_rings_in_vain_are_counted_where_they_ended(center: Center) -> None:
    center.call(call("3.1", visit("vendas", NINE, "abandoned", 20 * S, rings=(Ring("Ana", NINE, NINE + 10 * S, "no-answer"), Ring("Ana", NINE + 11 * S, NINE + 20 * S, "canceled")))))  # fmt: skip
    assert reports.agents(center.rows, Question(by="agent")).rows[0]["ring_no_answer"] == 1
    assert reports.agents(center.rows, Question(by="agent", until_ms=NINE + 10 * S)).rows[0]["ring_no_answer"] == 0


@pytest.mark.parametrize("name", ["=1+1", "+5521988887777", "-2", "@cmd", "\tx", "\rx", '=HYPERLINK("http://x";"y")'])
def test_a_spreadsheet_takes_every_text_for_text(name: str) -> None:
    columns = (Column("name", "Nome"), Column("count", "Quantidade", number=True))
    report = Report([{"name": name, "count": -2}], 1, "America/Sao_Paulo", columns)
    (_, row) = csv.reader(io.StringIO(comma_separated(report)[1:], newline=""), delimiter=";")
    assert row == ["'" + name, "-2"]


def test_a_terminal_obeys_no_name() -> None:
    report = Report([{"name": "Ana\x1b[2J\x9b\u202e\nBia"}], 1, "America/Sao_Paulo", (Column("name", "Nome"),))
    lines = table(report).splitlines()
    assert lines[1] == r"Ana\x1b[2J\x9b\u202e\nBia"


@pytest.mark.parametrize(
    "filters",
    [{"queues": ("VENDAS",)}, {"agents": ("ana ",)}, {"ivrs": ("PRINCIPAL",)}, {"queues": ("vendas", "VENDAS"), "agents": ("ANA",)}],
)
def test_filters_name_queues_agents_and_ivrs_in_any_spelling(center: Center, filters: dict[str, tuple[str, ...]]) -> None:
    report = reports.ivr(center.rows, Question(by="total", **filters))
    assert [row["answered"] for row in report.rows] == [1]
    assert report.notes == ()
    nobody = reports.queues(center.rows, Question(by="agent", queues=("Compras",)))
    assert (nobody.rows, nobody.notes) == ([], ("no queue Compras",))
