"""One company's rows as far as the user may see them: now, as known when the log ended at a position, or as the center was at a moment.

The two kinds of past can be combined. A position picks the versions of the rows that were known then; a
moment looks at the rows' own instants: what was offered later does not exist yet, an end that came later has not come yet.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Protocol, TypeVar
from uuid import UUID

import msgspec

from domain.access import WHOLE_COMPANY, Scope
from domain.errors import InvalidField
from projections.engine.belonging import ATTENDED, EVER, LONGEST_MS, NAMED, STANDINGS, STANDINGS_THEN, Name, Period, Standing, logged_in
from projections.engine.scoping import BELONGING, parameters
from projections.engine.tables import events, must_be_scoped, newest, source, versions, written
from projections.engine.tail import Tail
from projections.engine.telephones import INSTANTS, READ, Matched, Telephones, telephones_of
from projections.engine.warehouse import Columns, Value, Warehouse

R = TypeVar("R")
T = TypeVar("T")

ENDS = ("waiting", "answered", "abandoned", "timed-out", "transferred-out", "left-by-key", "closed", "unknown")
"""How a visit's wait ended, by the number that the column `end_code` holds."""

_NOW: dict[str, str] = {
    "visits": "SELECT *, toInt8(end) AS end_code FROM {rows}",
}

_THEN: dict[str, str] = {
    "visits": """
SELECT v.id AS id, v.interaction AS interaction, v.whole AS whole, v.call AS call, v.n AS n, v.live AS live, v.queue AS queue,
    v.queue_id AS queue_id, if(ifNull(v.ended_ms <= {{moment:Int64}}, 0), v.agent, '') AS agent, v.offered_ms AS offered_ms,
    if(ifNull(v.ended_ms <= {{moment:Int64}}, 0), toInt8(v.end), toInt8(0)) AS end_code,
    if(ifNull(v.ended_ms <= {{moment:Int64}}, 0), v.ended_ms, NULL) AS ended_ms, if(ifNull(v.ended_ms <= {{moment:Int64}}, 0), v.wait_ms, NULL) AS wait_ms,
    if(ifNull(v.released_ms <= {{moment:Int64}}, 0), v.released_ms, NULL) AS released_ms, if(ifNull(v.released_ms <= {{moment:Int64}}, 0), v.talk_ms, NULL) AS talk_ms,
    if(ifNull(v.released_ms <= {{moment:Int64}}, 0), v.hold_ms, NULL) AS hold_ms,
    if(ifNull(v.released_ms + v.wrap_up_ms <= {{moment:Int64}}, 0), v.wrap_up_ms, NULL) AS wrap_up_ms,
    v.talk_unknown AS talk_unknown, v.sla_ms AS sla_ms, v.tolerated_ms AS tolerated_ms
FROM {rows} AS v WHERE v.offered_ms <= {{moment:Int64}}""",
    "rings": """
SELECT r.visit AS visit, r.interaction AS interaction, r.queue AS queue, r.queue_id AS queue_id, r.agent AS agent, r.from_ms AS from_ms,
    if(ifNull(r.until_ms <= {{moment:Int64}}, 0), r.until_ms, NULL) AS until_ms, if(ifNull(r.until_ms <= {{moment:Int64}}, 0), r.outcome, '') AS outcome
FROM {rows} AS r WHERE r.from_ms <= {{moment:Int64}}""",
    "holds": """
SELECT h.visit AS visit, h.queue AS queue, h.queue_id AS queue_id, h.agent AS agent, h.from_ms AS from_ms,
    if(ifNull(h.until_ms <= {{moment:Int64}}, 0), h.until_ms, NULL) AS until_ms
FROM {rows} AS h WHERE h.from_ms <= {{moment:Int64}}""",
    "agent_spans": """
SELECT s.agent AS agent, s.kind AS kind, s.reason AS reason, s.from_ms AS from_ms, if(ifNull(s.until_ms <= {{moment:Int64}}, 0), s.until_ms, NULL) AS until_ms
FROM {rows} AS s WHERE s.from_ms <= {{moment:Int64}}""",
    "ivr_calls": """
SELECT c.id AS id, c.ivr AS ivr, c.entered_ms AS entered_ms, if(ifNull(c.left_ms <= {{moment:Int64}}, 0), c.left_ms, NULL) AS left_ms,
    if(ifNull(c.left_ms <= {{moment:Int64}}, 0), c.outcome, '') AS outcome, if(ifNull(c.left_ms <= {{moment:Int64}}, 0), c.queue, '') AS queue, c.visit AS visit
FROM {rows} AS c WHERE c.entered_ms <= {{moment:Int64}}""",
    "attempts": """
SELECT a.id AS id, a.queue AS queue, a.agent AS agent, a.style AS style, a.dialled_ms AS dialled_ms,
    if(ifNull(a.answered_ms <= {{moment:Int64}}, 0), a.answered_ms, NULL) AS answered_ms, if(ifNull(a.ended_ms <= {{moment:Int64}}, 0), a.ended_ms, NULL) AS ended_ms,
    multiIf(ifNull(a.answered_ms <= {{moment:Int64}}, 0), 'answered', ifNull(a.ended_ms <= {{moment:Int64}}, 0), a.result, '') AS result,
    if(ifNull(a.ended_ms <= {{moment:Int64}}, 0), a.talk_ms, NULL) AS talk_ms, if(ifNull(a.ended_ms <= {{moment:Int64}}, 0), a.hold_ms, 0) AS hold_ms,
    if(ifNull(a.ended_ms + a.wrap_up_ms <= {{moment:Int64}}, 0), a.wrap_up_ms, NULL) AS wrap_up_ms
FROM {rows} AS a WHERE a.dialled_ms <= {{moment:Int64}}""",
    "sources": """
SELECT s.kind AS kind, s.source AS source, s.name AS name, s.from_ms AS from_ms, least(s.until_ms, {{moment:Int64}}) AS until_ms, s.up AS up,
    s.born AS born, s.missed_queues AS missed_queues, s.missed_counts AS missed_counts
FROM {rows} AS s WHERE s.from_ms <= {{moment:Int64}}""",
}
"""Per table: its rows as they were at the moment. `ifNull` makes an unknown condition false: servers before 20 would make the whole unknown. Tables without own instants (settings) are used as known."""


_LAST = "SELECT max({last}) AS at FROM {rows}"
_LAST_INSTANTS: dict[str, str] = {
    "agent_spans": "greatest(from_ms, ifNull(until_ms, from_ms))",
    "attempts": "greatest(greatest(dialled_ms, ifNull(answered_ms, dialled_ms)), ifNull(ended_ms + ifNull(wrap_up_ms, 0), dialled_ms))",
}
"""Per table whose rows seldom change: the last instant that a row names."""


_OF_TAIL = re.compile(r"\btail_(\w+)")


class _At(msgspec.Struct):
    at: int | None


class _Version(msgspec.Struct):
    id: UUID
    version: int


@dataclass(frozen=True)
class TemporalView:
    """The rows of `tenant` within `scope`. as_of: a position of the log, None = the newest. moment_ms: an instant, None = whatever has happened.

    during: the time that the question is about. Of agents, a caller who is limited to queues sees those who belonged to them then (`belonging`).

    All SQL reads from what these methods return: a table that is named in any other way is refused (`ScopeMissing`).
    """

    warehouse: Warehouse
    tenant: UUID
    scope: Scope
    as_of: int | None = None
    moment_ms: int | None = None
    tail: Tail | None = None
    """Rows of events up to `as_of` that the warehouse may lack; they are sent along with each query."""
    during: Period = EVER

    def rows_of(self, table: str, *, of_calls: bool = False) -> str:
        """The text behind FROM for `table`; visits have `end_code` too. Run the query with `ask`.

        of_calls: only the rows of the interactions that the parameter `calls` names.
        """
        return self._seen(table, self.known(table, of_calls=of_calls))

    def stated(self, table: str) -> str:
        """As `rows_of`, but calls have the telephone that their source has stated, for a query that looks for what a source states. Raises NotAllowed but for the whole company."""
        self.scope.must_be_whole()
        return self._seen(table, source(table, self.as_of, tailed=self._tailed))

    def _seen(self, table: str, rows: str) -> str:
        seen = (_NOW if self.moment_ms is None else _THEN).get(table)
        return rows if seen is None else f"({seen.format(rows=rows)})"

    def known(self, table: str, *, of_calls: bool = False) -> str:
        """As `rows_of`, but rows keep what happened after the moment."""
        return source(table, self.as_of, self.scope, of_calls=of_calls, tailed=self._tailed, by_telephone=self._by_telephone(table))

    def written(self, table: str) -> str:
        """The rows of now with older versions among them, for a caller that then finds out which is the `newest`."""
        return written(table, self.scope, by_telephone=self._by_telephone(table))

    @cached_property
    def _telephones(self) -> Telephones:
        """Whose the telephones were that calls name, whatever of it the user may see."""
        known = {table: source(table, self.as_of, tailed=self._tailed) for table in ("telephones", "agents")}
        return telephones_of(self._ask(Matched, READ.format(**known), {}))

    def _by_telephone(self, table: str) -> bool:
        """Whether names of agents follow from telephones: those of the rows, or those by which it is decided who sees them."""
        return (table in INSTANTS or self.scope.people is not None) and bool(self._telephones)

    def settled(self, table: str, at_ms: int) -> int:
        """`at_ms`, or the last instant that a row of `table` names if that is before: what had happened by then is the same.

        So a statement about an instant stays the same statement, with an answer that may be known, while no rows come.
        """
        if not self.warehouse.remembers:
            return at_ms
        last = self.ask(_At, _LAST.format(last=_LAST_INSTANTS[table], rows=self.known(table)))[0].at
        return at_ms if last is None else min(at_ms, last)

    def standings(self, at_ms: int) -> list[Standing]:
        """The agents who may be seen, in the queues of now; at a moment of the past in those of then, at `at_ms`."""
        agents = self.rows_of("agents")
        found = {row.id: row for row in self.ask(Standing, STANDINGS.format(agents=agents))}
        if self.moment_ms is not None and self.as_of is None:
            then = STANDINGS_THEN.format(agents=agents, versions=self.versions_of("agents"), events=self.events())
            for row in self.ask(Standing, then, at=at_ms):
                if row.id in found:
                    found[row.id].queues = row.queues
        return list(found.values())

    @cached_property
    def belonging(self) -> frozenset[str]:
        """The names of the agents who belong to the queues that may be seen, or attended customers of these in the time of the question."""
        since, until = self.during
        until = until if self.moment_ms is None else min(until, self.moment_ms)
        whole = replace(self, scope=WHOLE_COMPANY)
        members = logged_in(whole.standings(until), self.scope.queues or ())
        named = self.ask(Name, NAMED.format(queues=self.known("queues")))
        calls = {table: self.known(table) for table in ("visits", "rings", "attempts")}
        attended = self.ask(Name, ATTENDED.format(**calls), since=since, until=until, longest=LONGEST_MS)
        return frozenset(members.union(row.name for row in (*named, *attended)))

    def of_every_queue(self) -> TemporalView:
        """The same, but calls of other queues too, to know what an agent does who may be seen. Of these calls, show only that the agent is busy."""
        return replace(self, scope=replace(self.scope, queues=None))

    def versions_of(self, table: str) -> str:
        """Every version that the rows of `table` have had."""
        return versions(table, self.scope)

    def events(self, columns: str = "*") -> str:
        """The events of what may be seen, known at the position; an event that was written twice may be returned twice. columns: those that are read."""
        return events(self.as_of, self.scope, columns, self._tailed, by_telephone=self._by_telephone("events"))

    def _sent(self, table: str) -> Columns | None:
        return None if self.tail is None or self.as_of is None else self.tail.rows(table, self.tenant, self.as_of)

    def _tailed(self, table: str) -> Sequence[str] | None:
        sent = self._sent(table)
        return None if sent is None else list(sent)

    def newest(self, table: str, calls: Sequence[UUID], ids: Sequence[UUID]) -> dict[UUID, int]:
        """The newest version of each of these rows of these interactions; the user may no longer see that version."""
        if not ids:
            return {}
        return {row.id: row.version for row in self.ask(_Version, newest(table), calls=list(calls), ids=list(ids))}

    def ask(self, row_type: type[R], sql: str, **params: Value) -> list[R]:
        """The answer to `sql`, as rows of `row_type`. Raises ScopeMissing."""
        must_be_scoped(sql)
        if "{telephones:" in sql:
            params |= self._telephones.params
        if BELONGING in sql:
            params["scope_belonging"] = sorted(self.belonging)
        return self._ask(row_type, sql, params | parameters(self.scope))

    def _ask(self, row_type: type[R], sql: str, params: dict[str, Value]) -> list[R]:
        if self.as_of is not None:
            params["as_of"] = self.as_of
        if self.moment_ms is not None:
            params["moment"] = self.moment_ms
        if self.tail is not None:
            sent = {table: rows for table in dict.fromkeys(_OF_TAIL.findall(sql)) if (rows := self._sent(table))}
            return self.warehouse.rows_beside(row_type, sql, self.tenant, sent, **params)
        return self.warehouse.rows(row_type, sql, self.tenant, **params)


class Steady(Protocol):
    """Knows up to which position of the log the rows answer."""

    @property
    def position(self) -> int:
        """Every event up to here is in the rows."""

    def steady(self, ask: Callable[[int | None], T], *, brief: Hashable = None) -> tuple[T, int]:
        """What `ask` returns, called with None (the rows as they are now) or a position, and the position for which that holds exactly. brief: whose answer it is, if it takes little."""


class Tailing(Protocol):
    """Has the rows of events that the warehouse may lack."""

    @property
    def now(self) -> Tail | None:
        """These rows; None while they are not known."""


@dataclass(frozen=True)
class CompanyRows:
    """One company's rows as a user may see them: all reports and screens are computed from them."""

    warehouse: Warehouse
    tenant: UUID
    scope: Scope
    progress: Steady
    tail: Tailing | None = None
    brief: bool = False
    """Whether the query takes little and is asked often."""

    def answer(self, as_of: int | None, moment_ms: int | None, ask: Callable[[TemporalView], T]) -> tuple[T, int]:
        """What `ask` returns, and the log position that it covers: the same query at that position returns the same for ever.

        InvalidField for a position that the rows do not cover (yet).
        """
        covered = self.progress.position
        tail = None if self.tail is None or moment_ms is not None else self.tail.now
        if tail is not None and tail.position > covered and (as_of is None or covered < as_of <= tail.position):
            position = tail.position if as_of is None else as_of
            return ask(TemporalView(self.warehouse, self.tenant, self.scope, position, tail=tail)), position
        if as_of is None:
            return self.progress.steady(
                lambda position: ask(TemporalView(self.warehouse, self.tenant, self.scope, position, moment_ms)),
                brief=self.tenant if self.brief else None,
            )
        if as_of > covered:
            raise InvalidField("as_of", f"the log is known up to position {covered}")
        return ask(TemporalView(self.warehouse, self.tenant, self.scope, as_of, moment_ms)), as_of
