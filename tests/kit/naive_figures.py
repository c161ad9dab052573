"""The figures of the reports, counted in the plainest way from the aggregates of a `RecordingBus`: one visit, one span at a time."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from domain.voice.calls import Ring, Visit
from tests.kit.recording_bus import RecordingBus

ENDS = ("answered", "abandoned", "timed_out", "transferred_out", "left_by_key", "closed", "unknown")
Stretch = tuple[int, int]


def _percent(part: int, whole: int) -> float | None:
    return float((Decimal(100 * part) / whole).quantize(Decimal("0.01"), ROUND_HALF_UP)) if whole else None


def _mean(values: list[int]) -> int | None:
    return int((Decimal(sum(values)) / len(values)).quantize(Decimal(1), ROUND_HALF_UP)) if values else None


def _visits(bus: RecordingBus) -> list[Visit]:
    return [visit for interaction in bus.interactions.values() for visit in interaction.state.visits]


def _rings(bus: RecordingBus) -> list[Ring]:
    return [ring for interaction in bus.interactions.values() for rings in interaction.state.rings for ring in rings]


def _handle(visit: Visit) -> int | None:
    return None if visit.talk_ms is None else visit.talk_ms + (visit.hold_ms or 0) + (visit.wrap_up_ms or 0)


def queues(bus: RecordingBus) -> dict[str, dict[str, Any]]:
    """A row for each queue that a call was offered to."""
    return {queue: _queue([visit for visit in _visits(bus) if visit.queue == queue]) for queue in {visit.queue for visit in _visits(bus)}}


def _queue(visits: list[Visit]) -> dict[str, Any]:
    answered = [visit for visit in visits if visit.end == "answered"]
    waits = [visit.wait_ms for visit in answered if visit.wait_ms is not None]
    handled = [handle for visit in answered if (handle := _handle(visit)) is not None]
    within = [visit for visit in answered if visit.wait_ms is not None and visit.wait_ms <= visit.sla_ms]
    counts = {end: sum(visit.end.replace("-", "_") == end for visit in visits) for end in ENDS}
    return {
        "offered": len(visits),
        **counts,
        "waiting": sum(visit.end == "" for visit in visits),
        "answered_within_sla": len(within),
        "sla_percent": _percent(len(within), len(visits)),
        "abandoned_percent": _percent(counts["abandoned"], len(visits)),
        "asa_ms": _mean(waits),
        "msa_ms": max(waits, default=None),
        "aht_ms": _mean(handled),
        "mht_ms": max(handled, default=None),
        "max_queued_ms": max((visit.wait_ms for visit in visits if visit.wait_ms is not None), default=None),
    }


def agents(bus: RecordingBus) -> dict[str, dict[str, Any]]:
    """A row for each agent; an open span is counted up to the last line."""
    until = max(span.until_us for span in bus.timeline.spans.values()) // 1000
    return {name: _agent(bus, name, until) for name, agent in bus.people.items() if agent.person}


def _agent(bus: RecordingBus, name: str, until: int) -> dict[str, Any]:
    every = _visits(bus)
    mine = [visit for visit in every if visit.agent == name and visit.end == "answered"]
    spans = [(span.kind, span.from_ms, span.until_ms or until, span.reason) for span in bus.people[name].spans.values()]
    busy = _busy(every, _rings(bus), name, until)
    pauses: dict[str, int] = {}
    for kind, start, end, reason in spans:
        if kind == "pause":
            pauses[reason] = pauses.get(reason, 0) + _length(_without((start, end), busy))
    return {
        "answered": len(mine),
        "talk_ms": sum(visit.talk_ms or 0 for visit in mine),
        "hold_ms": sum(visit.hold_ms or 0 for visit in mine),
        "wrap_up_ms": sum(visit.wrap_up_ms or 0 for visit in mine),
        "ring_no_answer": sum(ring.agent == name and ring.outcome == "no-answer" for ring in _rings(bus)),
        "logged_ms": sum(end - start for kind, start, end, _ in spans if kind == "session"),
        "paused_ms": sum(pauses.values()),
        "paused_by_reason_ms": {reason: spent for reason, spent in pauses.items() if spent},
    }


def _busy(visits: list[Visit], rung: list[Ring], name: str, until: int) -> list[Stretch]:
    """When the agent's phone rang, and when the agent talked or wrapped up: none of this is pause."""
    rings = [(ring.from_ms, ring.until_ms or until) for ring in rung if ring.agent == name]
    talks = [
        (visit.ended_ms or 0, (visit.released_ms + (visit.wrap_up_ms or 0)) if visit.released_ms else until)
        for visit in visits
        if visit.agent == name and visit.end == "answered" and not visit.talk_unknown
    ]
    return [*rings, *talks]


def _without(whole: Stretch, others: list[Stretch]) -> list[Stretch]:
    left = [whole]
    for start, end in others:
        left = [piece for a, b in left for piece in ((a, min(b, start)), (max(a, end), b)) if piece[0] < piece[1]]
    return left


def _length(stretches: list[Stretch]) -> int:
    return sum(end - start for start, end in stretches)
