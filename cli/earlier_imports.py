"""What the rows tell of calls that were imported before: for the later parts of a log that comes in several imports."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any
from uuid import UUID

from bootstrap import Center
from domain.base import MS
from projections.engine.tables import source
from telephony_adapter.queue_log.earlier import OpenWait

_OPEN_TALK = """
SELECT i.call AS call FROM {visits} AS v INNER JOIN {interactions} AS i ON i.id = v.interaction
WHERE v.tenant = {{tenant:UUID}} AND i.tenant = {{tenant:UUID}} AND v.queue = {{queue:String}} AND v.agent = {{agent:String}} AND v.end = 'answered'
  AND isNull(v.released_ms) AND abs(v.ended_ms - {{answered:Int64}}) <= {{near:Int64}}
ORDER BY v.ended_ms DESC, i.call LIMIT 1
"""
_OPEN_WAITS = """
SELECT v.queue AS queue, v.offered_ms AS offered_ms FROM {visits} AS v INNER JOIN {interactions} AS i ON i.id = v.interaction
WHERE v.tenant = {{tenant:UUID}} AND i.tenant = {{tenant:UUID}} AND i.call = {{call:String}} AND v.end = 'waiting' ORDER BY v.n
"""
_LAST_TALK = """
SELECT i.call AS call, v.queue AS queue FROM {visits} AS v INNER JOIN {interactions} AS i ON i.id = v.interaction
WHERE v.tenant = {{tenant:UUID}} AND i.tenant = {{tenant:UUID}} AND v.agent = {{agent:String}} AND v.end = 'answered' AND v.ended_ms < {{until:Int64}}
ORDER BY v.ended_ms DESC, i.call LIMIT 1
"""


class EarlierImports:
    """The rows of one company, as they stood when the import began. cover: lets them answer for all that is saved; called when first needed."""

    def __init__(self, center: Center, tenant: UUID, cover: Callable[[], None]) -> None:
        self._center = center
        self._tenant = tenant
        self._cover: Callable[[], None] | None = cover

    def open_talk(self, queue: str, agent: str, answered_us: int, near_us: int) -> str | None:
        """The call whose talk with the agent began then, and has no end yet."""
        rows = self._ask(_OPEN_TALK, queue=queue, agent=agent, answered=answered_us // MS, near=near_us // MS)
        return next((row["call"] for row in rows), None)

    def open_waits(self, call: str) -> Sequence[OpenWait]:
        """The queues in which this call waits."""
        return [OpenWait(row["queue"], row["offered_ms"] * MS) for row in self._ask(_OPEN_WAITS, call=call)]

    def last_talk(self, agent: str, until_us: int) -> tuple[str, str] | None:
        """The call and the queue of the agent's latest talk that began before."""
        return next(((row["call"], row["queue"]) for row in self._ask(_LAST_TALK, agent=agent, until=until_us // MS)), None)

    def _ask(self, sql: str, **params: str | int) -> list[dict[str, Any]]:
        if self._cover is not None:
            self._cover()
            self._cover = None
        return self._center.warehouse.query(
            sql.format(visits=source("visits"), interactions=source("interactions")), self._tenant, **params
        )
