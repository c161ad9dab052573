"""Calls that name a telephone (`PJSIP/1002`) and not a person: reading names the agent who had it at the instant of the call.

A source that knows no names states a call's telephone, and that stays so in the log and in the rows. Whose it was is looked up in the roster when
rows are read, by the instant at which the visit was answered, the ring began or the number was dialled. So who has a telephone from now on changes no
earlier call, and what is learnt of the past later holds for calls that were written before.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field

import msgspec

from domain.names import identity
from domain.voice.roster import Match, holdings
from projections.engine.warehouse import Value

READ = """
SELECT t.version AS version, t.interface AS interface, t.member AS member, t.from_ms AS from_ms, t.chosen AS chosen FROM {telephones} AS t
WHERE lowerUTF8(t.interface) IN (SELECT lowerUTF8(name) FROM {agents} WHERE position(name, '/') > 0) ORDER BY version
"""
"""The matches of those telephones that calls may name: each such name is in the list of agents."""

NAMED_BY_CALLS = """
SELECT DISTINCT agent FROM {visits} WHERE position(agent, '/') > 0 UNION ALL
SELECT DISTINCT agent FROM {attempts} WHERE position(agent, '/') > 0 UNION ALL
SELECT DISTINCT agent FROM {rings} WHERE position(agent, '/') > 0
"""
"""The telephones that calls do name: most PBXs name persons there, and looking for telephones in all rows would take long."""

_WHOSE = """
if(position(v.agent, '/') = 0 OR isNull({instant}), v.agent, arrayElement(arrayConcat([v.agent], {{held_by:Array(String)}}), 1 + arrayFirstIndex(
    (interface, since, until) -> interface = lowerUTF8(v.agent) AND since <= {instant} AND {instant} < until,
    {{held:Array(String)}}, {{held_from:Array(Int64)}}, {{held_until:Array(Int64)}})))"""

_NAMED = "SELECT * FROM (SELECT {columns} FROM {rows} AS v) WHERE 1 = 1"

WITH_ANSWER = """
(SELECT {columns}, answered_ms FROM {rows} AS h ANY LEFT JOIN (SELECT id AS visit, ended_ms AS answered_ms FROM {visits}) AS a USING visit)"""
"""Holds, with the instant at which their visits were answered."""

# The instant is named outside of the lambda too: old servers do not read a column that a lambda alone names.

INSTANTS = {"visits": "ifNull(v.ended_ms, 0)", "attempts": "v.dialled_ms", "rings": "v.from_ms", "holds": "ifNull(v.answered_ms, 0)"}
"""Per table whose rows name the agent of a call: the instant that decides. A hold is of who answered the visit."""


class Matched(msgspec.Struct):
    """A row of READ."""

    version: int
    interface: str
    member: str
    from_ms: int
    chosen: int


class Named(msgspec.Struct):
    """A row of NAMED_BY_CALLS."""

    agent: str


@dataclass(frozen=True)
class Telephones:
    """Whose the telephones were that calls name. Empty where calls name persons, as most PBXs do."""

    params: dict[str, Value] = field(default_factory=dict)

    def __bool__(self) -> bool:
        return bool(self.params)


def telephones_of(rows: Iterable[Matched], named_by_calls: Iterable[str]) -> Telephones:
    """By the matches of the telephones that calls name, in the order in which they were recorded."""
    matches: defaultdict[str, list[Match]] = defaultdict(list)
    wanted = set(map(identity, named_by_calls))
    for row in rows:
        if identity(row.interface) in wanted:
            matches[identity(row.interface)].append(Match(row.member, row.from_ms, bool(row.chosen)))
    held = [(interface, *one) for interface, found in matches.items() for one in holdings(found) if one.member]
    if not held:
        return Telephones()
    interfaces, members, since, until = zip(*held, strict=True)
    return Telephones({"held": list(interfaces), "held_by": list(members), "held_from": list(since), "held_until": list(until)})


def named(table: str, columns: Iterable[str], rows: str) -> str:
    """`rows` of a table of INSTANTS (text behind FROM) with the agents who had the telephones; conditions may follow. columns: those of the rows."""
    whose = _WHOSE.format(instant=INSTANTS[table])
    selected = ", ".join(f"{whose} AS agent" if column == "agent" else f"v.{column} AS {column}" for column in columns)
    return _NAMED.format(columns=selected, rows=rows)
