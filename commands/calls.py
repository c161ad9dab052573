"""Calls that Atende has the PBX place: an agent dials out."""

from __future__ import annotations

import secrets
from typing import ClassVar
from uuid import UUID

from commands.agents import act_as, existing_agent
from commands.begun_calls import BegunCall, begin_call
from commands.handler_context import Command, DoneWith, HandlerContext, Result, handles
from commands.interactions import calls_of
from commands.queues import first_name, queue_for_call
from domain.access import ACT_FOR_OTHERS, ATTEND, Permission
from domain.agents import Agent
from domain.base import NOBODY, Personal
from domain.dialled_numbers import dialable
from domain.errors import Refused
from domain.ids import PLACED, interaction_id, placed_id
from domain.voice.facts import Fact


class PlaceCall(Command, frozen=True, kw_only=True):
    """Let the PBX call the agent first and then the customer. queue: for which one, "" for none. Receipt: the call's id, `call` and `protocol`.

    It is accepted before anything rings: what comes of it is told by the call itself.
    """

    permission: ClassVar[str] = ATTEND
    permission_for_others: ClassVar[Permission] = ACT_FOR_OTHERS
    RESULT: ClassVar[type[Result]] = BegunCall
    agent: str
    number: str
    queue: str = ""


@handles(PlaceCall)
def place_call(command: PlaceCall, context: HandlerContext) -> DoneWith[BegunCall]:
    """Refused for an agent who is logged out, paused, talking or dialling, or whose telephone is not known."""
    act_as(context, command.agent)
    agent = existing_agent(context, command.agent)
    queue = queue_for_call(context, command.queue)
    number, at = dialable(command.number, "to_number"), context.now_us()
    call = placed_id(PLACED, at, secrets.randbelow(1_000_000_000))
    _must_be_free(agent, queue, interaction_id(context.tenant, call), context)
    fact = Fact("dialled", at, queue=queue, agent=agent.name, by="agent_first", private=Personal(NOBODY, number), ref="dialled")
    done = begin_call(context, call, fact)
    agent.take_call(done.aggregate.id, calls_of(agent, done.aggregate.id, context), at, context.metadata)
    return done


def _must_be_free(agent: Agent, queue: str, placed: UUID, context: HandlerContext) -> None:
    earlier = calls_of(agent, placed, context)
    agent.must_be_free(first_name(context, queue), earlier, context.now_us())
    if not agent.interfaces:
        raise Refused("agent-without-telephone", f"no telephone of the agent {agent.name} is known")
