"""D1, *Rastreio de Interações*: every finished interaction by voice, a row each, in the order in which they began."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any, Protocol
from uuid import UUID

import msgspec

from domain.access import REPORTS
from domain.names import identity
from projections.engine.temporal_view import CompanyRows, TemporalView
from projections.figures.filters import resolved
from projections.figures.intervals import iso
from projections.figures.metrics import Row
from projections.figures.question import Question, queues_of
from projections.figures.voice_quality import jitter_band, loss_band, voice_quality
from projections.queries.interactions_selection import Interactions, falls, tag_spellings
from projections.queries.interactions_selection import conditions as conditions_of
from projections.queries.labels import labelled
from projections.queries.report import Column, Report, clock, comma, date, listed, time_of_day
from projections.query_bus import query

_PAGE = """
SELECT id, call, protocol, toString(direction) AS direction, toString(medium) AS medium, origin, contact, number, did, started_ms,
    ended_ms, duration_ms, status, jitter_ms, loss_percent
FROM {interactions} WHERE id = whole{conditions}
ORDER BY started_ms {order}, toString(id) {order}{limit}
"""
_NUMBER = "SELECT count() AS found FROM {interactions} WHERE id = whole{conditions}"
_ALL_TAGS = "SELECT DISTINCT text FROM {tags} ORDER BY text LIMIT 10000"
_LEGS = """
SELECT id, whole, jitter_ms, loss_percent FROM {interactions}
WHERE id != whole AND whole IN {{wholes:Array(UUID)}} ORDER BY started_ms, toString(id)
"""
_VISITS = "SELECT interaction, queue, agent FROM {visits} ORDER BY interaction, n"
_ATTEMPTS = "SELECT id AS interaction, queue, agent FROM {attempts}"
_TAGS = "SELECT interaction, text AS tag FROM {tags} ORDER BY interaction, k"

COLUMNS = (
    Column("started_at", "DATA", date),
    Column("started_at", "HORA", time_of_day),
    Column("protocol", "PROTOCOLO"),
    Column("queues", "SERVIÇOS", listed),
    Column("agents", "AGENTE", listed),
    Column("origin", "ORIGEM", nothing=""),
    Column("direction_label", "TIPO"),
    Column("to_number", "PARA", nothing=""),
    Column("contact", "CONTATO", nothing=""),
    Column("from_number", "A PARTIR DE", nothing=""),
    Column("duration_ms", "DURAÇÃO", clock, number=True),
    Column("status_label", "STATUS"),
    Column("tags", "Tag", listed),
    Column("jitter_ms", "JITTER", comma, number=True),
    Column("loss_percent", "PERDA DE PACOTE", comma, number=True),
    Column("quality_label", "QUALIDADE DE CHAMADA"),
    Column("history", "Histórico"),
    # Behind the manual's columns: by what a program looks the row up.
    Column("id", "ID"),
    Column("call", "ID DA ORIGEM"),
)


class People(Protocol):
    """Opens personal data for a caller who may read it; data that was forgotten is marked as such."""

    def number(self, sealed: str) -> str:
        """A telephone number; "" for ""."""

    def name(self, contact: UUID) -> str:
        """A contact's name."""

    def text(self, sealed: str) -> str:
        """What somebody wrote about a customer."""


class _Interaction(msgspec.Struct):
    id: UUID
    call: str
    protocol: int
    direction: str
    medium: str
    origin: str
    contact: UUID | None
    number: str
    did: str
    started_ms: int
    ended_ms: int | None
    duration_ms: int | None
    status: str
    jitter_ms: float | None
    loss_percent: float | None
    queues: list[str] = []
    agents: list[str] = []
    tags: list[str] = []


class _Met(msgspec.Struct):
    interaction: UUID
    queue: str
    agent: str


class _Tag(msgspec.Struct):
    interaction: UUID
    tag: str


@dataclass
class _Names:
    queues: list[str] = field(default_factory=list)
    agents: list[str] = field(default_factory=list)
    tags: list[str] = field(default_factory=list)


class _Leg(msgspec.Struct):
    id: UUID
    whole: UUID
    jitter_ms: float | None
    loss_percent: float | None


@query(REPORTS, CompanyRows)
def interactions(rows: CompanyRows, selection: Interactions, people: People) -> Report:
    """One page of finished interactions; the legs of a call are part of its row."""
    question = selection.question

    def ask(view: TemporalView) -> tuple[list[_Interaction], tuple[str, ...]]:
        known, nobody = resolved(view, question, queues_of(view))
        page = _page(view, replace(selection, question=known))
        return page, (*nobody.notes, *_unknown_tags(view, selection.tags), *([] if page else _unknown_calls(view, selection)))

    (page, notes), position = rows.answer(question.as_of, question.moment_ms, ask)
    page, previous, following = _turned(page, selection)
    shown = [_row(row, question, people) for row in page]
    return Report(shown, position, question.timezone, COLUMNS, next=following, previous=previous, notes=notes)


_Key = tuple[int, str]


def _turned(page: list[_Interaction], selection: Interactions) -> tuple[list[_Interaction], _Key | None, _Key | None]:
    """The page in the order that was asked for, without the row that shows that another page follows; the keys for the pages before and after it."""
    more = selection.limit is not None and len(page) > selection.limit
    page = page[: selection.limit]
    backwards = selection.before is not None
    if backwards:
        page.reverse()
    if not page:
        return page, None, None
    first, last = (page[0].started_ms, str(page[0].id)), (page[-1].started_ms, str(page[-1].id))
    if backwards:
        return page, first if more else None, last
    return page, first if selection.after is not None else None, last if more else None


def _unknown_tags(view: TemporalView, tags: tuple[str, ...]) -> list[str]:
    known = tag_spellings(view) if tags else {}
    return [f"no call with the tag {tag}" for tag in tags if identity(tag) not in known]


def _unknown_calls(view: TemporalView, selection: Interactions) -> list[str]:
    """A note for each filter by which no call of any period is found. What the caller sent is not repeated: it may be a person's number."""
    every = Interactions(question=Question(timezone=selection.question.timezone), state="all", limit=1)
    named = (
        (selection.protocol, replace(every, protocol=selection.protocol), "no call with this protocol"),
        (selection.id, replace(every, id=selection.id), "no call with this own id"),
        (selection.correlation, replace(every, correlation=selection.correlation), "no call with this correlation id"),
    )
    return [note for wanted, only, note in named if wanted not in (None, "") and not _page(view, only)]


def _page(view: TemporalView, selection: Interactions) -> list[_Interaction]:
    # A call that has ended by the moment is shown whole, with queues, agents and tags of any time.
    view = replace(view, moment_ms=None)
    interactions = view.rows_of("interactions")
    conditions, params = conditions_of(selection, view)
    # One row more than the page shows whether another page follows.
    limit = "" if selection.limit is None else f" LIMIT {selection.limit + 1}"
    order = "DESC" if falls(selection) else "ASC"
    page = view.ask(_Interaction, _PAGE.format(interactions=interactions, conditions=conditions, order=order, limit=limit), **params)
    whole = {row.id: row for row in page}
    if not whole:
        return page
    legs = view.ask(_Leg, _LEGS.format(interactions=interactions), wholes=list(whole))
    for leg in legs:
        row = whole[leg.whole]
        row.jitter_ms, row.loss_percent = _worse(row.jitter_ms, leg.jitter_ms), _worse(row.loss_percent, leg.loss_percent)
    _with_names(view, whole, {**{id: id for id in whole}, **{leg.id: leg.whole for leg in legs}})
    return page


def _with_names(view: TemporalView, whole: dict[UUID, _Interaction], whole_of: dict[UUID, UUID]) -> None:
    """Give these interactions the queues, agents and tags of their visits, attempts and legs, each once, in order."""
    calls = list(whole_of)
    met: dict[UUID, _Names] = {id: _Names() for id in calls}
    visits = view.ask(_Met, _VISITS.format(visits=view.rows_of("visits", of_calls=True)), calls=calls)
    attempts = view.ask(_Met, _ATTEMPTS.format(attempts=view.rows_of("attempts", of_calls=True)), calls=calls)
    for some in (*visits, *attempts):
        met[some.interaction].queues += [some.queue] if some.queue else []
        met[some.interaction].agents += [some.agent] if some.agent else []
    for tagged in view.ask(_Tag, _TAGS.format(tags=view.rows_of("tags", of_calls=True)), calls=calls):
        met[tagged.interaction].tags.append(tagged.tag)
    for id, names in met.items():
        row = whole[whole_of[id]]
        row.queues = list(dict.fromkeys([*row.queues, *names.queues]))
        row.agents = list(dict.fromkeys([*row.agents, *names.agents]))
        # The tags of a call without legs are shown as they were given, repeats included.
        row.tags = names.tags if id == row.id else list(dict.fromkeys([*row.tags, *names.tags]))


def _worse(one: float | None, other: float | None) -> float | None:
    return max((value for value in (one, other) if value is not None), default=None)


def _row(row: _Interaction, question: Question, people: People) -> Row:
    number, inbound = people.number(row.number) or None, row.direction == "inbound"
    own_number = row.did or None
    quality: dict[str, Any] = {
        "jitter_ms": row.jitter_ms,
        **labelled("jitter_band", "band", None if row.jitter_ms is None else jitter_band(row.jitter_ms)),
        "loss_percent": row.loss_percent,
        **labelled("loss_band", "band", None if row.loss_percent is None else loss_band(row.loss_percent)),
        **labelled("quality", "band", voice_quality(row.jitter_ms, row.loss_percent)),
    }
    return {
        "id": str(row.id),
        "call": row.call,
        "medium": row.medium,
        "protocol": row.protocol,
        "queues": row.queues,
        "agents": row.agents,
        "origin": row.origin or None,
        **labelled("direction", "direction", row.direction),
        "to_number": own_number if inbound else number,
        # A contact's name is shown once the call was wrapped up with a tag.
        "contact": (people.name(row.contact) or None) if row.contact is not None and row.tags else None,
        "contact_id": None if row.contact is None else str(row.contact),
        "from_number": number if inbound else own_number,
        **labelled("state", "call_state", "open" if row.ended_ms is None else "finished"),
        "started_at": iso(row.started_ms, question.zone),
        "ended_at": None if row.ended_ms is None else iso(row.ended_ms, question.zone),
        "duration_ms": row.duration_ms,
        **labelled("status", "status", row.status or None),
        "tags": row.tags,
        **quality,
        "history": f"/v1/interactions/{row.id}/history",
    }


class _Counted(msgspec.Struct):
    found: int


@query(REPORTS, CompanyRows)
def count(rows: CompanyRows, selection: Interactions) -> int:
    """The number of interactions on all pages together, at the position of the question."""
    everything = replace(selection, after=None, before=None, limit=None)

    def ask(view: TemporalView) -> int:
        known, _ = resolved(view, selection.question, queues_of(view))
        seen = replace(view, moment_ms=None)
        conditions, params = conditions_of(replace(everything, question=known), seen)
        return seen.ask(_Counted, _NUMBER.format(interactions=seen.rows_of("interactions"), conditions=conditions), **params)[0].found

    return rows.answer(selection.question.as_of, selection.question.moment_ms, ask)[0]


class _Text(msgspec.Struct):
    text: str


@query(REPORTS, CompanyRows)
def tags(rows: CompanyRows, *, as_of: int | None = None, moment_ms: int | None = None) -> tuple[list[str], int]:
    """Every tag that a call was given, in the order of their names, and the position that the answer covers."""
    found, position = rows.answer(as_of, moment_ms, lambda view: view.ask(_Text, _ALL_TAGS.format(tags=view.rows_of("tags"))))
    return [row.text for row in found], position


def next_page(selection: Interactions, report: Report) -> Interactions | None:
    """The same question for the page after `report`, of the same position of the log; None after the last."""
    if report.next is None:
        return None
    return replace(selection, after=report.next, question=replace(selection.question, as_of=report.as_of))
