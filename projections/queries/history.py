"""K1: all events of an interaction, in order, with actor, instants, cause and content."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache
from types import NoneType, UnionType
from typing import Any, Protocol, Union, get_args, get_origin
from uuid import UUID
from zoneinfo import ZoneInfo

import msgspec

from domain.access import REPORTS, Scope
from domain.base import CATALOGUE, MS, Event, InstantMs, InstantUs
from domain.errors import NotFound
from domain.ids import interaction_id, recording_id
from domain.voice.facts import Fact
from projections.engine.temporal_view import CompanyRows, TemporalView
from projections.figures.intervals import iso, zone
from projections.figures.metrics import Row
from projections.query_bus import query
from store.chain_prover import ChainProof

_BY = {
    "id": "SELECT whole AS id FROM {interactions} WHERE id = {{named:UUID}} LIMIT 1",
    "protocol": "SELECT whole AS id FROM {interactions} WHERE protocol = {{named:UInt64}} ORDER BY id = whole DESC LIMIT 1",
}
_LEGS = "SELECT id FROM {interactions} WHERE whole = {{named:UUID}}"
_EVENTS = """
SELECT DISTINCT position, id, version, topic, actor, cause, correlation, request, occurred_us, recorded_us, state FROM {events}
WHERE id IN {{ids:Array(UUID)}}{known} ORDER BY position
"""
_NAMES = "SELECT id, name FROM {rows} WHERE has({{ids:Array(UUID)}}, id)"
_LONGEST_PROTOCOL = 18
_MOST_RECORDINGS = 20
"""The most recordings of a call whose events are looked for. They have no rows: their ids follow from that of the call."""


class _Id(msgspec.Struct):
    id: UUID


class _Named(msgspec.Struct):
    id: UUID
    name: str


class Prover(Protocol):
    """Checks recorded events against the hash chain of the log."""

    def first_broken(self, events: Sequence[tuple[int, str, str]]) -> int | None:
        """The position of the first of these events (position, topic, state) that is not what was written."""

    def log(self, until: int, now_us: int) -> ChainProof:
        """The proof of the log up to a position."""


class _Event(msgspec.Struct):
    position: int
    id: UUID
    version: int
    topic: str
    actor: str
    cause: str
    correlation: str
    request: str
    occurred_us: int
    recorded_us: int
    state: str


@query(REPORTS, CompanyRows)
def history(
    rows: CompanyRows,
    interaction: str,
    opened: Callable[[bytes], dict[str, Any]],
    name: Callable[[str], str] = str,
    *,
    timezone: str = "America/Sao_Paulo",
    as_of: int | None = None,
    moment_ms: int | None = None,
) -> tuple[list[Row], int]:
    """The events of an interaction and of its legs, and the log position up to which they are complete.

    interaction: its protocol number, its id, or the source's own id of the call. opened: decodes a stored state (personal data
    is opened for callers who may read it, or marked as forgotten). name: opens a person's sealed name. as_of: a position; None = all. moment_ms: only what happened up to then. Raises NotFound.
    """

    def ask(view: TemporalView) -> tuple[list[_Event], dict[str, str]]:
        events = _events(view, interaction)
        return events, _names(view, {event.actor for event in events}, name)

    (events, names), position = rows.answer(as_of, moment_ms, ask)
    where = zone(timezone)
    shown = (_row(event, opened(event.state.encode()), names.get(event.actor, ""), where) for event in events)
    return [row for row in shown if rows.scope.is_whole or _narrow(row, rows.scope)], position


@query(REPORTS, CompanyRows)
def proof(
    rows: CompanyRows, interaction: str, prover: Prover, now_us: int, *, timezone: str = "America/Sao_Paulo", as_of: int | None = None
) -> Row:
    """Whether the events of an interaction and of its legs, and the log up to the answer's position, are what was written. Raises NotFound."""
    events, position = rows.answer(as_of, None, lambda view: _events(view, interaction))
    broken = prover.first_broken([(event.position, event.topic, event.state) for event in events])
    log = prover.log(position, now_us)
    return {
        "events": {"verdict": "intact" if broken is None else "broken", "checked": len(events), "first_broken": broken},
        "log": {
            "verdict": log.verdict,
            "checked_to": log.checked_to,
            "first_broken": log.first_broken,
            "checked_at": iso(log.began_us // 1000, zone(timezone)),
        },
        "as_of": position,
        "timezone": timezone,
    }


def _events(view: TemporalView, interaction: str) -> list[_Event]:
    whole = _whole(view, interaction)
    legs = view.ask(_Id, _LEGS.format(interactions=view.rows_of("interactions")), named=whole)
    known = "" if view.moment_ms is None else " AND occurred_us < ({moment:Int64} + 1) * 1000"
    return view.ask(_Event, _EVENTS.format(events=view.events(), known=known), ids=[id for leg in legs for id in _with_recordings(leg.id)])


def _with_recordings(call: UUID) -> list[UUID]:
    return [call, *(recording_id(call, number) for number in range(_MOST_RECORDINGS))]


def _names(view: TemporalView, actors: set[str], name: Callable[[str], str]) -> dict[str, str]:
    """The names of those actors that are users or API keys of the company."""
    found: dict[str, str] = {}
    # API keys are shown only to who sees the whole company.
    tables = (("user", "users", name), ("key", "api_keys", str)) if view.scope.is_whole else (("user", "users", name),)
    for kind, table, opened in tables:
        ids = [UUID(actor.partition(":")[2]) for actor in sorted(actors) if actor.startswith(f"{kind}:")]
        if ids:
            named = view.ask(_Named, _NAMES.format(rows=view.rows_of(table)), ids=ids)
            found |= {f"{kind}:{row.id}": opened(row.name) for row in named}
    return found


def _row(event: _Event, state: dict[str, Any], actor_name: str, where: ZoneInfo) -> Row:
    return {
        "position": event.position,
        "event": event.topic,
        "occurred_at": iso(event.occurred_us // 1000, where),
        "recorded_at": iso(event.recorded_us // 1000, where),
        "actor": event.actor,
        "actor_name": actor_name or None,
        "on_behalf_of": state.get("on_behalf_of"),
        "cause": event.cause or None,
        "correlation_id": event.correlation or None,
        "request_id": event.request or None,
        "interaction_id": str(event.id),
        "version": event.version,
        "content": _content(state, CATALOGUE.get(event.topic, Event), where),
    }


def _narrow(row: Row, scope: Scope) -> bool:
    """Keep only facts of visible queues and agents in the row; False if none is left, and the row must not be shown.

    The other content of an event (the call's state then) may name other queues and agents: it is left out.
    """
    facts = [
        fact
        for fact in row["content"].get("facts", [])
        if _seen(fact.get("queue", ""), scope.sees_queue) and _seen(fact.get("agent", ""), scope.sees_agent)
    ]
    row["content"] = {"facts": facts}
    row["on_behalf_of"] = None
    return bool(facts)


def _seen(name: str, sees: Callable[[str], bool]) -> bool:
    return not name or sees(name)


_ABOUT_THE_EVENT = ("tenant", "actor", "occurred_at", "recorded_at", "cause", "correlation", "on_behalf_of", "request")
_NEVER_SHOWN = ("content_key",)
"""With it and the file, a recording would be listened to without a trace."""


def _content(state: dict[str, Any], event: type[Event], where: ZoneInfo) -> dict[str, Any]:
    """The event's own fields, without those that every event has."""
    hidden = (*_ABOUT_THE_EVENT, *_NEVER_SHOWN)
    return _fields({name: value for name, value in state.items() if name not in hidden}, event, where)


def _fields(values: dict[str, Any], kind: type[msgspec.Struct], where: ZoneInfo) -> dict[str, Any]:
    """The fields of a structure as they are shown. What is no field of it today stays as it was written."""
    kinds = _kinds(kind)
    return dict(_field(name, value, kinds.get(name, Any), where) for name, value in values.items())


@cache
def _kinds(kind: type[msgspec.Struct]) -> dict[str, Any]:
    """The types of the fields of a structure, in their order."""
    return {field.name: field.type for field in msgspec.structs.fields(kind)}


def _field(name: str, value: Any, kind: Any, where: ZoneInfo) -> tuple[str, Any]:
    """A field as it is shown. The name of an instant does not end with the unit in which it is stored."""
    known = _stated(kind)
    name = f"{name.removesuffix('_ms')}_at" if known == InstantMs else name
    return name, None if value is None else _shown(value, known, where)


def _stated(kind: Any) -> Any:
    """The type of a field that is not None."""
    if get_origin(kind) in (Union, UnionType):
        return next(one for one in get_args(kind) if one is not NoneType)
    return kind


def _shown(value: Any, kind: Any, where: ZoneInfo) -> Any:
    """A stored value of a type as people and programs read it: every part with its name, every instant in ISO 8601."""
    if kind in (InstantMs, InstantUs):
        return iso(value if kind == InstantMs else value // MS, where)
    if get_origin(kind) is tuple and get_args(kind)[1:] == (...,):
        return [_shown(item, get_args(kind)[0], where) for item in value]
    if isinstance(kind, type) and issubclass(kind, msgspec.Struct):
        if isinstance(value, list):
            value = dict(zip(_kinds(kind), value, strict=False))
        if kind is Fact:
            value = {name: part for name, part in value.items() if part not in (None, "", 0)}
        return _fields(value, kind, where) if isinstance(value, dict) else value
    return value


def _whole(view: TemporalView, named: str) -> UUID:
    """The interaction with this protocol number, id or call id; for a leg, the whole call."""
    candidates: list[tuple[str, UUID | int]] = []
    if named.isascii() and named.isdecimal() and len(named) <= _LONGEST_PROTOCOL:
        candidates.append(("protocol", int(named)))
    try:
        candidates.append(("id", UUID(named)))
    except ValueError:
        candidates.append(("id", interaction_id(view.tenant, named)))
    for by, value in candidates:
        found = view.ask(_Id, _BY[by].format(interactions=view.rows_of("interactions")), named=value)
        if found:
            return found[0].id
    raise NotFound("call-unknown", f"no interaction {named}")
