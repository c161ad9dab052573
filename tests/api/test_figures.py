"""Dashboards and reports over HTTP: the figures of a recorded center are those of its own queue log, under every grouping and filter."""

from __future__ import annotations

import csv
import io
from datetime import datetime, timedelta
from urllib.parse import unquote

import pytest

from api import interactions_report
from api.periods import MOST_ROWS, Period
from api.problem import Problem
from projections.figures.instants import instant
from projections.figures.intervals import intervals, zone
from tests.api.test_auth import problem_of
from tests.kit.captures import COUNTS, capture
from tests.kit.openapi import STREAMS, operations

RUN = capture("run-b")
TRUE = RUN.queues()
AGENTS = RUN.agents()
RECORDED = {"from": "2026-11-23T01:00:00-03:00", "to": "2026-11-23T02:00:00-03:00"}
EMPTY_DAY = {"from": "2026-11-20", "to": "2026-11-21"}


@pytest.fixture(scope="module")
def ana(reporter):
    return reporter


def rows(ana, path, **params):
    answer = ana.get(path, params=RECORDED | params)
    assert answer.status_code == 200, answer.text
    return answer.json()["items"]


def of_queue(row):
    return {name: row[name] for name in COUNTS}


def test_the_reports_by_queue_have_the_true_figures(ana):
    for path in ("/v1/reports/queues", "/v1/reports/ivr"):
        found = {row["queue"]: of_queue(row) for row in rows(ana, path, by="queue") if row["queue"]}
        assert found == TRUE


def test_d2_adds_up_under_each_of_its_groupings(ana):
    total = {name: sum(values[name] for values in TRUE.values()) for name in COUNTS}
    for by in ("ivr", "queue", "agent", "hour", "day"):
        found = rows(ana, "/v1/reports/ivr", by=by)
        assert {name: sum(row[name] for row in found) for name in COUNTS} == total, by
        assert next(iter(found[0])) == {"hour": "start", "day": "start"}.get(by, by)
        assert sum(row["entered"] for row in found) == 60
    assert [row["start"] for row in rows(ana, "/v1/reports/ivr", by="hour")] == ["2026-11-23T01:00:00-03:00"]
    assert [row["start"] for row in rows(ana, "/v1/reports/ivr", by="day", timezone="UTC")] == ["2026-11-23T00:00:00+00:00"]


def test_d2_is_filtered_by_service_agent_ivr_and_date(ana):
    (row,) = rows(ana, "/v1/reports/ivr", by="day", queue="suporte")
    assert of_queue(row) == TRUE["suporte"]
    (row,) = rows(ana, "/v1/reports/ivr", by="ivr", ivr="ura2")
    assert (row["entered"], row["led_to_queue"], row["offered"], row["answered"]) == (7, 7, 7, 7)
    by_agent = {row["agent"]: row["answered"] for row in rows(ana, "/v1/reports/ivr", by="agent")}
    for name, values in AGENTS.items():
        assert by_agent.get(name, 0) == values["answered"], name
        assert sum(row["answered"] for row in rows(ana, "/v1/reports/ivr", by="day", agent=name)) == values["answered"]
    assert rows(ana, "/v1/reports/ivr", by="queue", **EMPTY_DAY) == []


def test_d2_as_csv_has_the_manuals_columns(ana):
    answer = ana.get("/v1/reports/ivr", params=RECORDED | {"by": "queue", "format": "csv"})
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert answer.headers["content-disposition"] == 'attachment; filename="ivr.csv"'
    assert answer.content.startswith(b"\xef\xbb\xbf")
    titles, *lines = csv.reader(io.StringIO(answer.content.decode("utf-8-sig")), delimiter=";")
    assert titles == [
        "Serviço", "Entrantes URA", "Fora de Serviço", "Abandonadas IVR", "Oferecidas", "Abandonadas", "%Abandonadas", "Atendidas", "Atendidas NS",
        "Nível Serviço", "Não Atendidas", "TMA", "MSA", "ASA", "MHT",
    ]  # fmt: skip
    suporte = next(line for line in lines if line[0] == "suporte")
    assert suporte == [
        "suporte", "19", "0", "0", "22", "5", "22,73", "17", "13", "59,09", "0", "00:00:07:858", "00:00:25:031", "00:00:07:254", "00:00:14:032",
    ]  # fmt: skip
    assert {name for name in answer.headers if name.startswith("atende-")} == {
        "atende-definition", "atende-position", "atende-timezone", "atende-from", "atende-to", "atende-version",
    }  # fmt: skip
    assert int(answer.headers["atende-position"]) > 0


def test_the_report_of_agents_has_the_true_figures(ana):
    found = {row["agent"]: row for row in rows(ana, "/v1/reports/agents")}
    for name, values in AGENTS.items():
        assert (found[name]["answered"], found[name]["ring_no_answer"]) == (values["answered"], values["ring_no_answer"]), name
    assert found["Ana Souza"]["logged_ms"] > 0
    problem_of(ana.get("/v1/reports/agents", params={"by": "queue"}), 422, "invalid")


def test_c1_shows_the_same_figures_in_all_by_queue_and_over_time(ana):
    board = ana.get("/v1/dashboards/inbound", params=RECORDED | {"by": "hour"}).json()
    assert {row["queue"]: of_queue(row) for row in board["queues"]} == TRUE
    assert of_queue(board["totals"]) == of_queue(board["series"][0])
    assert (board["totals"]["sla_percent"], board["totals"]["abandoned_percent"]) == (65.57, 18.03)
    assert (board["agents"]["logged"], board["agents"]["offline"]) == (11, 1)
    (queue,) = ana.get("/v1/dashboards/inbound", params=RECORDED | {"queue": "vendas"}).json()["queues"]
    assert of_queue(queue) == TRUE["vendas"]


def test_another_threshold_or_profile_reckons_the_past_anew(ana):
    def sla(**params):
        return ana.get("/v1/dashboards/inbound", params=RECORDED | params).json()["totals"]["sla_percent"]

    assert (sla(), sla(sla_ms=25_000), sla(sla_ms=0)) == (65.57, 70.49, 0.0)
    assert (sla(sla_profile="answered-only"), sla(sla_profile="offered-minus-short"), sla(sla_ms=25_032, sla_profile="answered-only")) == (
        90.91, 72.73, 100.0,
    )  # fmt: skip
    assert sla() == 65.57


def test_c2_counts_attempts(ana):
    board = ana.get("/v1/dashboards/outbound", params=RECORDED | {"by": "day"}).json()
    assert board["totals"].pop("terms") == {"connect_percent": [7, 10], "aht_ms": [22_934, 4]}
    assert board["totals"] == {
        "dialled": 10,
        "answered": 4,
        "not_connected": 6,
        "dialling": 0,
        "connected": 7,
        "connect_percent": 70.0,
        "aht_ms": 5_734,
    }
    assert board["series"] == [{"start": "2026-11-23T00:00:00-03:00"} | board["totals"]]


def test_c4_counts_calls_of_the_ivr(ana):
    totals = ana.get("/v1/dashboards/ivr", params=RECORDED).json()["totals"]
    parts = ("out_of_hours", "abandoned_in_ivr", "blacklisted", "ended_in_ivr", "led_to_queue", "unknown_in_ivr", "in_ivr")
    assert totals["entered"] == sum(totals[part] for part in parts) == 60
    assert (totals["out_of_hours"], totals["abandoned_in_ivr"], totals["ended_in_ivr"]) == (3, 3, 2)
    assert ana.get("/v1/dashboards/ivr", params=RECORDED | {"ivr": "fora-horario"}).json()["totals"]["entered"] == 3


def test_a_ratio_over_nothing_is_null(ana):
    totals = ana.get("/v1/dashboards/inbound", params=EMPTY_DAY).json()["totals"]
    assert (totals["offered"], totals["sla_percent"], totals["asa_ms"]) == (None, None, None)


def test_d1_pages_give_every_finished_call_once_in_order(ana):
    whole = rows(ana, "/v1/interactions", medium="voice", limit=1000)
    for limit in (1, 7, 100):
        found, cursor = [], None
        while cursor is not None or not found:
            params = {"medium": "voice", "limit": limit} | ({"cursor": cursor} if cursor else {})
            page = ana.get("/v1/interactions", params=params).json()
            found, cursor = found + page["items"], page["next"]
        assert found == whole
    assert len(whole) == len(RUN.truth)
    began = [row["started_at"] for row in whole]
    assert began == sorted(began)
    assert len({row["protocol"] for row in whole}) == len(whole)


def test_d1_is_filtered(ana):
    def found(**params):
        return rows(ana, "/v1/interactions", medium="voice", limit=1000, **params)

    assert len(found(direction="outbound")) == 10
    assert {(row["direction"], row["direction_label"]) for row in found(direction="inbound")} == {("inbound", "Inbound")}
    ended = [[leg["outcome"] for leg in values["observed"]["legs"]] for values in RUN.truth]
    assert len(found(status="timed-out")) == ended.count(["timeout"]) == 4
    assert len(found(status="abandoned")) == ended.count(["abandoned"]) == 11
    assert [row["protocol"] for row in found(protocol=3)] == [3]
    assert all("suporte" in row["queues"] for row in found(queue="suporte"))
    assert len(found(status=["abandoned", "timed-out"])) == 15
    assert found(tag="nenhuma") == found(**EMPTY_DAY) == []
    assert len(found(**{"from": "2026-11-23T01:45:00", "to": "2026-11-23T01:45:20"})) == 3


def test_d1_as_csv_is_the_whole_list_under_the_manuals_columns(ana, monkeypatch):
    monkeypatch.setattr(interactions_report, "CSV_PAGE", 9)
    answer = ana.get("/v1/interactions", params={"medium": "voice", "format": "csv"})
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    titles, *lines = csv.reader(io.StringIO(answer.content.decode("utf-8-sig")), delimiter=";")
    assert titles == [
        "DATA", "HORA", "PROTOCOLO", "SERVIÇOS", "AGENTE", "ORIGEM", "TIPO", "PARA", "CONTATO", "A PARTIR DE", "DURAÇÃO", "STATUS", "Tag", "JITTER",
        "PERDA DE PACOTE", "QUALIDADE DE CHAMADA", "Histórico", "ID", "ID DA ORIGEM",
    ]  # fmt: skip
    whole = rows(ana, "/v1/interactions", medium="voice", limit=1000)
    assert [line[2] for line in lines] == [str(row["protocol"]) for row in whole]
    assert lines[2] == [
        "2026-11-23", "01:45:15:966", "3", "suporte", "Gabriela Lima", "ami", "Inbound", "4000", "", "21977000111", "00:00:28", "Answered", "",
        "2,50", "0,63", "Alta", whole[2]["history"], whole[2]["id"], whole[2]["call"],
    ]  # fmt: skip
    assert answer.headers["atende-position"] == str(ana.get("/v1/monitoring").json()["as_of"])


def test_d1_is_about_calls_by_voice_and_a_page_needs_its_own_question(ana):
    assert ana.get("/v1/interactions").json() == ana.get("/v1/interactions", params={"medium": "voice"}).json()
    cursor = ana.get("/v1/interactions", params={"medium": "voice", "limit": 1}).json()["next"]
    for other in ({"status": "abandoned"}, {"cursor": cursor[:-3]}, {"timezone": "UTC"}):
        answer = ana.get("/v1/interactions", params={"medium": "voice", "cursor": cursor} | other)
        assert problem_of(answer, 422, "invalid")["errors"][0]["parameter"] == "cursor"


def test_k1_shows_the_whole_history_of_a_call(ana):
    row = rows(ana, "/v1/interactions", medium="voice", protocol=3)[0]
    story = ana.get(row["history"]).json()
    facts = [fact["kind"] for event in story["items"] for fact in event["content"]["facts"]]
    assert {"arrived", "ivr_entered", "ivr_option", "offered", "rang", "answered", "released", "hung_up"} <= set(facts)
    assert {(event["actor"], event["cause"]) for event in story["items"]} == {("operator", "ObserveCall")}
    heads = [event["content"]["change"]["call"] for event in story["items"] if "call" in event["content"]["change"]]
    assert {head["number"] for head in heads} == {"21977000111"}
    rings = [ring for event in story["items"] for ring in event["content"]["change"].get("rings", [])]
    assert {(ring["n"], ring["k"]) for ring in rings} == {(0, 0)}
    assert rings[-1]["outcome"] == "answered"
    positions = [event["position"] for event in story["items"]]
    assert positions == sorted(positions)
    assert story["as_of"] >= positions[-1]
    assert ana.get(row["history"], params={"as_of": positions[0] - 1}).status_code == 404
    assert ana.get(row["history"], params={"as_of": "2026-11-22"}).json()["items"] == []


def test_b2_shows_the_center_as_it_stood_at_the_end_and_at_any_moment(ana):
    board = ana.get("/v1/monitoring").json()
    assert board["at"] == board["covered_to"]
    assert board["waiting"] == []
    then = ana.get("/v1/monitoring", params={"as_of": "2026-11-23T01:45:30"}).json()
    assert (then["counts"]["talking"], [row["queue"] for row in then["waiting"]]) == (
        len([agent for agent in then["agents"]["on_call"] if agent["state"] == "talking"]),
        sorted((row["queue"] for row in then["waiting"]), key=[row["queue"] for row in then["waiting"]].index),
    )
    assert then["counts"]["talking"] > 0
    assert set(board["agents"]) == {"available", "on_call", "paused", "offline"}
    names = [agent["agent"] for agent in ana.get("/v1/monitoring", params={"agent": "Ana Souza"}).json()["agents"]["available"]]
    assert names == ["Ana Souza"]


@pytest.mark.parametrize(
    ("params", "field"),
    [
        ({"from": "yesterday"}, "from"),
        ({"to": "2026-13-01"}, "to"),
        ({"from": "2026-03-02", "to": "2026-03-02"}, "to"),
        ({"timezone": "Mars/Olympus"}, "timezone"),
        ({"as_of": "99999999"}, "as_of"),
        ({"as_of": "9" * 30}, "as_of"),
        ({"as_of": "2026-02-30"}, "as_of"),
        ({"sla_ms": "-1"}, "sla_ms"),
        ({"sla_ms": "nan"}, "sla_ms"),
        ({"sla_profile": "best"}, "sla_profile"),
        ({"attribution": "never"}, "attribution"),
        ({"names": "x"}, "names"),
        ({"by": "minute"}, "by"),
        ({"queue": "a\nb"}, "queue"),
    ],
)
def test_a_question_that_cannot_be_names_its_field(ana, params, field):
    for path in ("/v1/dashboards/inbound", "/v1/reports/ivr"):
        errors = problem_of(ana.get(path, params=params), 422, "invalid")["errors"]
        assert {error["parameter"] for error in errors} == {field}


@pytest.mark.parametrize("params", [{"queue": "nenhuma"}, {"agent": "Ninguém"}])
def test_a_filter_by_a_name_that_nobody_has_finds_nothing_and_says_so(ana, params):
    ((kind, name),) = params.items()
    for path in ("/v1/dashboards/inbound", "/v1/dashboards/outbound", "/v1/dashboards/ivr", "/v1/reports/queues", "/v1/reports/agents", "/v1/monitoring"):  # fmt: skip
        found = ana.get(path, params=params).json()
        assert found["notes"] == [f"no {kind} {name}"], path
        assert not found.get("totals", {}).get("offered")
        assert found.get("items", []) == found.get("queues", []) == []
    assert ana.get("/v1/reports/ivr", params={"ivr": "nenhuma"}).json()["notes"] == ["no IVR nenhuma"]
    csv = ana.get("/v1/reports/queues", params=params | {"format": "csv"})
    assert unquote(csv.headers["atende-notes"]) == f"no {kind} {name}"
    found = ana.get("/v1/interactions", params={"medium": "voice", "tag": "nunca", **params}).json()
    assert (found["items"], found["notes"]) == ([], [f"no {kind} {name}", "no call with the tag nunca"])


def test_a_question_without_a_period_means_today_or_the_last_30_days_and_the_answer_says_so(ana):
    today = {"from": "2026-11-24T00:00:00-03:00", "to": None, "by": "hour"}
    for board in ("inbound", "outbound", "ivr"):
        assert ana.get(f"/v1/dashboards/{board}").json()["period"] == today
    month = {"from": "2026-10-26T00:00:00-03:00", "to": None, "by": None}
    for path in ("/v1/reports/queues", "/v1/reports/ivr", "/v1/reports/agents"):
        assert ana.get(path).json()["period"] == month
    assert ana.get("/v1/interactions", params={"medium": "voice"}).json()["period"] == month
    assert ana.get("/v1/interactions", params={"medium": "voice", "protocol": 1}).json()["period"] == month | {"from": None}
    until = ana.get("/v1/dashboards/inbound", params={"to": "2026-11-24"}).json()
    assert until["period"] == {"from": "2026-11-23T00:00:00-03:00", "to": "2026-11-24T00:00:00-03:00", "by": "hour"}
    assert until["totals"]["offered"] == sum(values["offered"] for values in TRUE.values())
    asked = {"from": "2026-11-20", "to": "2026-11-24", "by": "day", "timezone": "UTC"}
    assert ana.get("/v1/dashboards/inbound", params=asked).json()["period"] == {
        "from": "2026-11-20T00:00:00+00:00", "to": "2026-11-24T00:00:00+00:00", "by": "day",
    }  # fmt: skip


def test_the_default_period_of_a_position_stays_the_same(ana):
    board = ana.get("/v1/dashboards/inbound").json()
    later = ana.get("/v1/dashboards/inbound", params={"as_of": board["as_of"]}).json()
    assert later["period"] == board["period"]
    moment = ana.get("/v1/dashboards/inbound", params={"as_of": "2026-11-23T12:00:00-03:00"}).json()
    assert moment["period"]["from"] == "2026-11-23T00:00:00-03:00"


def test_intervals_adapt_to_the_period_or_are_refused_when_they_are_too_many(ana):
    def by(since, **params):
        return ana.get("/v1/dashboards/inbound", params={"from": since, "to": "2026-11-24", **params})

    for since, clock in (("2026-09-05", "hour"), ("2026-08-01", "day"), ("2000-01-01", "week")):
        answer = by(since).json()
        assert (answer["period"]["by"], len(answer["series"]) <= MOST_ROWS) == (clock, True), since
    errors = problem_of(by("2000-01-01", by="day"), 422, "invalid")["errors"]
    assert [error["parameter"] for error in errors] == ["by"]
    problem_of(ana.get("/v1/reports/queues", params={"from": "2000-01-01", "by": "half-hour"}), 422, "invalid")


HOW = {
    "from", "to", "as_of", "at_least", "timezone", "limit", "cursor", "sla_ms", "tolerated_ms", "sla_profile",
    "min_duration_ms", "max_duration_ms", "time_from", "time_to", "version",
}  # fmt: skip
"""Parameters that say which period, which page and how, and no value that somebody has."""

NOBODYS = {"string": "ninguém", "integer": 987_654_321, "uuid": "40ca8005-24cc-572c-9dd4-4d30c9eb3e0b"}


def free_type(schema):
    """The type of the values of a parameter that may be any; None where the document lists them."""
    found = schema.get("items") or next((one for one in schema.get("anyOf", ()) if one.get("type") != "null"), schema)
    return None if "enum" in found or "const" in found else found.get("format", found.get("type"))


def test_every_filter_by_a_value_that_nobody_has_finds_nothing_and_says_so(ana, document):
    seen = set()
    for operation in operations(document):
        if operation.method == "get" and operation.path not in STREAMS and "{" not in operation.path:
            for name, told in operation.parameters("query").items():
                kind = free_type(told["schema"])
                if name not in HOW and kind in NOBODYS:
                    answer = ana.get(operation.path, params={name: NOBODYS[kind]})
                    if kind == "uuid":
                        # What has an id of ours was made here, so an unknown one is a mistake.
                        assert (answer.status_code, answer.json()["errors"][0]["parameter"]) == (404, name), operation.path
                        continue
                    if answer.status_code == 422:
                        # A report that cannot be filtered so refuses it.
                        assert [error["parameter"] for error in answer.json()["errors"]] == [name], operation.path
                        continue
                    found = answer.json()
                    assert len(found.get("notes", [])) == 1, (operation.path, name)
                    assert name.startswith("except_") or found.get("items", []) == [], (operation.path, name)
                    seen.add(name)
    assert seen >= {"queue", "agent", "except_queue", "except_agent", "ivr", "tag", "call", "protocol", "correlation_id"}


@pytest.mark.parametrize(("by", "days"), [("half-hour", 41.66), ("hour", 83.33), ("day", 2_000), ("week", 13_997), ("month", 60_873)])
def test_intervals_are_counted_as_they_are_made_wherever_the_period_begins_and_ends(by, days):
    # Clocks there were set forward and back, by half an hour too, or are half an hour off.
    is_taken = set()
    for where in map(zone, ("America/Sao_Paulo", "Australia/Lord_Howe", "Asia/Kolkata")):
        since = instant("from", "2009-01-01T00:30:00", where)
        for minutes in range(-40 * 30, 40 * 30, 397):
            until = since + int(days * 1_440 + minutes) * 60_000
            asked, made = Period(since, until, since), len(intervals(by, since, until, where))
            is_taken.add(made <= MOST_ROWS)
            if made <= MOST_ROWS:
                assert asked.clock(by, "hour", where) == by
            else:
                with pytest.raises(Problem, match="intervals of the period"):
                    asked.clock(by, "hour", where)
    assert is_taken == {True, False}


@pytest.mark.parametrize("by", ["half-hour", "hour", "day"])
def test_an_answer_has_at_most_two_thousand_intervals_wherever_its_period_begins_and_ends(ana, by):
    length = {"half-hour": timedelta(minutes=30), "hour": timedelta(hours=1), "day": timedelta(days=1)}[by]
    since = datetime(2026, 1, 1, 0, 10, tzinfo=zone("America/Sao_Paulo"))

    def asked(until):
        return ana.get("/v1/dashboards/outbound", params={"from": since.isoformat(), "to": until.isoformat(), "by": by})

    whole = asked(since + 1_999 * length)
    assert whole.status_code == 200, whole.text
    assert len(whole.json()["series"]) == MOST_ROWS
    (error,) = problem_of(asked(since + 2_000 * length), 422, "invalid")["errors"]
    assert "2001 intervals" in error["detail"]


@pytest.mark.parametrize(
    "name", ["localtime", "posix/UTC", "right/UTC", "Factory", "../UTC", "/etc/localtime", "america/sao_paulo", "UTC+3", "zone.tab"]
)
def test_a_time_zone_is_one_of_iana(ana, name):
    for path in ("/v1/dashboards/inbound", "/v1/queues", "/v1/interactions?medium=voice"):
        errors = problem_of(ana.get(path, params={"timezone": name} | ({"medium": "voice"} if "?" in path else {})), 422, "invalid")[
            "errors"
        ]
        assert [error["parameter"] for error in errors] == ["timezone"]
    errors = problem_of(ana.ask("PATCH", "/v1/company", json={"timezone": name}), 422, "invalid")["errors"]
    assert errors[0]["pointer"].endswith("timezone")


def test_a_large_answer_is_compressed_for_those_who_can_read_it_and_tokens_never(ana):
    large = ana.get("/openapi.json", headers={"Accept-Encoding": "gzip"})
    assert large.headers["content-encoding"] == "gzip"
    assert "content-encoding" not in ana.get("/openapi.json", headers={"Accept-Encoding": "identity"}).headers
    assert "content-encoding" not in ana.get("/v1/me", headers={"Accept-Encoding": "gzip"}).headers


def test_a_row_has_the_id_of_the_settings_beside_its_name(ana):
    for by, path in (("queue", "/v1/queues"), ("agent", "/v1/agents"), ("ivr", "/v1/ivrs")):
        settings = {one["name"]: one["id"] for one in ana.get(path).json()["items"]}
        for report in ("/v1/reports/ivr", "/v1/reports/queues"):
            found = {row[by]: row[f"{by}_id"] for row in rows(ana, report, by=by)}
            assert {name: id for name, id in found.items() if name in settings} == {
                name: settings[name] for name in found if name in settings
            }
            assert found.keys() & settings.keys(), (by, report)
            assert found.get("") is None
    queues = {one["name"]: one["id"] for one in ana.get("/v1/queues").json()["items"]}
    for board in ("/v1/dashboards/inbound", "/v1/dashboards/outbound"):
        for row in ana.get(board, params=RECORDED).json()["queues"]:
            assert row["queue_id"] == queues.get(row["queue"]), board


def test_all_but_some_queues_is_every_other_queue_in_every_answer(ana):
    others = [name for name in TRUE if name != "suporte"]
    for path in ("/v1/dashboards/inbound", "/v1/dashboards/ivr", "/v1/reports/queues", "/v1/reports/ivr"):
        left = ana.get(path, params=RECORDED | {"except_queue": "suporte"}).json()
        named = ana.get(path, params=RECORDED | {"queue": others}).json()
        assert left == named, path
    assert ana.get("/v1/dashboards/inbound", params=RECORDED | {"queue": [f"fila {n}" for n in range(1_000)]}).status_code == 200
    problem_of(ana.get("/v1/dashboards/inbound", params=RECORDED | {"queue": [f"fila {n}" for n in range(1_001)]}), 422, "invalid")


def test_d1_is_filtered_by_ivr_duration_hour_quality_and_contact_and_counts_what_it_finds(ana):
    every = {"medium": "voice", "limit": 1_000, "count": True} | RECORDED
    whole = ana.get("/v1/interactions", params=every).json()
    calls = whole["items"]
    assert whole["count"] == len(calls) > 50

    def found(**filters):
        answer = ana.get("/v1/interactions", params=every | filters).json()
        assert answer["count"] == len(answer["items"])
        return [row["id"] for row in answer["items"]]

    def among(is_wanted):
        return [row["id"] for row in calls if is_wanted(row)]

    assert found(min_duration_ms=20_000, max_duration_ms=40_000) == among(lambda row: 20_000 <= row["duration_ms"] <= 40_000)
    assert found(time_from="01:05", time_to="01:08") == among(lambda row: "01:05" <= row["started_at"][11:16] < "01:08")
    assert found(time_from="01:08", time_to="01:05") == among(lambda row: not "01:05" <= row["started_at"][11:16] < "01:08")
    for band in ("low", "medium", "high"):
        assert found(quality=band) == among(lambda row, band=band: row["quality"] == band)
    of_ivr = found(ivr="ura2")
    assert 0 < len(of_ivr) < len(calls)
    assert found(except_queue="suporte") == among(lambda row: set(row["queues"]) - {"suporte"})
    problem_of(ana.get("/v1/interactions", params=every | {"time_from": "25:00"}), 422, "invalid")


def test_the_tags_in_use_are_listed(ana):
    calls = ana.get("/v1/interactions", params={"medium": "voice", "limit": 1_000} | RECORDED).json()["items"]
    assert [one["tag"] for one in ana.get("/v1/tags").json()["items"]] == sorted({tag for row in calls for tag in row["tags"]})


def test_the_report_of_attempts_is_the_outbound_dashboard_by_every_grouping_and_as_csv(ana):
    board = ana.get("/v1/dashboards/outbound", params=RECORDED | {"by": "hour"}).json()
    names = ("dialled", "answered", "not_connected", "dialling", "connected", "connect_percent", "aht_ms")

    def shown(some):
        return [tuple(row[name] for name in names) for row in some]

    assert shown(rows(ana, "/v1/reports/outbound", by="total")) == shown([board["totals"]])
    assert shown(rows(ana, "/v1/reports/outbound", by="hour")) == shown(board["series"])
    by_queue = rows(ana, "/v1/reports/outbound")
    assert [row["queue"] for row in by_queue] == [row["queue"] for row in board["queues"]]
    assert shown(by_queue) == shown(board["queues"])
    assert sum(row["dialled"] for row in rows(ana, "/v1/reports/outbound", by="agent")) == board["totals"]["dialled"]
    answer = ana.get("/v1/reports/outbound", params=RECORDED | {"by": "total", "format": "csv"})
    assert answer.content.decode("utf-8-sig").splitlines() == [
        "Discadas;Atendidas;Não Conectadas;Discando;Completadas;% Connect;AHT",
        "10;4;6;0;7;70,00;00:00:05:734",
    ]
    problem_of(ana.get("/v1/reports/outbound", params={"by": "ivr"}), 422, "invalid")
