"""The current settings of the company, a queue or an IVR."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

from msgspec.structs import replace

from domain.access import ANYONE, MANAGE_BLACKLIST, MANAGE_PHONES
from domain.companies import Company
from domain.errors import NotFound
from domain.ivr import Ivr
from domain.ivr_settings import MESSAGES, IvrSettings
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
    fallback = found.settings.fallback_queue if log.scope.sees_queue(found.settings.fallback_queue) else ""
    return found, replace(found.settings, menu=menu, fallback_queue=fallback)


@query(MANAGE_PHONES, CompanyLog)
def ivr_to_edit(log: CompanyLog, id: UUID) -> Ivr:
    """An IVR that is not deleted, for those who may change it. Raises NotFound, and NotAllowed for a caller who sees only a part of the company."""
    log.scope.must_be_whole()
    found = log.find(Ivr, id)
    if not found.exists:
        raise NotFound("ivr-unknown", "no such IVR")
    return found


@query(MANAGE_PHONES, CompanyLog)
def audio_in_use(log: CompanyLog, ivrs: Iterable[UUID]) -> set[str]:
    """The uploaded audio (`Message.media`) that messages of these IVRs play."""
    log.scope.must_be_whole()
    return {getattr(log.find(Ivr, id).settings, name).media for id in ivrs for name in MESSAGES} - {""}


@dataclass(frozen=True)
class BlockedCaller:
    """A contact on the blacklist of an IVR, and the number as it was entered; FORGOTTEN once the contact was forgotten."""

    contact: UUID
    number: str


@query(MANAGE_BLACKLIST, CompanyLog)
def blocked_callers(log: CompanyLog, id: UUID) -> list[BlockedCaller]:
    """The blacklist of an IVR, in the order in which callers were put on it. Raises NotFound, and NotAllowed as `ivr_to_edit` does."""
    log.scope.must_be_whole()
    return [BlockedCaller(contact, log.open(number)) for contact, number in log.find(Ivr, id).blocked.items()]
