"""Recordings of a real Asterisk: every figure by queue and agent, and every call's outcome, from every source, in whatever order."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import Any

import pytest

from domain.voice.call_state import CallState
from telephony_adapter.ami.importer import import_ami
from telephony_adapter.queue_log.importer import import_queue_log
from tests.kit.captures import NAMES, Capture, capture
from tests.kit.embedded import SAO_PAULO, Company, EmbeddedCenter, Figures, embedded_center
from tests.kit.recording_bus import CALLER, RecordingBus

WAYS = ("timed", "raw", "log", "timed+log", "raw+log", "log+timed", "log+raw", "timed+raw")
OUTCOMES = {"timeout": "timed-out", "key": "left-by-key"}
RESULTS = {
    "answered": "answered", "busy": "busy", "noanswer": "no-answer", "notfound_404": "bad-number", "unavailable_480": "unavailable",
    "congestion_503": "congestion", "rejected_403": "rejected", "agent_noanswer": "agent-no-answer",
}  # fmt: skip
IN_THE_IVR = {"ivr_abandon": "abandoned", "ivr_no_choice": "ended", "ivr_invalid": "ended", "out_of_hours": "out-of-hours"}


@pytest.fixture(scope="module")
def open_embedded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedCenter]:
    with embedded_center(tmp_path_factory.mktemp("deployment")) as built:
        yield built


def import_sources(company: Company, recorded: Capture, way: str) -> None:
    for source in way.split("+"):
        if source == "log":
            company.log(recorded.queue_log)
        else:
            company.ami(getattr(recorded, source), source)


def only(figures: Figures, names: Any) -> dict[str, dict[str, Any]]:
    return {name: {figure: row[figure] for figure in names} for name, row in figures.items()}


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("name", NAMES)
def test_figures_are_the_true_ones_by_queue_and_by_agent(open_embedded: EmbeddedCenter, name: str, way: str) -> None:
    recorded = capture(name)
    company = open_embedded.company()
    import_sources(company, recorded, way)
    queues, agents = recorded.queues(), recorded.agents()
    assert only(company.queues(), next(iter(queues.values()))) == queues
    assert {row["bounds"] for row in company.queues().values()} == {None}
    assert only(company.agents(), ("answered", "ring_no_answer")) == agents
    by_agent = {agent: row["answered"] for agent, row in company.queues(by="agent").items() if agent and row["answered"]}
    assert by_agent == {agent: counts["answered"] for agent, counts in agents.items() if counts["answered"]}


@pytest.mark.parametrize("name", NAMES)
def test_whatever_the_order_of_the_sources_the_figures_are_the_same(open_embedded: EmbeddedCenter, name: str) -> None:
    found: list[tuple[Figures, ...]] = []
    for way in ("timed+log", "log+timed", "timed+log+timed+log", "log+timed+raw+log"):
        company = open_embedded.company()
        import_sources(company, capture(name), way)
        found.append(company.figures())
    assert all(figures == found[0] for figures in found)


@pytest.mark.parametrize("name", NAMES)
def test_after_ami_a_log_adds_only_what_ami_lacks(open_embedded: EmbeddedCenter, name: str) -> None:
    alone, after = open_embedded.company(), open_embedded.company()
    import_sources(alone, capture(name), "timed")
    import_sources(after, capture(name), "timed+log")
    for before, then in zip(alone.figures(), after.figures(), strict=True):
        assert before.keys() == then.keys()
        changed = {figure for row, after in then.items() for figure, value in after.items() if value != before[row][figure]}
        # A reason that is no UTF-8 is in the log alone.
        assert changed <= {"paused_by_reason_ms"}


@pytest.mark.parametrize("name", NAMES)
def test_imported_twice_nothing_is_new(open_embedded: EmbeddedCenter, name: str) -> None:
    company = open_embedded.company()
    import_sources(company, capture(name), "timed+log")
    company.figures()
    proved, figures = open_embedded.store.head(), company.figures()
    again = company.ami(capture(name).timed, "timed")
    assert (again.repeated, again.calls, again.visits, again.conflicts) == (again.facts, 0, {}, 0)
    log = company.log(capture(name).queue_log)
    assert (log.used, log.repeated, log.calls) == (0, log.lines, 0)
    assert (open_embedded.store.head(), company.figures()) == (proved, figures)


@pytest.mark.parametrize("name", NAMES)
def test_the_sources_are_in_no_conflict(name: str) -> None:
    bus = RecordingBus()
    assert import_ami(bus, CALLER, capture(name).timed, "ami").conflicts == 0
    log = import_queue_log(bus, CALLER, [(capture(name).queue_log, "queue_log")], timezone=SAO_PAULO)
    assert (log.conflicts, log.broken, log.unknown_verbs, log.interfaces_not_matched) == (0, 0, {}, [])


@cache
def resolved(name: str, way: str) -> dict[str, CallState]:
    bus = RecordingBus()
    for source in way.split("+"):
        if source == "log":
            import_queue_log(bus, CALLER, [(capture(name).queue_log, "queue_log")], timezone=SAO_PAULO)
        else:
            import_ami(bus, CALLER, getattr(capture(name), source), source)
    return {call: interaction.state for call, interaction in bus.interactions.items() if interaction.call is not None}


@pytest.mark.parametrize("way", ["timed", "raw", "log", "log+timed"])
@pytest.mark.parametrize("name", NAMES)
def test_every_call_has_its_true_outcome_in_the_queues(name: str, way: str) -> None:
    calls = resolved(name, way)
    legs = [leg for call in capture(name).truth for leg in call["observed"].get("legs", [])]
    visits = {id: list(zip(call.visits, call.rings, strict=True)) for id, call in calls.items() if call.visits}
    for leg in legs:
        visit, rings = visits[leg["uniqueid"]].pop(0)
        end = OUTCOMES.get(leg["outcome"], leg["outcome"])
        assert (visit.queue, visit.end, visit.agent) == (leg["queue"], end, leg.get("agent", "")), leg
        assert visit.wait_ms is not None
        assert abs(visit.wait_ms - leg["wait"] * 1000) <= 1000, leg
        assert len([ring for ring in rings if ring.outcome == "no-answer"]) == leg["rna"], leg
        if end == "answered":
            assert visit.talk_ms is not None
            assert visit.hold_ms is not None
            assert abs(visit.talk_ms + visit.hold_ms - leg["talk"] * 1000) <= 1000, leg
            assert visit.released_by == leg["hangup_by"], leg
    assert {id: left for id, left in visits.items() if left} == {}


@pytest.mark.parametrize("way", ["timed", "raw", "log+timed"])
@pytest.mark.parametrize("name", NAMES)
def test_every_call_has_its_true_outcome_in_the_ivr(name: str, way: str) -> None:
    calls = resolved(name, way)
    for call in capture(name).truth:
        if call["kind"] != "in":
            continue
        path = calls[call["uniqueid"]].ivr
        if call["did"] in ("4000", "4002"):
            assert path is not None
            assert path.outcome == IN_THE_IVR.get(call["intended"], "offered"), call
        elif call["intended"] == "out_of_hours":
            assert path is not None
            assert path.outcome == "out-of-hours"
        else:
            assert path is None, call


@pytest.mark.parametrize("way", ["timed", "raw", "log+timed"])
@pytest.mark.parametrize("name", NAMES)
def test_every_attempt_has_its_true_result(name: str, way: str) -> None:
    linked = {line.get("Uniqueid"): line.get("Linkedid") for line in capture(name).lines if line.name == "Newchannel"}
    attempts = {id: call.attempt.result for id, call in resolved(name, way).items() if call.attempt is not None}
    for call in capture(name).truth:
        if call["kind"] == "out" and call["intended"] != "agent_noanswer":
            id = call["uniqueid"] or linked[call["observed"]["carrier_leg"][0]["uniqueid"]]
            assert attempts.pop(id) == RESULTS[call["intended"]], call
    unanswered = [call for call in capture(name).truth if call["intended"] == "agent_noanswer"]
    assert list(attempts.values()) == ["agent-no-answer"] * len(unanswered)


@pytest.mark.parametrize("name", NAMES)
def test_a_consultation_and_no_other_call_is_part_of_the_customers_call(name: str) -> None:
    calls = resolved(name, "log+timed")
    parts = {id for id, call in calls.items() if call.call and call.call.part_of is not None}
    truth = capture(name).truth
    assert parts == {leg["uniqueid"] for call in truth for leg in call["observed"].get("legs", []) if leg["uniqueid"] != call["uniqueid"]}
    assert {call.call.call for call in calls.values() if call.call} - parts == {
        id for call in truth for id in [call["uniqueid"] or _own(name, call)] if id
    } | {id for id, call in calls.items() if call.attempt is not None and call.attempt.result == "agent-no-answer"}  # fmt: skip


def _own(name: str, call: dict[str, Any]) -> str:
    linked = {line.get("Uniqueid"): line.get("Linkedid") for line in capture(name).lines if line.name == "Newchannel"}
    legs = call["observed"].get("carrier_leg") or []
    return linked[legs[0]["uniqueid"]] if legs else ""
