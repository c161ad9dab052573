"""Commands about callbacks: a caller of an IVR asks for one, somebody of the company states how it ended."""

from __future__ import annotations

from typing import ClassVar
from uuid import UUID

from commands.handler_context import Command, Done, HandlerContext, handles
from commands.queues import name_now
from domain.access import ATTEND, OBSERVE
from domain.base import Personal
from domain.callbacks import Callback, CallbackOutcome, callback_id
from domain.errors import InvalidField
from domain.ids import interaction_id
from domain.personal_data import has_number_of_person


class RequestCallback(Command, frozen=True, kw_only=True):
    """The caller of the call that its source knows as `call` asked `ivr` to be called back from `queue`, at `at` (microseconds). number: the caller's."""

    permission: ClassVar[str] = OBSERVE
    call: str
    ivr: str
    queue: str
    number: str
    at: int


class ConcludeCallback(Command, frozen=True, kw_only=True):
    """State how a callback ended."""

    permission: ClassVar[str] = ATTEND
    callback: UUID
    outcome: CallbackOutcome


@handles(RequestCallback)
def request_callback(command: RequestCallback, context: HandlerContext) -> Done:
    """The request is kept until somebody concludes it. A repeat for the same call changes nothing."""
    if not has_number_of_person(command.number):
        raise InvalidField("number", "this number cannot be called back")
    interaction = interaction_id(context.tenant, command.call)
    identity = callback_id(interaction)
    callback = context.load(Callback, identity) or context.add(Callback(identity, context.tenant))
    number = Personal(context.contact_for(command.number), command.number)
    callback.request(interaction, number, context.metadata, ivr=command.ivr, queue=name_now(context, command.queue), at=command.at)
    return Done(callback)


@handles(ConcludeCallback)
def conclude_callback(command: ConcludeCallback, context: HandlerContext) -> Done:
    """Refused for a callback that has ended."""
    callback = context.get(Callback, command.callback)
    callback.conclude(command.outcome, context.metadata)
    return Done(callback)
