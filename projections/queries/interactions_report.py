"""D1, *Rastreio de Interações*: every finished interaction by voice, a row each, in the order in which they began."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any, Literal, Protocol
from uuid import UUID

import msgspec

from domain.access import REPORTS
from domain.errors import InvalidField
from domain.ids import interaction_id
from domain.names import identity
from projections.engine.temporal_view import CompanyRows, TemporalView
from projections.engine.warehouse import Value
from projections.figures.intervals import iso
from projections.figures.metrics import Row
from projections.figures.question import Question, queues_of, resolved
from projections.figures.voice_quality import jitter_band, loss_band, voice_quality
from projections.queries.labels import labelled
from projections.queries.report import Column, Report, clock, comma, date, listed, time_of_day
from projections.query_bus import query

MEDIA = ("voice",)
DIRECTIONS = ("inbound", "outbound")
State = Literal["finished", "open", "all"]

_PAGE = """
SELECT id, call, protocol, toString(direction) AS direction, toString(medium) AS medium, origin, contact, number, did, started_ms,
    ended_ms, duration_ms, status, jitter_ms, loss_percent
FROM {interactions} WHERE id = whole{conditions}
ORDER BY started_ms {order}, toString(id) {order}{limit}
"""
_LEGS = """
SELECT id, whole, jitter_ms, loss_percent FROM {interactions}
WHERE id != whole AND whole IN {{wholes:Array(UUID)}} ORDER BY started_ms, toString(id)
"""
_VISITS = "SELECT interaction, queue, agent FROM {visits} ORDER BY interaction, n"
_ATTEMPTS = "SELECT id AS interaction, queue, agent FROM {attempts}"
_SPELLINGS = "SELECT DISTINCT text AS tag FROM {tags} ORDER BY tag"
_TAGS = "SELECT interaction, text AS tag FROM {tags} ORDER BY interaction, k"

_MET = """
 AND (id IN (SELECT whole FROM {visits} WHERE {column} != '' AND has({{{column}s:Array(String)}}, {column})) OR id IN (
    SELECT whole FROM {interactions} WHERE id IN (SELECT id FROM {attempts} WHERE {column} != '' AND has({{{column}s:Array(String)}}, {column}))
))"""
_TAGGED = """
 AND id IN (SELECT whole FROM {interactions} WHERE id IN (SELECT interaction FROM {tags} WHERE has({{tags:Array(String)}}, text)))"""
_OF_CALL = " AND id IN (SELECT whole FROM {interactions} WHERE id = {{{name}:UUID}})"
_OF_CONTACT = " AND id IN (SELECT whole FROM {interactions} WHERE contact = {{contact:UUID}})"
_CORRELATED = """
 AND id IN (SELECT whole FROM {interactions} WHERE id IN (SELECT id FROM {events} WHERE correlation = {{correlation:String}}))"""
_STATES: dict[State, str] = {"finished": " AND isNotNull(ended_ms)", "open": " AND isNull(ended_ms)", "all": ""}

COLUMNS = (
    Column("started_at", "DATA", date),
    Column("started_at", "HORA", time_of_day),
    Column("protocol", "PROTOCOLO"),
    Column("queues", "SERVIÇOS", listed),
    Column("agents", "AGENTE", listed),
    Column("origin", "ORIGEM"),
    Column("direction_label", "TIPO"),
    Column("to_number", "PARA"),
    Column("contact", "CONTATO"),
    Column("from_number", "A PARTIR DE"),
    Column("duration_ms", "DURAÇÃO", clock, number=True),
    Column("status_label", "STATUS"),
    Column("tags", "Tag", listed),
    Column("jitter_ms", "JITTER", comma, number=True),
    Column("loss_percent", "PERDA DE PACOTE", comma, number=True),
    Column("quality_label", "QUALIDADE DE CHAMADA"),
    Column("history", "Histórico"),
)


class People(Protocol):
    """Opens personal data for a caller who may read it; data that was forgotten is marked as such."""

    def number(self, sealed: str) -> str:
        """A telephone number; "" for ""."""

    def name(self, contact: UUID) -> str:
        """A contact's name."""


@dataclass(frozen=True, kw_only=True)
class Interactions:
    """Selects interactions. question: time (of their beginning), queues, agents, past; the other fields narrow it down; none given = all.

    state: whether they have ended; a state of the center in the past (`moment_ms`) has finished ones alone. call: the source's own id of the call.
    id: of the interaction or of one of its legs. contact: the customer. correlation: of the request that caused one of its events.
    descending: the newest first. after: the end of the page before (`Report.next`); before: the beginning of the page after (`Report.previous`).
    limit: rows of a page, None = all.
    """

    question: Question
    medium: str = "voice"
    direction: str = ""
    protocol: int | None = None
    statuses: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    state: State = "finished"
    call: str = ""
    id: UUID | None = None
    contact: UUID | None = None
    correlation: str = ""
    descending: bool = False
    after: tuple[int, str] | None = None
    before: tuple[int, str] | None = None
    limit: int | None = None

    def __post_init__(self) -> None:
        if self.medium not in MEDIA:
            raise InvalidField("medium", f"the medium is one of {', '.join(MEDIA)}")
        if self.direction not in ("", *DIRECTIONS):
            raise InvalidField("direction", f"the direction is one of {', '.join(DIRECTIONS)}")
        if self.protocol is not None and not 0 <= self.protocol < 2**63:
            raise InvalidField("protocol", "a protocol is a positive number")
        if self.limit is not None and self.limit < 1:
            raise InvalidField("limit", "a page has one row or more")
        if self.state != "finished" and self.question.moment_ms is not None:
            raise InvalidField("as_of", "what is open is known now or at a log position, not at an instant")


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


class _Spelling(msgspec.Struct):
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
        tags, unknown = _tags_as_given(view, selection.tags)
        return _page(view, replace(selection, question=known, tags=tags)), (*nobody.notes, *unknown)

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


def _tags_as_given(view: TemporalView, tags: tuple[str, ...]) -> tuple[tuple[str, ...], list[str]]:
    """These tags in every spelling that calls have; a note for each tag that no call has. A tag that no call has stays, and finds nothing."""
    if not tags:
        return (), []
    known: dict[str, list[str]] = {}
    for row in view.ask(_Spelling, _SPELLINGS.format(tags=replace(view, moment_ms=None).rows_of("tags"))):
        known.setdefault(identity(row.tag), []).append(row.tag)
    return (
        tuple(spelling for tag in tags for spelling in known.get(identity(tag), [tag])),
        [f"no call with the tag {tag}" for tag in tags if identity(tag) not in known],
    )


def _page(view: TemporalView, selection: Interactions) -> list[_Interaction]:
    # A call that has ended by the moment is shown whole, with queues, agents and tags of any time.
    view = replace(view, moment_ms=None)
    interactions = view.rows_of("interactions")
    conditions, params = _conditions(selection, view)
    # One row more than the page shows whether another page follows.
    limit = "" if selection.limit is None else f" LIMIT {selection.limit + 1}"
    order = "DESC" if _falls(selection) else "ASC"
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


def _falls(selection: Interactions) -> bool:
    """Whether rows are read from the newest on: a page before a place is read from that place, away from it."""
    return selection.descending != (selection.before is not None)


def _conditions(selection: Interactions, view: TemporalView) -> tuple[str, dict[str, Value]]:
    question, parts = selection.question, [_STATES[selection.state]]
    rows = {table: view.rows_of(table) for table in ("interactions", "visits", "attempts", "tags")}
    params: dict[str, Value] = {}
    # The id of a call follows from the source's own, and rows are ordered by it.
    of_call = interaction_id(view.tenant, selection.call) if selection.call else None
    filters: tuple[tuple[str, Value, str], ...] = (
        ("since", question.since_ms, " AND started_ms >= {since:Int64}"),
        ("until", question.until_ms, " AND started_ms < {until:Int64}"),
        ("moment", question.moment_ms, " AND ended_ms <= {moment:Int64}"),
        ("queues", list(question.queues) or None, _MET.format(column="queue", **rows)),
        ("agents", list(question.agents) or None, _MET.format(column="agent", **rows)),
        ("tags", list(selection.tags) or None, _TAGGED.format(**rows)),
        ("direction", selection.direction or None, " AND toString(direction) = {direction:String}"),
        ("protocol", selection.protocol, " AND protocol = {protocol:UInt64}"),
        ("of_call", of_call, _OF_CALL.format(name="of_call", **rows)),
        ("of_id", selection.id, _OF_CALL.format(name="of_id", **rows)),
        ("contact", selection.contact, _OF_CONTACT.format(**rows)),
        ("correlation", selection.correlation or None, _CORRELATED.format(events=view.events(), **rows)),
        ("statuses", list(selection.statuses) or None, " AND has({statuses:Array(String)}, status)"),
    )
    for name, value, condition in filters:
        if value is not None:
            parts.append(condition)
            params[name] = value
    place = selection.before if selection.before is not None else selection.after
    if place is not None:
        parts.append(f" AND (started_ms, toString(id)) {'<' if _falls(selection) else '>'} ({{place_ms:Int64}}, {{place_id:String}})")
        params |= {"place_ms": place[0], "place_id": place[1]}
    return "".join(parts), params


def _row(row: _Interaction, question: Question, people: People) -> Row:
    number, inbound = people.number(row.number), row.direction == "inbound"
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
        "origin": row.origin,
        **labelled("direction", "direction", row.direction),
        "to_number": row.did if inbound else number,
        # A contact's name is shown once the call was wrapped up with a tag.
        "contact": people.name(row.contact) if row.contact is not None and row.tags else "",
        "from_number": number if inbound else row.did,
        **labelled("state", "call_state", "open" if row.ended_ms is None else "finished"),
        "started_at": iso(row.started_ms, question.zone),
        "ended_at": None if row.ended_ms is None else iso(row.ended_ms, question.zone),
        "duration_ms": row.duration_ms,
        **labelled("status", "status", row.status or None),
        "tags": row.tags,
        **quality,
        "history": f"/v1/interactions/{row.id}/history",
    }


@query(REPORTS, CompanyRows)
def pages(rows: CompanyRows, selection: Interactions, people: People) -> Iterator[Report]:
    """All pages, one after the other, of one position of the log."""
    following: Interactions | None = selection
    while following is not None:
        page = interactions(rows, following, people)
        yield page
        following = next_page(following, page)


def next_page(selection: Interactions, report: Report) -> Interactions | None:
    """The same question for the page after `report`, of the same position of the log; None after the last."""
    if report.next is None:
        return None
    return replace(selection, after=report.next, question=replace(selection.question, as_of=report.as_of))
