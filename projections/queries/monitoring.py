"""Monitoring: who waits, which agents are available, on a call or paused; now, or at any moment of the past."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import msgspec

from domain.access import ATTEND
from projections.engine.alongside import alongside
from projections.engine.belonging import NEVER
from projections.engine.temporal_view import CompanyRows, TemporalView
from projections.figures.agents import answers
from projections.figures.definitions import VERSION
from projections.figures.intervals import iso
from projections.figures.metrics import QueryContext, Row, query_context
from projections.figures.question import Question
from projections.queries.agent_states import STATES, AgentState, agent_states
from projections.queries.calls_now import Calls, Opened, calls_now
from projections.queries.labels import labelled
from projections.queries.open_calls import OpenVisit, open_calls
from projections.query_bus import query

_RECORDED = "SELECT intDiv(max(recorded_us), 1000) AS at FROM {events}"

_GROUPS = {
    "available": "available",
    "talking": "on_call",
    "wrap-up": "on_call",
    "ringing": "available",
    "paused": "paused",
    "offline": "offline",
}
"""The four groups of the screens: an agent who is rung is still available, one in wrap-up is still on a call."""


class _At(msgspec.Struct):
    at: int | None


@dataclass(frozen=True)
class ObservedInstant:
    """The instant that is shown. covered_to_ms: the same, if the sources' coverage ends there and the question's moment is later; else None."""

    at_ms: int
    covered_to_ms: int | None = None


def observed_instant(on: QueryContext) -> ObservedInstant:
    """The instant to show: the question's moment, or when the last known event was recorded, by the sources' clocks if they are ahead.

    Nothing has changed since that event, and no clock is read: the same log position gives the same answer for ever.
    Open states count only until the source's last sign of life: after it the center is shown as it was at that instant.
    """
    view = on.view
    last = on.coverage.last_ms
    at = view.moment_ms if view.moment_ms is not None else max(_recorded(view), last or 0)
    if last is None or at <= last or on.coverage.is_commanded:
        return ObservedInstant(at)
    return ObservedInstant(last, last)


def _recorded(view: TemporalView) -> int:
    return view.ask(_At, _RECORDED.format(events=view.of_every_queue().events("recorded_us")))[0].at or 0


def _unopened(_: str) -> str:
    return ""


def board(on: QueryContext, opened: Opened = _unopened) -> dict[str, Any]:
    """The live board: `at`, `covered_to`, `agents` by group, how many of each, `waiting` in the order of their offers, `calls` that go on.

    opened: opens the customers' numbers for a caller who may read them.

    Filters: queues (of the call, or in which the agent is: one who is logged in to all is in each), agents. Instants are ISO 8601 with the offset of the question's zone.
    """
    where, question = on.question.zone, on.question
    shown = observed_instant(on)
    going_on = open_calls(on.view, shown.at_ms)
    calls_of_now = alongside(calls_now, on.view, question, shown.at_ms, going_on, opened)
    people = [_in_queues_of_now(on, state) for state in agent_states(on.view, shown.at_ms, going_on) if _selected(question, state)]
    calls, identities = calls_of_now.result()
    return {
        "at": iso(shown.at_ms, where),
        "covered_to": None if shown.covered_to_ms is None else iso(shown.covered_to_ms, where),
        "agents": {group: _under_settings(on, rows) for group, rows in _by_group(people, where).items()},
        "counts": counts_of(people),
        "waiting": _under_settings(on, _waiting(question, going_on.visits, shown.at_ms, identities)),
        "calls": _under_settings(on, calls),
    }


def _in_queues_of_now(on: QueryContext, state: AgentState) -> AgentState:
    """The same with the queues in which the agent is under their current names."""
    return replace(state, queues=sorted(on.queues.by_name_now(state.queues)))


def _under_settings(on: QueryContext, rows: list[Row]) -> list[Row]:
    """The rows with the ids that queues have in the settings: calls since a renaming have that of the new name. Other rows stay the same objects."""
    owners = {str(queue.id): str(queue.owner) for queue in on.queues.known if queue.id != queue.owner}
    return [row | {"queue_id": owners[row["queue_id"]]} if row["queue_id"] in owners else row for row in rows]


_SEEN = "SELECT id FROM {interactions}"
_BELONGED = "SELECT id FROM {agents} WHERE id IN {{agents:Array(UUID)}}"


class _Id(msgspec.Struct):
    id: UUID


@query(ATTEND, CompanyRows)
def interactions_seen(rows: CompanyRows, interactions: Collection[UUID]) -> set[UUID]:
    """Which of these calls the caller may see, as far as the rows have them."""

    def ask(view: TemporalView) -> list[_Id]:
        return view.ask(_Id, _SEEN.format(interactions=view.rows_of("interactions", of_calls=True)), calls=sorted(interactions))

    found, _ = rows.answer(None, None, ask)
    return {row.id for row in found}


@query(ATTEND, CompanyRows)
def agents_belonged(rows: CompanyRows, agents: Collection[UUID], as_of: int) -> set[UUID]:
    """Which of these agents may be seen at a position of the log because of the queues to which they belonged then."""

    def ask(view: TemporalView) -> list[_Id]:
        seen = replace(view, during=NEVER)
        return seen.ask(_Id, _BELONGED.format(agents=seen.rows_of("agents")), agents=sorted(agents))

    found, _ = rows.answer(as_of, None, ask)
    return {row.id for row in found}


@query(ATTEND, CompanyRows, of_now=True)
def monitor(rows: CompanyRows, question: Question, opened: Opened = _unopened) -> dict[str, Any]:
    """B2: the live board, with the version of the definitions, the log position and the time zone. opened: as for `board`."""

    def ask(view: TemporalView) -> dict[str, Any]:
        on = query_context(view, question)
        return {**board(on, opened), "notes": on.unknown.notes}

    found, position = rows.answer(question.as_of, question.moment_ms, ask)
    return {**found, "definition": VERSION, "as_of": position, "timezone": question.timezone}


def agents_now(on: QueryContext) -> dict[str, int]:
    """How many agents are available, on a call, paused, offline, and in each state."""
    shown = observed_instant(on)
    people = agent_states(on.view, shown.at_ms, open_calls(on.view, shown.at_ms), idle=False)
    return counts_of([state for state in people if _selected(on.question, state)])


def counts_of(people: list[AgentState]) -> dict[str, int]:
    """How many agents by group, by state, and logged in at all."""
    found = dict.fromkeys(("available", "on_call", "paused", "offline", "logged", *(_counted(state) for state in STATES)), 0)
    for state in people:
        group = _GROUPS[state.state]
        found[group] += 1
        if state.state not in ("available", "paused", "offline"):
            found[_counted(state.state)] += 1
    found["logged"] = len(people) - found["offline"]
    return found


def _counted(state: str) -> str:
    """The name of the count of agents in a state."""
    return state.replace("-", "_")


def _selected(question: Question, state: AgentState) -> bool:
    if question.agents and state.agent not in question.agents:
        return False
    return not question.queues or state.queue in question.queues or answers(state.queues, question.queues)


def _by_group(people: list[AgentState], where: ZoneInfo) -> dict[str, list[Row]]:
    """Each group in its order on the screen: available agents by the time since when, the longest first; the others by name."""
    groups: dict[str, list[Row]] = {group: [] for group in ("available", "on_call", "paused", "offline")}
    for state in sorted(people, key=lambda person: (person.since_ms or 0, person.agent)):
        groups[_GROUPS[state.state]].append(_row(state.values, where))
    for group in ("on_call", "paused", "offline"):
        groups[group].sort(key=lambda row: str(row["agent"]))
    return groups


# Most agents of a board are in the state in which they were a quarter of a second before: then their row is the same object, which is soon compared.
@lru_cache(maxsize=16_384)
def _row(values: tuple[Any, ...], where: ZoneInfo) -> Row:
    agent, agent_id, state, since_ms, reason, queue, queue_id, interaction, on_hold, logged_in_since_ms, queues = values
    return {
        "agent": agent,
        "agent_id": str(agent_id),
        **labelled("state", "agent_state", state),
        "since": None if since_ms is None else iso(since_ms, where),
        "reason": reason or None,
        "queue": queue or None,
        "queue_id": None if queue_id is None else str(queue_id),
        "interaction_id": None if interaction is None else str(interaction),
        "on_hold": on_hold,
        "logged_in_since": None if logged_in_since_ms is None else iso(logged_in_since_ms, where),
        "queues": list(queues),
    }


def _waiting(question: Question, visits: list[OpenVisit], at: int, calls: Calls) -> list[Row]:
    """The customers who wait, longest first: visit, interaction, call, queue, place in it, since when, agents who are rung, threshold, numbers."""
    places: dict[str, int] = {}
    rows = []
    for visit in visits:
        if not visit.waits(at) or (question.queues and visit.queue not in question.queues):
            continue
        places[visit.queue] = places.get(visit.queue, 0) + 1
        rows.append(
            {
                "visit_id": str(visit.id),
                "interaction_id": str(visit.whole),
                "queue": visit.queue,
                "queue_id": str(visit.queue_id),
                "place": places[visit.queue],
                "since": iso(visit.offered_ms, question.zone),
                "sla_ms": visit.sla_ms,
                **calls.identity(visit.whole),
                "call": visit.call,
                "ringing": [agent for agent, _ in visit.rings(at)],
            }
        )
    return rows
