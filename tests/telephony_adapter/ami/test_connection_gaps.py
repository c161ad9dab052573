"""Streams with gaps: a PBX that is killed or restarted with calls up, another systemname, a crowd of calls."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from domain.base import SECOND
from tests.kit.captures import NAMES, Line, capture, written
from tests.kit.cuts import Pbx, lacking, lost
from tests.kit.embedded import Company, EmbeddedCenter, Figures, embedded_center
from tests.kit.gapped import differing
from tests.kit.transformed import Past, counted, crowd, killed, logged, named, past, restarted

MOMENTS = [1795409140, 1795409172, 1795409206]
MORE_MOMENTS = [1795409131, 1795409156, 1795409190, 1795409213, 1795409220]
INTERRUPTIONS = {"killed": killed, "restarted": restarted}


@pytest.fixture(scope="module")
def open_embedded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedCenter]:
    with embedded_center(tmp_path_factory.mktemp("deployment")) as built:
        yield built


def import_sources(built: EmbeddedCenter, records: Past, directory: Path, order: str) -> Company:
    company = built.company()
    (directory / "queue_log").write_bytes(logged(records[1]))
    for source in order.split("+"):
        if source == "log":
            company.log(directory / "queue_log")
        else:
            company.ami(written(records[0], directory / "ami.jsonl"))
    return company


def must_hold(figures: Figures, true: dict[str, dict[str, int]]) -> None:
    """Check that every true count is within its bounds, or equal if there are none."""
    assert figures.keys() == true.keys()
    for queue, counts in true.items():
        for name, value in counts.items():
            row = figures[queue]
            low, high = row["bounds"][name] if row["bounds"] else (row[name], row[name])
            assert low <= value <= high, (queue, name, value, row)
            assert high < 1_000


def shown(figures: Figures) -> dict[str, dict[str, int]]:
    names = next(iter(counted(["1|c|q|NONE|ENTERQUEUE"]).values()))
    return {queue: {name: row[name] for name in names} for queue, row in figures.items()}


@pytest.mark.parametrize("at", [*MOMENTS, *(pytest.param(at, marks=pytest.mark.long) for at in MORE_MOMENTS)])
@pytest.mark.parametrize("interruption", INTERRUPTIONS)
def test_a_pbx_that_goes_down_with_calls_up_is_bounded_by_ami_and_exact_with_its_log_in_either_order(
    open_embedded: EmbeddedCenter, tmp_path: Path, interruption: str, at: int
) -> None:
    records = named(INTERRUPTIONS[interruption](past(capture("run-b")), at), "pbx01")
    true = counted(records[1])
    must_hold(import_sources(open_embedded, records, tmp_path, "ami").queues(), true)
    merged = import_sources(open_embedded, records, tmp_path, "ami+log")
    assert shown(merged.queues()) == true
    assert import_sources(open_embedded, records, tmp_path, "log+ami").figures() == merged.figures()
    assert import_sources(open_embedded, records, tmp_path, "log+ami+log+ami").figures() == merged.figures()
    by_log = import_sources(open_embedded, records, tmp_path, "log").queues()
    assert shown(by_log) == true
    for queue, row in merged.queues().items():
        counts = true[queue]
        ended = counts["answered"] + counts["abandoned"] + counts["timed_out"] + counts["left_by_key"]
        assert row["unknown"] == by_log[queue]["unknown"] == counts["offered"] - ended
        assert row["waiting"] == by_log[queue]["waiting"] == 0


@pytest.mark.parametrize("at", [*MOMENTS, *MORE_MOMENTS])
def test_a_restart_sends_the_ends_of_calls_so_that_ami_alone_gives_the_true_figures(
    open_embedded: EmbeddedCenter, tmp_path: Path, at: int
) -> None:
    records = restarted(past(capture("run-b")), at)
    company = import_sources(open_embedded, records, tmp_path, "ami")
    assert shown(company.queues()) == counted(records[1])
    assert {row["bounds"]["missing_at_most"] for row in company.queues().values()} == {0}


@pytest.mark.parametrize("at", MOMENTS)
def test_after_a_kill_only_what_waited_is_unknown_and_whatever_was_up_may_have_joined_a_queue(
    open_embedded: EmbeddedCenter, tmp_path: Path, at: int
) -> None:
    lines, log = killed(past(capture("run-b")), at)
    company = import_sources(open_embedded, (lines, log), tmp_path, "ami")
    up = Pbx().see(line for line in lines if line.t < at)
    assert sum(row["unknown"] for row in company.queues().values()) == len(up.waiting)
    calls = {id for id, known in up.channels.items() if id == known["Linkedid"]} | up.waiting.keys() | up.talking.keys()
    (widest,) = {row["bounds"]["missing_at_most"] for row in company.queues().values()}
    assert len(up.waiting) <= widest <= len(calls)


@pytest.mark.parametrize("interruption", INTERRUPTIONS)
def test_members_and_their_pauses_continue_over_a_restart(open_embedded: EmbeddedCenter, tmp_path: Path, interruption: str) -> None:
    at = 1795409160
    records = INTERRUPTIONS[interruption](past(capture("run-b")), at)
    merged = import_sources(open_embedded, records, tmp_path, "ami+log").agents()
    # Gabriela is in from 04:45:10 on, and no event removes her.
    assert merged["Gabriela Lima"]["logged_ms"] >= 240_000
    alone = import_sources(open_embedded, records, tmp_path, "ami").agents()
    for agent, row in alone.items():
        assert abs(row["logged_ms"] - merged[agent]["logged_ms"]) <= 2_000, agent
        assert abs(row["paused_ms"] - merged[agent]["paused_ms"]) <= 2_000, agent


def test_a_connection_lost_before_a_restart_is_bounded_and_then_exact(open_embedded: EmbeddedCenter, tmp_path: Path) -> None:
    lines, log = restarted(past(capture("run-b")), 1795409190)
    for since in (1795409150.0, 1795409176.5, 1795409183.0):
        records = (lost(lines, since), log)
        must_hold(import_sources(open_embedded, records, tmp_path, "ami").queues(), counted(log))
        assert shown(import_sources(open_embedded, records, tmp_path, "ami+log").queues()) == counted(log)
        assert (
            import_sources(open_embedded, records, tmp_path, "log+ami").figures()
            == import_sources(open_embedded, records, tmp_path, "ami+log").figures()
        )


def test_a_connection_that_is_lost_when_the_pbx_is_killed_and_made_before_it_is_ready(
    open_embedded: EmbeddedCenter, tmp_path: Path
) -> None:
    lines, log = killed(past(capture("run-b")), 1795409190)
    closed = next(index for index, line in enumerate(lines) if line.note == "tcp-closed")
    early = [
        Line(lines[closed].t + 1, "", "tcp-connected"),
        Line(lines[closed].t + 1, "", "tcp-closed"),
        Line(lines[closed].t + 2, "", "tcp-connected"),
        Line(lines[closed].t + 2, "Asterisk Call Manager/11.0.0\r\n"),
        Line(lines[closed].t + 2, "Response: Success\r\nMessage: Authentication accepted\r\n\r\n"),
        Line(lines[closed].t + 2, "Response: Error\r\nMessage: Invalid/unknown command\r\n\r\n"),
        Line(lines[closed].t + 2.1, "Event: RequestBadFormat\r\nRequestType: QueueStatus\r\n\r\n"),
    ]
    records = ([*lines[: closed + 1], *early, *lines[closed + 1 :]], log)
    must_hold(import_sources(open_embedded, records, tmp_path, "ami").queues(), counted(log))
    assert shown(import_sources(open_embedded, records, tmp_path, "ami+log").queues()) == counted(log)


@pytest.mark.parametrize(("before", "seconds"), [(8.0, 16.0), pytest.param(3.0, 13.0, marks=pytest.mark.long), (1.0, 9.0)])
@pytest.mark.parametrize("interruption", INTERRUPTIONS)
def test_a_restart_whose_boot_was_not_observed_is_detected_by_numbers_that_begin_again(
    open_embedded: EmbeddedCenter, tmp_path: Path, interruption: str, before: float, seconds: float
) -> None:
    at = 1795409172
    lines, log = INTERRUPTIONS[interruption](past(capture("run-b")), at)
    records = (lacking(lines, at - before, seconds), log)
    company = open_embedded.company()
    result = company.ami(written(records[0], tmp_path / "ami.jsonl"))
    assert [opened // SECOND for opened in result.restarts[1:]] == [opened // SECOND for opened in result.gaps]
    must_hold(company.queues(), counted(log))
    merged = import_sources(open_embedded, records, tmp_path, "ami+log")
    assert shown(merged.queues()) == counted(log)
    assert import_sources(open_embedded, records, tmp_path, "log+ami").queues() == merged.queues()


@pytest.mark.parametrize("name", NAMES)
def test_with_a_systemname_all_figures_are_the_same(open_embedded: EmbeddedCenter, tmp_path: Path, name: str) -> None:
    plain = import_sources(open_embedded, past(capture(name)), tmp_path, "ami+log").figures()
    records = named(past(capture(name)), "pbx01")
    assert import_sources(open_embedded, records, tmp_path, "ami+log").figures() == plain
    assert import_sources(open_embedded, records, tmp_path, "log+ami").figures() == plain
    assert import_sources(open_embedded, records, tmp_path, "ami").queues() == plain[0]


def test_a_crowd_of_calls_has_the_true_figures_and_no_gap(open_embedded: EmbeddedCenter, tmp_path: Path) -> None:
    records = crowd(past(capture("run-b")), 6)
    company = open_embedded.company()
    result = company.ami(written(records[0], tmp_path / "ami.jsonl"))
    assert (result.gaps, result.broken, result.conflicts) == ({}, 0, 0)
    assert shown(company.queues()) == counted(records[1])
    assert len(company.queues()) == 18
    agents = {f"{agent} {copy}": row for agent, row in capture("run-b").agents().items() for copy in range(6)}
    assert {agent: {name: row[name] for name in ("answered", "ring_no_answer")} for agent, row in company.agents().items()} == agents
    before = company.figures()
    (tmp_path / "queue_log").write_bytes(logged(records[1]))
    assert company.log(tmp_path / "queue_log").conflicts == 0
    assert differing(before, company.figures(), bounds=True) == []
