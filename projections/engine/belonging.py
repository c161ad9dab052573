"""Whose queues an agent's are: which agents somebody sees who may see certain queues alone.

An agent belongs to a queue while logged in to it (or to every queue), and while its settings name the agent. For a period those count too who rang, talked or
dialled for the queue in it, wherever they are now. `projections.engine.scoping` restricts the rows of agents to those who belong.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from uuid import UUID

import msgspec

from domain.agents import LONGEST_CALL_US
from domain.base import MS

Period = tuple[int, int]
"""First and last instant, in ms."""

EVER: Period = (-(2**60), 2**60)
"""A period in which everything is that has ever happened."""

NEVER: Period = (2**60, 2**60)
"""A period in which nothing happens: by it only those belong who are logged in, or named by the settings."""

LONGEST_MS = LONGEST_CALL_US // MS
"""What goes on for longer has ended unseen."""

STANDINGS = "SELECT id, name, person, queues FROM {agents}"

# The agents' queues at a moment, by the last event before it. An event that also covers a later time, such as an import's, is no evidence for it.
STANDINGS_THEN = """
SELECT id, name, person, queues FROM {versions} WHERE (id, version) IN (
    SELECT id, max(version) FROM {events} WHERE id IN (SELECT id FROM {agents}) AND occurred_us < ({{at:Int64}} + 1) * 1000 GROUP BY id
)
"""

NAMED = "SELECT DISTINCT arrayJoin(agents) AS name FROM {queues}"

ATTENDED = """
SELECT DISTINCT agent AS name FROM (
    SELECT agent, ifNull(ended_ms, 0) AS began, ifNull(released_ms + wrap_up_ms, ifNull(released_ms, began) + {{longest:Int64}}) AS ended
    FROM {visits} WHERE end = 'answered'
    UNION ALL SELECT agent, from_ms AS began, ifNull(until_ms, from_ms + {{longest:Int64}}) AS ended FROM {rings}
    UNION ALL SELECT agent, dialled_ms AS began, ifNull(ended_ms, dialled_ms + {{longest:Int64}}) AS ended FROM {attempts}
) WHERE agent != '' AND began <= {{until:Int64}} AND (ended > {{since:Int64}} OR began >= {{since:Int64}})
"""
"""Who rang, talked, wrapped up or dialled for what may be seen, from `since` to `until`."""


class Standing(msgspec.Struct):
    """An agent, or an interface (person = 0), and the queues in which they are logged in; "" means every queue."""

    id: UUID
    name: str
    person: int
    queues: list[str]


class Name(msgspec.Struct):
    """An agent's name."""

    name: str


def logged_in(standings: Iterable[Standing], queues: Collection[str]) -> set[str]:
    """The names of those who are logged in to one of these queues."""
    return {one.name for one in standings if any(queue == "" or queue in queues for queue in one.queues)}
