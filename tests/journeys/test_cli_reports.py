"""The reports of the command line, option by option."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import pytest

from tests.journeys.command_line import CommandLine, Quick
from tests.journeys.conftest import RUN_B

METRICS = json.loads((RUN_B / "metrics.json").read_text())
QUEUE_FIGURES = [
    "offered", "answered", "answered_within_sla", "abandoned", "timed_out", "transferred_out", "left_by_key", "closed", "unknown", "waiting",
    "sla_percent", "abandoned_percent", "asa_ms", "msa_ms", "aht_ms", "mht_ms", "max_queued_ms", "bounds", "covered_to",
]  # fmt: skip
AGENT_FIGURES = [
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
FIRST = "2026-11-23T01:00:00-03:00"
"""The hour of all calls in the capture."""


def reported(center: Quick, *words: str) -> Any:
    return center("report", *words, "--format", "json").json


def test_a_report_has_its_definition_position_and_time_zone(center: Quick) -> None:
    report = reported(center, "queues", "--by", "queue")
    assert list(report) == ["items", "definition", "as_of", "timezone", "notes"]
    assert report["timezone"] == "America/Sao_Paulo"
    assert report["as_of"] == int(center("verify").out.split()[0])


def test_queues_have_the_figures_of_the_log(center: Quick) -> None:
    rows = reported(center, "queues")["items"]
    assert [list(row) for row in rows] == [["queue", "queue_id", *QUEUE_FIGURES]] * 3
    truth = {"offered": "offered", "answered": "answered", "answered_within_sla": "answered_within_sla", "abandoned": "abandoned",
             "timed_out": "timed_out", "exit_with_key": "left_by_key", "join_empty": "closed"}  # fmt: skip
    assert {row["queue"]: [row[name] for name in truth.values()] for row in rows} == {
        queue: [figures[name] for name in truth] for queue, figures in METRICS["queues"].items()
    }
    assert {(row["bounds"], row["covered_to"]) for row in rows} == {(None, None)}


def test_agents_have_the_figures_of_the_log(center: Quick) -> None:
    rows = reported(center, "agents", "--by", "agent")["items"]
    assert [list(row) for row in rows] == [["agent", "agent_id", *AGENT_FIGURES]] * len(METRICS["agents"])
    assert {row["agent"]: (row["answered"], row["ring_no_answer"]) for row in rows} == {
        agent: (figures["calls"], figures["ring_no_answer"]) for agent, figures in METRICS["agents"].items()
    }
    for row in rows:
        assert sum(row["paused_by_reason_ms"].values()) == row["paused_ms"] <= row["logged_ms"]


@pytest.mark.parametrize(
    ("by", "since", "until", "starts"),
    [
        ("hour", "2026-11-22T23:30", "2026-11-23T03:00", ["2026-11-22T23:00:00-03:00", "2026-11-23T00:00:00-03:00", FIRST,
                                                          "2026-11-23T02:00:00-03:00"]),
        ("day", "2026-11-22", "2026-11-25", [f"2026-11-{day}T00:00:00-03:00" for day in (22, 23, 24)]),
        ("week", "2026-11-15", "2026-11-30", [f"2026-11-{day:02}T00:00:00-03:00" for day in (9, 16, 23)]),
        ("month", "2026-10-31", "2026-12-01", [f"2026-{month}-01T00:00:00-03:00" for month in (10, 11)]),
    ],
)  # fmt: skip
def test_by_time_every_interval_has_a_row(center: Quick, by: str, since: str, until: str, starts: list[str]) -> None:
    options = ("--by", by, "--from", since, "--to", until)
    queues, agents = reported(center, "queues", *options)["items"], reported(center, "agents", *options)["items"]
    assert [row["start"] for row in queues] == [row["start"] for row in agents] == starts
    assert {tuple(row) for row in queues} == {("start", *QUEUE_FIGURES)}
    assert {tuple(row) for row in agents} == {("start", *AGENT_FIGURES)}
    total = sum(figures["offered"] for figures in METRICS["queues"].values())
    # Intervals that no source covers have no figures.
    assert sorted((row["offered"] for row in queues), key=str) == sorted([total, *[None] * (len(starts) - 1)], key=str)
    assert sum(row["answered"] or 0 for row in agents) == sum(figures["answered"] for figures in METRICS["queues"].values())


def test_intervals_are_those_of_the_requested_time_zone(center: Quick) -> None:
    report = reported(
        center, "queues", "--by", "hour", "--timezone", "America/Noronha", "--from", "2026-11-23T02:00", "--to", "2026-11-23T04:00"
    )
    assert [row["start"] for row in report["items"]] == ["2026-11-23T02:00:00-02:00", "2026-11-23T03:00:00-02:00"]
    assert (report["items"][0]["offered"], report["timezone"]) == (61, "America/Noronha")
    (row,) = reported(center, "queues", "--by", "hour", "--timezone", "UTC")["items"]
    assert (row["start"], row["covered_to"]) == ("2026-11-23T04:00:00+00:00", "2026-11-23T04:47:31.645+00:00")


def test_reports_of_adjacent_intervals_add_up_to_the_whole(center: Quick) -> None:
    """[from, to): an instant belongs to exactly one of two adjacent reports, and agents' times are split at the edge."""
    whole = reported(center, "agents")["items"]
    edge = "2026-11-23T04:46:00.500Z"
    parts = [reported(center, "agents", *options)["items"] for options in (("--to", edge), ("--from", edge))]
    for name in ("answered", "talk_ms", "ring_no_answer", "logged_ms", "paused_ms"):
        assert sum(row[name] for part in parts for row in part) == sum(row[name] for row in whole)
    assert (
        sum(row["offered"] for options in (("--to", edge), ("--from", edge)) for row in reported(center, "queues", *options)["items"]) == 61
    )


def test_filters_use_the_names_of_the_source(center: Quick) -> None:
    (row,) = reported(center, "queues", "--queue", "vendas")["items"]
    assert (row["queue"], row["offered"]) == ("vendas", METRICS["queues"]["vendas"]["offered"])
    (row,) = reported(center, "agents", "--agent", "Bruno Conceição")["items"]
    assert (row["agent"], row["answered"]) == ("Bruno Conceição", METRICS["agents"]["Bruno Conceição"]["calls"])
    (row,) = reported(center, "queues", "--by", "agent", "--agent", "Bruno Conceição")["items"]
    assert (row["agent"], row["answered"]) == ("Bruno Conceição", METRICS["agents"]["Bruno Conceição"]["calls"])
    interactions = reported(center, "interactions", "--queue", "cobranca", "--agent", "Helena Brandão")["items"]
    assert len(interactions) > 1
    assert all("cobranca" in row["queues"] and "Helena Brandão" in row["agents"] for row in interactions)


def test_threshold_profile_and_attribution_are_options(center: Quick) -> None:
    usual = reported(center, "queues")["items"]
    never = reported(center, "queues", "--sla-ms", "0")["items"]
    assert [row["answered_within_sla"] for row in never] == [0, 0, 0]
    long = reported(center, "queues", "--sla-ms", "25100", "--sla-profile", "answered-only")["items"]
    assert [row["sla_percent"] for row in long] == [100.0, 100.0, 100.0]
    assert [row["sla_percent"] for row in reported(center, "queues", "--sla-profile", "answered-only")["items"]] == [
        METRICS["queues"][row["queue"]]["service_level_answered_pct"] for row in usual
    ]
    for attribution in ("arrival", "event", "completion", "clipped"):
        (row,) = reported(center, "queues", "--by", "hour", "--attribution", attribution)["items"]
        assert row["offered"] == 61


def test_as_of_takes_a_position_or_a_time(center: Quick) -> None:
    now = reported(center, "queues")
    then = center("report", "queues", "--as-of", str(now["as_of"]), "--format", "json")
    assert then.json == now
    assert reported(center, "queues", "--as-of", "0")["items"] == []
    early = reported(center, "queues", "--as-of", "2026-11-23T01:46:00")["items"]
    assert 0 < sum(row["offered"] for row in early) < 61
    assert early == reported(center, "queues", "--as-of", "2026-11-23T04:46:00Z")["items"]


def test_tables_and_csv_have_brazilian_titles(center: Quick) -> None:
    report = center("report", "queues", "--by", "queue", "--format", "csv")
    text = report.out
    assert text.startswith("\ufeff")
    head, *rows = csv.reader(text.removeprefix("\ufeff").splitlines(), delimiter=";")
    assert head[:5] == ["Serviço", "Recebidas", "Atendidas", "Atendidas NS", "Abandonadas"]
    assert [row[:2] for row in rows] == [["cobranca", "13"], ["suporte", "22"], ["vendas", "26"]]
    assert report.err.startswith("Definição")
    table = center("report", "queues").out
    assert "SLA" in table.splitlines()[0]
    assert "61,54" in table.splitlines()[1]


def test_the_report_of_the_ivr(center: Quick) -> None:
    truth = [json.loads(line) for line in (RUN_B / "truth.jsonl").read_text().splitlines()]
    outside = sum(call["intended"] == "out_of_hours" for call in truth if call["kind"] == "in")
    rows = reported(center, "ivr")["items"]
    assert sum(row["out_of_hours"] for row in rows) == outside
    for row in rows:
        if row["ivr"]:
            ends = ("out_of_hours", "abandoned_in_ivr", "blacklisted", "ended_in_ivr", "led_to_queue", "unknown_in_ivr", "in_ivr")
            assert row["entered"] == sum(row[end] for end in ends)
    (row,) = reported(center, "ivr", "--by", "day")["items"]
    assert (row["start"], row["entered"]) == ("2026-11-23T00:00:00-03:00", sum(row["entered"] for row in rows))


def test_the_history_of_an_interaction_by_its_protocol_or_its_id(center: Quick) -> None:
    first = reported(center, "interactions", "--queue", "vendas")["items"][0]
    by_protocol = center("history", str(first["protocol"]), "--json")
    assert by_protocol.out == center("history", first["id"], "--json").out
    assert {event["interaction_id"] for event in by_protocol.json["items"]} == {first["id"]}
    text = center("history", str(first["protocol"])).out
    assert first["from_number"] in text
    assert text.count("interaction.") == len(by_protocol.json["items"])


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("report", "queues", "--queue", "Atacado"), "no queue Atacado"),
        (("report", "agents", "--agent", "PJSIP/9999"), "no agent PJSIP/9999"),
        (("report", "queues", "--company", "Outra"), "there is no company 'Outra'"),
        (("history", "1", "--company", "Outra"), "there is no company 'Outra'"),
        (("forget", "21977000111", "--company", "Outra"), "there is no company 'Outra'"),
        (("rebuild", "--company", "Outra"), "there is no company 'Outra'"),
        (("report", "queues", "--from", "23/11/2026"), "neither a date nor an instant"),
        (("report", "queues", "--to", "2026-11-31"), "neither a date nor an instant"),
        (("report", "queues", "--from", "2026-11-24", "--to", "2026-11-24"), "the end must be later than the start"),
        (("report", "queues", "--as-of", "yesterday"), "neither a date nor an instant"),
        (("report", "queues", "--as-of", "100000000"), "the log is known up to position"),
        (("report", "queues", "--timezone", "Brasilia"), "is not a time zone"),
        (("report", "queues", "--sla-profile", "best"), "the SLA profile is one of"),
        (("report", "agents", "--by", "queue"), "agents are shown by"),
        (("report", "interactions", "--by", "hour"), "there is no --by"),
        (("report", "queues", "--by", "year"), "'year' is not one of"),
        (("report", "queues", "--sla-ms", "-1"), "--sla-ms"),
        (("history", "999999"), "no interaction 999999"),
        (("forget", "21900000000"), "no contact has this id or phone number"),
    ],
)
def test_an_impossible_report_is_an_error_on_standard_error(center: Quick, words: tuple[str, ...], message: str) -> None:
    ran = center(*words, status=2)
    assert (ran.out, message in ran.err) == ("", True), ran.err
    # An error in the arguments also prints the usage.
    *usage, error, end = ran.err.split("\n")
    assert (message in error, end, bool(usage)) == (True, "", "Usage" in ran.err)


def test_reports_are_the_same_with_and_without_a_server(tmp_path: Path) -> None:
    """Import from standard input without a server, then the same stream from a file with one."""
    atende = CommandLine(tmp_path / "data")
    stream = RUN_B / "ami.timed.jsonl.gz"
    atende("import", "ami", "-", stdin=stream.read_bytes())
    position = str(atende("report", "queues", "--format", "json").json["as_of"])
    words = [
        ("report", subject, "--format", form, "--as-of", position) for subject in ("queues", "agents") for form in ("csv", "json", "table")
    ]
    alone = [atende(*report).out for report in words]
    with atende.serving():
        assert atende("import", "ami", stream, "--json").json["calls"] == 0
        assert [atende(*report).out for report in words] == alone
