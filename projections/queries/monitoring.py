"""The center as it stands: who waits, which agents are available, on a call, paused (monitoring); now, or at any moment of the past."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import msgspec

from domain.access import ATTEND
from projections.engine.temporal_view import CompanyRows, TemporalView
from projections.figures.coverage import last_commanded_ms
from projections.figures.definitions import VERSION
from projections.figures.intervals import iso
from projections.figures.metrics import QueryContext, Row, query_context
from projections.figures.question import Question
from projections.queries.agent_states import STATES, AgentState, OpenVisit, open_visits, standings
from projections.query_bus import query

_RECORDED = "SELECT intDiv(max(recorded_us), 1000) AS at FROM {events}"

_GROUPS = {
    "available": "available",
    "talking": "on_call",
    "wrap_up": "on_call",
    "ringing": "available",
    "paused": "paused",
    "offline": "offline",
}
"""The four groups of the screens: whoever is rung is still free, whoever wraps up is still busy with a call."""


class _At(msgspec.Struct):
    at: int | None


@dataclass(frozen=True)
class Stand:
    """The instant at which the center is looked at, and whether the sources' knowledge ends there, before what was asked."""

    at_ms: int
    covered_to_ms: int | None = None


def stand(on: QueryContext) -> Stand:
    """The instant to look at: the moment asked about, or when the last event that is known was recorded, by the sources' clocks if they are ahead.

    Nothing has changed since that event, and no clock is asked: the same position of the log has the same answer for ever.
    What a source left open is open as of its last sign of life, not for ever: past it the center is shown as it stood there.
    """
    view = on.view
    last = on.coverage.last_ms
    at = view.moment_ms if view.moment_ms is not None else max(_recorded(view), last or 0)
    if last is None or at <= last or last_commanded_ms(view) > last:
        return Stand(at)
    return Stand(last, last)


def _recorded(view: TemporalView) -> int:
    return view.ask(_At, _RECORDED.format(events=view.events()))[0].at or 0


def board(on: QueryContext) -> dict[str, Any]:
    """The live board: `at`, `covered_to`, `agents` by group, how many of each, `waiting` in the order of their offers.

    Filters: queues (of the call, or in which the agent is), agents. Instants are ISO 8601 with the offset of the question's zone.
    """
    where, question = on.question.zone, on.question
    there = stand(on)
    visits = open_visits(on.view, there.at_ms)
    people = [standing for standing in standings(on.view, there.at_ms, visits) if _asked(question, standing)]
    return {
        "at": iso(there.at_ms, where),
        "covered_to": None if there.covered_to_ms is None else iso(there.covered_to_ms, where),
        "agents": _by_group(people, where),
        "counts": counts_of(people),
        "waiting": _waiting(question, visits, there.at_ms, where),
    }


_SEEN = "SELECT 1 AS at FROM {interactions} WHERE id = {{interaction:UUID}} LIMIT 1"


@query(ATTEND, CompanyRows)
def interaction_seen(rows: CompanyRows, interaction: UUID) -> bool:
    """Whether a call may be seen, as far as the rows know it."""
    found, _ = rows.answer(
        None, None, lambda view: view.ask(_At, _SEEN.format(interactions=view.rows_of("interactions")), interaction=interaction)
    )
    return bool(found)


@query(ATTEND, CompanyRows)
def monitor(rows: CompanyRows, question: Question) -> dict[str, Any]:
    """B2: the live board, and what it was reckoned by."""
    found, position = rows.answer(question.as_of, question.moment_ms, lambda view: board(query_context(view, question)))
    return {**found, "definition": VERSION, "as_of": position, "timezone": question.timezone}


def agents_now(on: QueryContext) -> dict[str, int]:
    """How many agents are available, on a call, paused, offline, and in each state."""
    there = stand(on)
    people = standings(on.view, there.at_ms, open_visits(on.view, there.at_ms), idle=False)
    return counts_of([standing for standing in people if _asked(on.question, standing)])


def counts_of(people: list[AgentState]) -> dict[str, int]:
    """How many agents by group, by state, and logged in at all."""
    found = dict.fromkeys(("available", "on_call", "paused", "offline", "logged", *STATES), 0)
    for standing in people:
        group = _GROUPS[standing.state]
        found[group] += 1
        if standing.state not in ("available", "paused", "offline"):
            found[standing.state] += 1
    found["logged"] = len(people) - found["offline"]
    return found


def _asked(question: Question, standing: AgentState) -> bool:
    if question.agents and standing.agent not in question.agents:
        return False
    return not question.queues or bool({*standing.queues, standing.queue} & set(question.queues))


def _by_group(people: list[AgentState], where: ZoneInfo) -> dict[str, list[Row]]:
    """Each group in the order in which it is read: who is available longest first, the others by name."""
    groups: dict[str, list[Row]] = {group: [] for group in ("available", "on_call", "paused", "offline")}
    for standing in sorted(people, key=lambda person: (person.since_ms or 0, person.agent)):
        groups[_GROUPS[standing.state]].append(_row(standing, where))
    for group in ("on_call", "paused", "offline"):
        groups[group].sort(key=lambda row: str(row["agent"]))
    return groups


def _row(standing: AgentState, where: ZoneInfo) -> Row:
    return {
        "agent": standing.agent,
        "state": standing.state,
        "since": None if standing.since_ms is None else iso(standing.since_ms, where),
        "reason": standing.reason,
        "queue": standing.queue,
        "interaction": None if standing.interaction is None else str(standing.interaction),
        "on_hold": standing.on_hold,
        "queues": standing.queues,
    }


def _waiting(question: Question, visits: list[OpenVisit], at: int, where: ZoneInfo) -> list[Row]:
    """The customers who wait, longest first: interaction, call, queue, place in it, since when, whose phones ring."""
    places: dict[str, int] = {}
    rows = []
    for visit in visits:
        if not visit.waits(at) or (question.queues and visit.queue not in question.queues):
            continue
        places[visit.queue] = places.get(visit.queue, 0) + 1
        rows.append(
            {
                "interaction": str(visit.whole),
                "call": visit.call,
                "queue": visit.queue,
                "place": places[visit.queue],
                "since": iso(visit.offered_ms, where),
                "ringing": [agent for agent, _ in visit.rings(at)],
            }
        )
    return rows
