"""Which interactions the report shows: the filters of *Rastreio de Interações*, and their conditions in SQL."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal
from uuid import UUID

import msgspec

from domain.errors import InvalidField
from domain.names import identity
from projections.engine.temporal_view import TemporalView
from projections.engine.warehouse import Value
from projections.figures.question import Question
from projections.figures.voice_quality import Band

MEDIA = ("voice",)
DIRECTIONS = ("inbound", "outbound")
State = Literal["finished", "open", "all"]

_MET = """
 AND (id IN (SELECT whole FROM {visits} WHERE {column} != '' AND has({{{column}s:Array(String)}}, {column})) OR id IN (
    SELECT whole FROM {interactions} WHERE id IN (SELECT id FROM {attempts} WHERE {column} != '' AND has({{{column}s:Array(String)}}, {column}))
))"""
_TAGGED = """
 AND id IN (SELECT whole FROM {interactions} WHERE id IN (SELECT interaction FROM {tags} WHERE has({{tags:Array(String)}}, text)))"""
_OF_CALL = " AND id IN (SELECT whole FROM {interactions} WHERE id = {{of_id:UUID}})"
_OF_CONTACT = " AND id IN (SELECT whole FROM {interactions} WHERE contact = {{contact:UUID}})"
_CORRELATED = """
 AND id IN (SELECT whole FROM {interactions} WHERE id IN (SELECT id FROM {events} WHERE correlation = {{correlation:String}} OR request = {{correlation:String}}))"""
_IN_IVR = """
 AND id IN (SELECT whole FROM {interactions} WHERE id IN (SELECT id FROM {ivr_calls} WHERE has({{ivrs:Array(String)}}, ivr)))"""
_OF_QUALITY = """
 AND id IN (SELECT whole FROM (
    SELECT whole, max(jitter_ms) AS jitter, max(loss_percent) AS loss,
        multiIf(isNull(jitter) AND isNull(loss), '', ifNull(jitter >= 151, 0) OR ifNull(loss > 5, 0), 'low',
            ifNull(jitter >= 70, 0) AND ifNull(loss > 1, 0), 'low', ifNull(jitter >= 70, 0) OR ifNull(loss > 1, 0), 'medium', 'high') AS quality
    FROM {interactions} GROUP BY whole
) WHERE has({{qualities:Array(String)}}, quality))"""
_MINUTE = "toHour(toDateTime(intDiv(started_ms, 1000)), {zone:String}) * 60 + toMinute(toDateTime(intDiv(started_ms, 1000)), {zone:String})"
_SPELLINGS = "SELECT DISTINCT text AS tag FROM {tags} ORDER BY tag"
_STATES: dict[State, str] = {"finished": " AND isNotNull(ended_ms)", "open": " AND isNull(ended_ms)", "all": ""}


@dataclass(frozen=True, kw_only=True)
class Interactions:
    """Selects interactions. question: time (of their beginning), queues, agents, past; the other fields narrow it down; none given = all.

    state: whether they have ended; a state of the center in the past (`moment_ms`) has finished ones alone.
    id: of the interaction or of one of its legs. contact: the customer. correlation: of the request that caused one of its events, or the request's own id.
    ivrs: through which it went (of the question). qualities: bands of its voice quality. duration_ms: the shortest and the longest, both included; None = any.
    minutes: of the day in the question's time zone at which it began, [from, to); a span over midnight begins later than it ends.
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
    id: UUID | None = None
    contact: UUID | None = None
    correlation: str = ""
    qualities: tuple[Band, ...] = ()
    duration_ms: tuple[int | None, int | None] = (None, None)
    minutes: tuple[int, int] | None = None
    descending: bool = False
    after: tuple[int, str] | None = None
    before: tuple[int, str] | None = None
    limit: int | None = None

    @property
    def reads_all_events(self) -> bool:
        """Whether all events of the company are read to answer it, whatever its period."""
        return bool(self.correlation)

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


class _Spelling(msgspec.Struct):
    tag: str


def tag_spellings(view: TemporalView) -> dict[str, list[str]]:
    """The tags of any time as calls were given them, by the identity of their names."""
    known: dict[str, list[str]] = {}
    for row in view.ask(_Spelling, _SPELLINGS.format(tags=replace(view, moment_ms=None).rows_of("tags"))):
        known.setdefault(identity(row.tag), []).append(row.tag)
    return known


def _as_given(view: TemporalView, tags: tuple[str, ...]) -> list[str]:
    """These tags in every spelling that calls have. A tag that no call has stays, and finds nothing."""
    known = tag_spellings(view) if tags else {}
    return [spelling for tag in tags for spelling in known.get(identity(tag), [tag])]


def falls(selection: Interactions) -> bool:
    """Whether rows are read from the newest on: a page before a place is read from that place, away from it."""
    return selection.descending != (selection.before is not None)


def conditions(selection: Interactions, view: TemporalView) -> tuple[str, dict[str, Value]]:
    """The conditions behind `WHERE id = whole`, with their parameters. The names of the question's filters are as rows have them."""
    question, parts = selection.question, [_STATES[selection.state]]
    rows = {table: view.rows_of(table) for table in ("interactions", "visits", "attempts", "tags", "ivr_calls")}
    params: dict[str, Value] = {}
    filters: tuple[tuple[str, Value, str], ...] = (
        ("since", question.since_ms, " AND started_ms >= {since:Int64}"),
        ("until", question.until_ms, " AND started_ms < {until:Int64}"),
        ("moment", question.moment_ms, " AND ended_ms <= {moment:Int64}"),
        ("queues", list(question.queues) or None, _MET.format(column="queue", **rows)),
        ("agents", list(question.agents) or None, _MET.format(column="agent", **rows)),
        ("tags", _as_given(view, selection.tags) or None, _TAGGED.format(**rows)),
        ("direction", selection.direction or None, " AND toString(direction) = {direction:String}"),
        ("protocol", selection.protocol, " AND protocol = {protocol:UInt64}"),
        ("of_id", selection.id, _OF_CALL.format(**rows)),
        ("contact", selection.contact, _OF_CONTACT.format(**rows)),
        ("correlation", selection.correlation or None, _CORRELATED.format(events=view.events(), **rows)),
        ("statuses", list(selection.statuses) or None, " AND has({statuses:Array(String)}, status)"),
        ("ivrs", list(question.ivrs) or None, _IN_IVR.format(**rows)),
        ("qualities", list(selection.qualities) or None, _OF_QUALITY.format(**rows)),
        ("shortest", selection.duration_ms[0], " AND duration_ms >= {shortest:Int64}"),
        ("longest", selection.duration_ms[1], " AND duration_ms <= {longest:Int64}"),
    )
    for name, value, condition in filters:
        if value is not None:
            parts.append(condition)
            params[name] = value
    if selection.minutes is not None:
        first, last = selection.minutes
        parts.append(f" AND ({_MINUTE} >= {{first:Int64}} {'AND' if first < last else 'OR'} {_MINUTE} < {{last:Int64}})")
        params |= {"first": first, "last": last, "zone": question.timezone}
    place = selection.before if selection.before is not None else selection.after
    if place is not None:
        parts.append(f" AND (started_ms, toString(id)) {'<' if falls(selection) else '>'} ({{place_ms:Int64}}, {{place_id:String}})")
        params |= {"place_ms": place[0], "place_id": place[1]}
    return "".join(parts), params
