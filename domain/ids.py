"""Ids of objects that come from outside: uuid5 of the company and the source's own id, so that a repeat gets the same id.

All spellings of a name (`VENDAS`, `vendas `) give the same id: `domain.names`.
"""

from __future__ import annotations

from functools import lru_cache
from uuid import UUID, uuid5

from domain.names import identity

_ROOT = UUID("6f1f7b0e-54a4-5d43-9b0c-6d2c7a0f0a11")


def company_id(name: str) -> UUID:
    """The company called `name`."""
    return uuid5(_ROOT, f"company:{identity(name)}")


@lru_cache(maxsize=4096)
def queue_id(tenant: UUID, name: str) -> UUID:
    """The queue (Serviço) that a source calls `name`."""
    return uuid5(tenant, f"queue:{identity(name)}")


@lru_cache(maxsize=4096)
def agent_id(tenant: UUID, name: str) -> UUID:
    """The agent that a source calls `name`."""
    return uuid5(tenant, f"agent:{identity(name)}")


def phone_id(tenant: UUID, agent: UUID) -> UUID:
    """The phone in the browser of this agent."""
    return uuid5(tenant, f"phone:{agent}")


@lru_cache(maxsize=4096)
def ivr_id(tenant: UUID, name: str) -> UUID:
    """The IVR (URA) that a source calls `name`."""
    return uuid5(tenant, f"ivr:{identity(name)}")


@lru_cache(maxsize=4096)
def interaction_id(tenant: UUID, call: str) -> UUID:
    """The interaction that a source knows by the id `call` (a Uniqueid, a queue_log callid)."""
    return uuid5(tenant, f"call:{call}")


PLACED, LEG, PULL = "atende-call-", "atende-leg-", "atende-pull-"
"""The ids of calls that Atende has a PBX place, and of its calls to supervisors' telephones, begin with it. The PBX uses them as they are.

After PULL comes the id of the call that a supervisor takes over.
"""


def placed_id(kind: str, now_us: int, number: int) -> str:
    """The id of a channel that is placed now, in the form of a Uniqueid. kind: PLACED or LEG. number: a random one."""
    return f"{kind}{now_us // 1_000_000}.{number}"


def is_placed(channel: str) -> bool:
    """Whether Atende gave the channel its id: its number is none of the PBX's own sequence."""
    return channel.startswith((PLACED, LEG, PULL))


@lru_cache(maxsize=4096)
def timeline_id(tenant: UUID) -> UUID:
    """The timeline of the company's PBX: spans, gaps, restarts."""
    return uuid5(tenant, "timeline")


@lru_cache(maxsize=4096)
def roster_id(tenant: UUID) -> UUID:
    """The company's roster: which interface is which member."""
    return uuid5(tenant, "roster")


def supervision_id(tenant: UUID, interaction: UUID, supervisor: UUID) -> UUID:
    """What a supervisor (an agent) does in a call of another agent."""
    return uuid5(tenant, f"supervision:{interaction}:{supervisor}")


def part_id(whole: UUID, kind: str, key: object) -> UUID:
    """The id of a part of an aggregate that has its own row: a visit, a ring, a span."""
    return uuid5(whole, f"{kind}:{key}")


def recording_id(interaction: UUID, number: int) -> UUID:
    """The recording of a call that began as its `number`th one, from 0 on: so those of a call are found by its id alone."""
    return part_id(interaction, "recording", number)
