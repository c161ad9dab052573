"""Calls that name a telephone (`PJSIP/1002`) and not a person: reading names the agent who had it at the instant of the call.

A source that knows no names states a call's telephone, and that stays so in the log and in the rows. Whose it was is looked up in the roster when
rows are read, by the instant at which the visit was answered, the ring began or the number was dialled. So who has a telephone from now on changes no
earlier call, and what is learnt of the past later holds for calls that were written before.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import accumulate

import msgspec

from domain.names import identity
from domain.voice.roster import BEGINNING_MS, END_MS, Holding, Match, holdings
from projections.engine.warehouse import Value

READ = """
SELECT t.version AS version, t.interface AS interface, t.member AS member, t.from_ms AS from_ms, t.chosen AS chosen FROM {telephones} AS t
WHERE lowerUTF8(t.interface) IN (SELECT lowerUTF8(name) FROM {agents} WHERE position(name, '/') > 0) ORDER BY version
"""
"""The matches of those telephones that calls may name: each such name is in the list of agents."""

_NAMED = """
SELECT * FROM (SELECT {columns} FROM (
    SELECT *, transform(lowerUTF8(agent), {{telephones:Array(String)}}, {{telephone_firsts:Array(UInt64)}}, toUInt64(1)) AS telephone FROM {rows} AS n
) AS v) WHERE 1 = 1"""

_WHOSE = """
if({instant} = 0, v.agent, transform(
    v.telephone - 1 + arrayCount(since -> since <= {instant}, arraySlice({{held_since:Array(UInt64)}}, v.telephone,
        transform(v.telephone, {{telephone_firsts:Array(UInt64)}}, {{telephone_counts:Array(UInt64)}}, toUInt64(1)))),
    {{held:Array(UInt64)}}, {{held_by:Array(String)}}, v.agent))"""
"""A row is compared with the holders of its own telephone alone: a telephone is the place of its first holder among all of them.

The instant is named outside of the lambda too: old servers do not read a column that a lambda alone names.
"""

WITH_ANSWER = """
(SELECT {columns}, answered_ms FROM {rows} AS h ANY LEFT JOIN (
    SELECT id AS visit, ended_ms AS answered_ms FROM {visits} WHERE position(agent, '/') > 0
    UNION ALL SELECT id AS visit, CAST(dialled_ms AS Nullable(Int64)) AS answered_ms FROM {attempts} WHERE position(agent, '/') > 0
) AS a USING visit)"""
"""Holds, with the instant at which their visits were answered by a telephone, or their attempts were dialled by it."""

INSTANTS = {"visits": "v.ended_ms", "attempts": "v.dialled_ms", "rings": "v.from_ms", "holds": "v.answered_ms"}
"""Per table whose rows name the agent of a call: the instant that decides. A hold is of who answered the visit or dialled the attempt."""

_NO_TELEPHONE = ("", (Holding("", BEGINNING_MS, END_MS),))
"""What a row without one of the telephones has for one: the first."""


class Matched(msgspec.Struct):
    """A row of READ."""

    version: int
    interface: str
    member: str
    from_ms: int
    chosen: int


@dataclass(frozen=True)
class Telephones:
    """Whose the telephones were that calls name. Empty where calls name persons, as most PBXs do."""

    params: dict[str, Value] = field(default_factory=dict)

    def __bool__(self) -> bool:
        return bool(self.params)


def telephones_of(rows: Iterable[Matched]) -> Telephones:
    """By the matches of the telephones, in the order in which they were recorded."""
    matches: defaultdict[str, list[Match]] = defaultdict(list)
    for row in rows:
        matches[identity(row.interface)].append(Match(row.member, row.from_ms, bool(row.chosen)))
    if not matches:
        return Telephones()
    telephones = dict([_NO_TELEPHONE, *((interface, holdings(found)) for interface, found in matches.items())])
    counts = [len(held) for held in telephones.values()]
    holders = [holding for held in telephones.values() for holding in held]
    by = {0: ""} | {place: holding.member for place, holding in enumerate(holders, 1) if holding.member}
    return Telephones(
        {
            "telephones": list(telephones),
            "telephone_firsts": [1 + before for before in accumulate(counts[:-1], initial=0)],
            "telephone_counts": counts,
            # No row is older than 0, and a server has no common type for numbers below it and large ones.
            "held_since": [max(holding.from_ms, 0) for holding in holders],
            "held": list(by),
            "held_by": list(by.values()),
        }
    )


def named(table: str, columns: Iterable[str], rows: str) -> str:
    """`rows` of a table of INSTANTS (text behind FROM) with the agents who had the telephones; conditions may follow. columns: those of the rows."""
    whose = _WHOSE.format(instant=f"toUInt64(ifNull({INSTANTS[table]}, 0))")
    selected = ", ".join(f"{whose} AS agent" if column == "agent" else f"v.{column} AS {column}" for column in columns)
    return _NAMED.format(columns=selected, rows=rows)
