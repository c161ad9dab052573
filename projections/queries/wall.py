"""The wall (Mural): each queue as it is now, for screens that people read from afar."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from uuid import UUID

import msgspec

from domain.access import ATTEND
from domain.names import identity
from projections.engine.temporal_view import CompanyRows, TemporalView
from projections.figures.definitions import VERSION
from projections.figures.intervals import iso
from projections.figures.metrics import QueryContext, Row, counted, period_of, query_context, row_of
from projections.figures.question import Question
from projections.figures.tally import Tally
from projections.queries.agent_states import AgentState, agent_states
from projections.queries.monitoring import counts_of, observed_instant
from projections.queries.open_calls import OpenVisit, open_calls
from projections.query_bus import query

_QUEUES = "SELECT id, name, sla_target, sla_ms FROM {queues} WHERE id = owner AND active = 1 ORDER BY name"
_TODAY = ("offered", "answered", "abandoned", "sla_percent", "bounds", "covered_to")
_EVERY_QUEUE = ""


class _Queue(msgspec.Struct):
    id: UUID
    name: str
    sla_target: float
    sla_ms: int


@query(ATTEND, CompanyRows, on_screens=True, of_now=True)
def wall(rows: CompanyRows, question: Question) -> dict[str, Any]:
    """`queues`: a row for each active queue that the question's filters leave, by name; `agents`: how many there are in each state.

    A row has the customers who wait, since when the first of them, the agents who are logged in to the queue by group, and the figures of the
    question's period with the target. The question asks for current names (`as-is`). No customer's data is in the answer.
    """

    def ask(view: TemporalView) -> dict[str, Any]:
        on = query_context(view, question)
        return {**_wall(on), "notes": on.unknown.notes}

    found, position = rows.answer(question.as_of, question.moment_ms, ask)
    return {**found, "definition": VERSION, "as_of": position, "timezone": question.timezone}


def _wall(on: QueryContext) -> dict[str, Any]:
    shown, where = observed_instant(on), on.question.zone
    calls = open_calls(on.view, shown.at_ms)
    wanted = on.question.agents
    people = [state for state in agent_states(on.view, shown.at_ms, calls, idle=False) if not wanted or state.agent in wanted]
    figures, period = counted(on, "queue"), period_of(on.question)
    waiting = _waiting(on, calls.visits, shown.at_ms)
    queues = [
        queue
        for queue in on.view.ask(_Queue, _QUEUES.format(queues=on.view.rows_of("queues")))
        if not on.question.queues or queue.name in on.question.queues
    ]
    names = {queue.id: on.queues.names_of(queue.id) for queue in queues}
    return {
        "at": iso(shown.at_ms, where),
        "covered_to": None if shown.covered_to_ms is None else iso(shown.covered_to_ms, where),
        "agents": counts_of(_in_queues(people, frozenset[str]().union(*names.values()))),
        "queues": [
            {
                "queue": queue.name,
                "queue_id": str(queue.id),
                "waiting": len(waiting.get(queue.name, ())),
                "waiting_since": iso(min(waiting[queue.name]), where) if queue.name in waiting else None,
                "agents": counts_of(_in_queues(people, names[queue.id])),
                "sla_target": queue.sla_target,
                "sla_ms": queue.sla_ms,
                "today": _figures(row_of(on, figures.get((0, queue.name), Tally()), period, queue=queue.name)),
            }
            for queue in queues
        ],
    }


def _waiting(on: QueryContext, visits: Iterable[OpenVisit], at_ms: int) -> dict[str, list[int]]:
    """By the current name of a queue: since when each of its customers waits."""
    found: dict[str, list[int]] = {}
    for visit in visits:
        if visit.waits(at_ms):
            found.setdefault(on.queues.name_now(visit.queue_id), []).append(visit.offered_ms)
    return found


def _in_queues(people: Iterable[AgentState], names: frozenset[str]) -> list[AgentState]:
    """The agents who are logged in to a queue that has one of these names, or to every queue."""
    return [state for state in people if any(name == _EVERY_QUEUE or identity(name) in names for name in state.queues)]


def _figures(row: Row) -> Row:
    return {name: row[name] for name in _TODAY}
