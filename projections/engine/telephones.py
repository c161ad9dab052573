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
from domain.voice.roster import BEGINNING_MS, END_MS, Holding, Match, holdings
from projections.engine.warehouse import Value

READ = """
SELECT t.version AS version, t.interface AS interface, t.member AS member, t.from_ms AS from_ms, t.chosen AS chosen FROM {telephones} AS t
WHERE lowerUTF8(t.interface) IN (SELECT lowerUTF8(name) FROM {agents} WHERE position(name, '/') > 0) ORDER BY version
"""
"""The matches of those telephones that calls may name: each such name is in the list of agents."""

_NAMED = """
SELECT * FROM (SELECT {columns} FROM (
    SELECT *, if({instant} = 0, '', arrayElement(
        arrayElement({{holders:Array(Array(String))}}, telephone), arrayCount(since -> since <= {instant}, arrayElement({{held_since:Array(Array(UInt64))}}, telephone))
    )) AS holder FROM (
        SELECT *, transform(lowerUTF8(agent), {{telephones:Array(String)}}, {{telephone_numbers:Array(UInt64)}}, toUInt64(1)) AS telephone FROM {rows} AS n
    ) AS v
) AS v) WHERE 1 = 1"""
"""Each row is compared with the holders of its own telephone alone. The instant is named outside of the lambda too: old servers do not read a column that a lambda alone names."""

WITH_ANSWER = """
(SELECT {columns}, answered_ms FROM {rows} AS h ANY LEFT JOIN (SELECT id AS visit, ended_ms AS answered_ms FROM {visits} WHERE position(agent, '/') > 0) AS a USING visit)"""
"""Holds, with the instant at which their visits were answered by a telephone."""

INSTANTS = {"visits": "v.ended_ms", "attempts": "v.dialled_ms", "rings": "v.from_ms", "holds": "v.answered_ms"}
"""Per table whose rows name the agent of a call: the instant that decides. A hold is of who answered the visit."""

_NO_TELEPHONE = ("", (Holding("", BEGINNING_MS, END_MS),))
"""What a row without a telephone of these has for one. So no list that is sent is empty, which old servers have no type for."""


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
    held = dict([_NO_TELEPHONE, *((interface, holdings(found)) for interface, found in matches.items())])
    return Telephones(
        {
            "telephones": list(held),
            "telephone_numbers": list(range(1, len(held) + 1)),
            "holders": [[one.member for one in its] for its in held.values()],
            # No row is older than 0, and a server has no common type for numbers below it and large ones.
            "held_since": [[max(one.from_ms, 0) for one in its] for its in held.values()],
        }
    )


def named(table: str, columns: Iterable[str], rows: str) -> str:
    """`rows` of a table of INSTANTS (text behind FROM) with the agents who had the telephones; conditions may follow. columns: those of the rows."""
    instant = f"toUInt64(ifNull({INSTANTS[table]}, 0))"
    selected = ", ".join("if(v.holder = '', v.agent, v.holder) AS agent" if column == "agent" else f"v.{column} AS {column}" for column in columns)
    return _NAMED.format(columns=selected, instant=instant, rows=rows)
