"""What a supervisor does in a call, and whether the supervisor may see that call."""

from __future__ import annotations

from uuid import UUID

from domain.access import SUPERVISE
from domain.errors import NotFound
from domain.ids import agent_id, supervision_id
from domain.supervision import Supervision
from projections.engine.temporal_view import CompanyRows
from projections.queries.monitoring import interactions_seen
from projections.query_bus import CompanyLog, query


@query(SUPERVISE, CompanyLog)
def supervision(log: CompanyLog, interaction: UUID, supervisor: str) -> Supervision:
    """The present state; one without events if nothing was asked for."""
    identity = supervision_id(log.tenant, interaction, agent_id(log.tenant, supervisor))
    try:
        return log.find(Supervision, identity)
    except NotFound:
        return Supervision(identity, log.tenant)


@query(SUPERVISE, CompanyRows)
def supervisable(rows: CompanyRows, interaction: UUID) -> None:
    """Raises NotFound for a call that the caller does not see."""
    if not interactions_seen(rows, [interaction]):
        raise NotFound("call-unknown", f"no interaction {interaction}")
