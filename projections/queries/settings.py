"""The current settings of the company, a queue or an IVR."""

from __future__ import annotations

from uuid import UUID

from msgspec.structs import replace

from domain.access import ANYONE
from domain.companies import Company
from domain.errors import NotFound
from domain.ivr import Ivr, IvrSettings
from domain.queues import Queue
from projections.query_bus import CompanyLog, query


@query(ANYONE, CompanyLog, on_screens=True)
def company(log: CompanyLog) -> Company:
    """The caller's company: its name, its time zone, the default service level target of its queues."""
    return log.find(Company, log.tenant)


@query(ANYONE, CompanyLog)
def queue(log: CompanyLog, id: UUID) -> tuple[Queue, list[str]]:
    """A queue that is not deleted, and those of its agents that the caller may see."""
    found = log.find(Queue, id)
    if not found.exists or not log.scope.sees_queue(found.name):
        raise NotFound("queue-unknown", "no such queue")
    return found, log.scope.agents_of(found.agents)


@query(ANYONE, CompanyLog)
def ivr(log: CompanyLog, id: UUID) -> tuple[Ivr, IvrSettings]:
    """An IVR that is not deleted, and its settings; of its menu, the options to queues that the caller may see."""
    found = log.find(Ivr, id)
    if not found.exists:
        raise NotFound("ivr-unknown", "no such IVR")
    menu = tuple(option for option in found.settings.menu if log.scope.sees_queue(option.queue))
    return found, replace(found.settings, menu=menu)
