"""One interaction as the figures know it: its row of D1, open or finished, with its visits, attempt, rings, holds and IVR options."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Any
from uuid import UUID

import msgspec

from domain.access import REPORTS
from domain.errors import NotFound
from domain.ids import agent_id, queue_id
from domain.voice.facts import AGENTS_NOTE, Fact
from domain.voice.interaction_events import CallNoted
from domain.voice.interactions import Interaction
from projections.engine.temporal_view import CompanyRows, TemporalView
from projections.figures.intervals import iso
from projections.figures.metrics import Row
from projections.figures.question import Question, Queues, queues_of
from projections.queries.interactions_report import People, interactions
from projections.queries.interactions_selection import Interactions
from projections.queries.labels import labelled
from projections.query_bus import CompanyLog, query
from store.mapper import personal_from_text

_LEGS = "SELECT id FROM {interactions} WHERE whole = {{whole:UUID}}"
_VISITS = """
SELECT id, interaction, queue, agent, toString(end) AS end, offered_ms, ended_ms, released_ms, wait_ms, talk_ms, hold_ms, wrap_up_ms
FROM {visits} ORDER BY offered_ms, toString(interaction), n
"""
_ATTEMPTS = """
SELECT id, queue, agent, style, dialled_ms, answered_ms, ended_ms, result, talk_ms, hold_ms, wrap_up_ms
FROM {attempts} ORDER BY dialled_ms, toString(id) LIMIT 1
"""
_RINGS = "SELECT visit, agent, outcome, from_ms, until_ms FROM {rings} ORDER BY from_ms, agent"
_HOLDS = "SELECT visit, agent, '' AS outcome, from_ms, until_ms FROM {holds} ORDER BY from_ms, agent"
_NOTES = """
SELECT DISTINCT position, actor, occurred_us, state FROM {events} WHERE id IN {{calls:Array(UUID)}} AND topic = {{noted:String}} ORDER BY position
"""
_OPTIONS = "SELECT text FROM {options} ORDER BY toString(interaction), k"


class _Id(msgspec.Struct):
    id: UUID


class _Option(msgspec.Struct):
    text: str


class _Noted(msgspec.Struct):
    position: int
    actor: str
    occurred_us: int
    state: str


class _Stated(msgspec.Struct):
    facts: list[Fact]


_stated = msgspec.json.Decoder(_Stated, dec_hook=personal_from_text)


class _Visit(msgspec.Struct):
    id: UUID
    interaction: UUID
    queue: str
    agent: str
    end: str
    offered_ms: int
    ended_ms: int | None
    released_ms: int | None
    wait_ms: int | None
    talk_ms: int | None
    hold_ms: int | None
    wrap_up_ms: int | None


class _Attempt(msgspec.Struct):
    id: UUID
    queue: str
    agent: str
    style: str
    dialled_ms: int
    answered_ms: int | None
    ended_ms: int | None
    result: str
    talk_ms: int | None
    hold_ms: int
    wrap_up_ms: int | None


class _Span(msgspec.Struct):
    visit: UUID
    agent: str
    outcome: str
    from_ms: int
    until_ms: int | None


@query(REPORTS, CompanyRows)
def interaction(rows: CompanyRows, id: UUID, question: Question, people: People) -> tuple[Row, int]:
    """The interaction with this id (a leg's id finds its whole call), and the log position that the answer covers. Raises NotFound."""
    report = interactions(rows, Interactions(question=question, id=id, state="all"), people)
    if not report.rows:
        raise NotFound("call-unknown", f"no interaction {id}")
    row = report.rows[0]

    def ask(view: TemporalView) -> dict[str, Any]:
        legs = view.ask(_Id, _LEGS.format(interactions=view.rows_of("interactions")), whole=UUID(row["id"]))
        calls = [leg.id for leg in legs]
        return {**_parts(view, calls, question), "agent_notes": _notes(view, calls, question, people)}

    # The parts are those of the position of the row.
    parts, position = rows.answer(report.as_of, None, ask)
    return {**row, **parts}, position


@query(REPORTS, CompanyLog)
def last_position(log: CompanyLog, id: UUID) -> int:
    """The position of the last event of this call, or of this leg, in the log; 0 for one that the company does not have."""
    return log.position_of(Interaction, id)


@dataclass(frozen=True)
class _Ids:
    """The ids of those whom the parts of a call name; None for nobody."""

    tenant: UUID
    queues: Queues

    def queue(self, name: str) -> str | None:
        return str(self.queues.in_settings(queue_id(self.tenant, name))) if name else None

    def agent(self, name: str) -> str | None:
        return str(agent_id(self.tenant, name)) if name else None


def _parts(view: TemporalView, calls: list[UUID], question: Question) -> dict[str, Any]:
    tables = {name: view.rows_of(name, of_calls=True) for name in ("visits", "attempts", "rings", "holds", "options")}
    visits = view.ask(_Visit, _VISITS.format(**tables), calls=calls)
    attempts = view.ask(_Attempt, _ATTEMPTS.format(**tables), calls=calls)
    rings = view.ask(_Span, _RINGS.format(**tables), calls=calls)
    holds = view.ask(_Span, _HOLDS.format(**tables), calls=calls)
    ids = _Ids(view.tenant, queues_of(view))
    return {
        "visits": [_visit(ids, visit, rings, holds, question) for visit in visits],
        "attempt": next((_attempt(ids, attempt, holds, question) for attempt in attempts), None),
        "options": [option.text for option in view.ask(_Option, _OPTIONS.format(**tables), calls=calls)],
    }


def _notes(view: TemporalView, calls: list[UUID], question: Question, people: People) -> list[Row]:
    """What agents wrote down about the call, in the order in which they did."""
    found = view.ask(_Noted, _NOTES.format(events=view.events()), calls=calls, noted=CallNoted.TOPIC)
    return [
        {"text": people.text(fact.private.sealed), "written_at": iso(noted.occurred_us // 1000, question.zone), "actor": noted.actor}
        for noted in found
        for fact in _stated.decode(noted.state).facts
        if fact.kind == "note" and fact.text == AGENTS_NOTE and fact.private is not None
    ]


def _visit(ids: _Ids, visit: _Visit, rings: list[_Span], holds: list[_Span], question: Question) -> Row:
    at = partial(_at, question)
    return {
        "id": str(visit.id),
        "queue": visit.queue,
        "queue_id": ids.queue(visit.queue),
        "agent": visit.agent or None,
        "agent_id": ids.agent(visit.agent),
        **labelled("end", "visit_end", visit.end),
        "offered_at": at(visit.offered_ms),
        "ended_at": at(visit.ended_ms),
        "released_at": at(visit.released_ms),
        "wait_ms": visit.wait_ms,
        "talk_ms": visit.talk_ms,
        "hold_ms": visit.hold_ms,
        "wrap_up_ms": visit.wrap_up_ms,
        "rings": [
            {
                "agent": ring.agent,
                **labelled("outcome", "ring_outcome", ring.outcome or "ringing"),
                "started_at": at(ring.from_ms),
                "ended_at": at(ring.until_ms),
            }
            for ring in rings
            if ring.visit == visit.id
        ],
        "holds": _holds(visit.id, holds, question),
    }


def _attempt(ids: _Ids, attempt: _Attempt, holds: list[_Span], question: Question) -> Row:
    at = partial(_at, question)
    talked = attempt.talk_ms is not None
    return {
        "queue": attempt.queue or None,
        "queue_id": ids.queue(attempt.queue),
        "agent": attempt.agent or None,
        "agent_id": ids.agent(attempt.agent),
        "style": attempt.style or None,
        **labelled("result", "attempt_result", attempt.result or "dialling"),
        "dialled_at": at(attempt.dialled_ms),
        "answered_at": at(attempt.answered_ms),
        "ended_at": at(attempt.ended_ms),
        "talk_ms": attempt.talk_ms,
        "hold_ms": attempt.hold_ms if talked else None,
        "wrap_up_ms": attempt.wrap_up_ms if talked else None,
        "holds": _holds(attempt.id, holds, question),
    }


def _holds(talk: UUID, holds: list[_Span], question: Question) -> list[Row]:
    """The holds of a visit, or of an attempt, which has the id of its call."""
    at = partial(_at, question)
    return [{"started_at": at(hold.from_ms), "ended_at": at(hold.until_ms)} for hold in holds if hold.visit == talk]


def _at(question: Question, ms: int | None) -> str | None:
    return None if ms is None else iso(ms, question.zone)
