"""A recording of a real Asterisk that was restarted twice and killed once, with waiting and talking callers each time, and then lost its connection.

It has a systemname. An orderly restart records how every call ended; a kill records nothing, in AMI or in the log.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

import pytest

from domain.voice.calls import Visit
from telephony_adapter.ami.importer import import_ami
from telephony_adapter.queue_log.importer import import_queue_log
from tests.kit.captures import Capture, capture
from tests.kit.embedded import SAO_PAULO, Company, EmbeddedCenter, embedded_center
from tests.kit.recording_bus import CALLER, RecordingBus

RECORDED: Capture = capture("restarts")
WITH_THE_LOG = ("log", "timed+log", "log+timed", "timed+log+timed+log")
OUTCOMES = {"timeout": "timed-out", "key": "left-by-key", None: "unknown"}
KILLED_AT = 1795549417.685
LOST, BACK = 1795549437.206, 1795549443.355
"""When the connection was lost, and restored."""
UP_WHEN_KILLED = 12


@pytest.fixture(scope="module")
def open_embedded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedCenter]:
    with embedded_center(tmp_path_factory.mktemp("deployment")) as built:
        yield built


def import_sources(company: Company, way: str) -> Company:
    for source in way.split("+"):
        if source == "log":
            company.log(RECORDED.queue_log)
        else:
            company.ami(RECORDED.timed, "ami")
    return company


def visits_by(way: str) -> dict[str, list[Visit]]:
    bus = RecordingBus()
    for source in way.split("+"):
        if source == "log":
            import_queue_log(bus, CALLER, [(RECORDED.queue_log, "queue_log")], timezone=SAO_PAULO)
        else:
            import_ami(bus, CALLER, RECORDED.timed, "ami")
    bus.settle()
    return {id: list(call.state.visits) for id, call in bus.interactions.items() if call.state.visits}


@pytest.mark.parametrize("way", WITH_THE_LOG)
def test_with_the_log_all_figures_are_the_true_ones_and_who_waited_when_it_was_killed_ends_unknown(
    open_embedded: EmbeddedCenter, way: str
) -> None:
    company = import_sources(open_embedded.company(), way)
    cut = Counter(call.partition("@")[2] for call in RECORDED.metrics["left_open"]["in_queue_without_end"])
    for queue, true in RECORDED.queues().items():
        row = company.queues()[queue]
        assert {name: row[name] for name in true} == true, queue
        assert (row["unknown"], row["waiting"]) == (cut[queue], 0)
    agents = company.agents()
    assert {agent: {name: agents[agent][name] for name in true} for agent, true in RECORDED.agents().items()} == RECORDED.agents()


def test_whatever_the_order_of_the_sources_the_figures_are_the_same(open_embedded: EmbeddedCenter) -> None:
    figures_by_way = [import_sources(open_embedded.company(), way).figures() for way in WITH_THE_LOG if way != "log"]
    assert all(figures == figures_by_way[0] for figures in figures_by_way)


def test_by_ami_alone_every_true_figure_is_within_bounds_no_wider_than_the_calls_that_were_up(open_embedded: EmbeddedCenter) -> None:
    queues = import_sources(open_embedded.company(), "timed").queues()
    for queue, true in RECORDED.queues().items():
        bounds = queues[queue]["bounds"]
        for name, value in true.items():
            low, high = bounds[name]
            assert low <= value <= high, (queue, name, value, bounds)
        assert bounds["missing_at_most"] <= UP_WHEN_KILLED


@pytest.mark.parametrize("way", ["timed", "log", "timed+log", "log+timed"])
def test_every_call_has_its_true_outcome_and_a_talk_that_was_cut_has_no_length(way: str) -> None:
    visits = visits_by(way)
    for leg in (leg for call in RECORDED.truth for leg in call["observed"].get("legs", [])):
        visit = visits[leg["uniqueid"]].pop(0)
        end = OUTCOMES.get(leg["outcome"], leg["outcome"])
        assert (visit.queue, visit.end, visit.agent) == (leg["queue"], end, leg.get("agent", "")), leg
        if end == "unknown":
            assert visit.wait_ms is None
            continue
        assert visit.wait_ms is not None
        assert abs(visit.wait_ms - leg["wait"] * 1000) <= 1000, leg
        if way == "timed" and visit.talk_unknown and leg["connected"] + leg.get("talk", 0) + 1 >= LOST and leg["connected"] <= BACK:
            assert visit.talk_ms is None, leg
        elif end == "answered" and "talk" in leg:
            assert visit.talk_ms is not None
            assert visit.hold_ms is not None
            assert abs(visit.talk_ms + visit.hold_ms - leg["talk"] * 1000) <= 1000, leg
            assert visit.released_by == leg["hangup_by"], leg
        elif end == "answered":
            assert (visit.talk_ms, visit.talk_unknown) == (None, True), leg
    assert {id: left for id, left in visits.items() if left} == {}


def test_an_orderly_restart_leaves_no_unknown_ends_and_a_kill_those_of_the_waiting_calls() -> None:
    unknown = [visit for visits in visits_by("timed").values() for visit in visits if visit.end == "unknown"]
    assert len(unknown) == len(RECORDED.metrics["left_open"]["in_queue_without_end"])
    assert all(abs((visit.ended_ms or 0) / 1000 - KILLED_AT) < 1 for visit in unknown)


@pytest.mark.parametrize("way", ["timed", "log+timed"])
def test_members_and_their_pauses_stay_over_restarts_and_a_kill(open_embedded: EmbeddedCenter, way: str) -> None:
    agents = import_sources(open_embedded.company(), way).agents()
    for agent, counts in RECORDED.metrics["agents"].items():
        pauses = {reason: ms / 1000 for reason, ms in agents[agent]["paused_by_reason_ms"].items()}
        assert pauses == pytest.approx(counts["pause_all_s_by_reason"], abs=1), agent
        # All agents logged in once, before the first call, and stayed.
        assert agents[agent]["logged_ms"] > 110_000, agent


def test_imported_twice_nothing_is_new(open_embedded: EmbeddedCenter) -> None:
    company = import_sources(open_embedded.company(), "timed+log")
    figures = company.figures()
    head = open_embedded.store.head()
    import_sources(company, "timed+log")
    assert (company.figures(), open_embedded.store.head()) == (figures, head)
