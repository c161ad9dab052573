"""IVRs (URAs): registered, set, deleted. Sources bring theirs about by naming them."""

from __future__ import annotations

from typing import ClassVar
from uuid import UUID

from msgspec.structs import replace

from commands.handler_context import Command, Done, HandlerContext, handles
from domain.access import MANAGE_PHONES
from domain.errors import InvalidField
from domain.ids import ivr_id, queue_id
from domain.ivr import Hours, Ivr, IvrSettings, Message, Option
from domain.queues import Queue


class IvrCommand(Command, frozen=True, kw_only=True):
    """An administrator's wish about IVRs."""

    permission: ClassVar[str] = MANAGE_PHONES


class RegisterIvr(IvrCommand, frozen=True, kw_only=True):
    """Let an IVR be. What is None: Brazil, open 24x7, silent, without a menu. Receipt: the IVR's id."""

    name: str
    country: str | None = None
    area_code: str | None = None
    number: str | None = None
    always_open: bool | None = None
    zone: str | None = None
    hours: tuple[Hours, ...] | None = None
    welcome: Message | None = None
    closed: Message | None = None
    unanswered: Message | None = None
    menu: tuple[Option, ...] | None = None


class ChangeIvrSettings(IvrCommand, frozen=True, kw_only=True):
    """Let callers meet other hours, messages or another menu from now on. What is None stays."""

    ivr: UUID
    country: str | None = None
    area_code: str | None = None
    number: str | None = None
    always_open: bool | None = None
    zone: str | None = None
    hours: tuple[Hours, ...] | None = None
    welcome: Message | None = None
    closed: Message | None = None
    unanswered: Message | None = None
    menu: tuple[Option, ...] | None = None


class DeleteIvr(IvrCommand, frozen=True, kw_only=True):
    """Remove an IVR from the settings; its past stays."""

    ivr: UUID


@handles(RegisterIvr)
def register_ivr(command: RegisterIvr, context: HandlerContext) -> Done:
    """Refused if there is such an IVR, or a menu leads to a queue that is not there."""
    ivr = _under(context, command.name)
    ivr.register(command.name, _changed(IvrSettings(), command, context), context.metadata)
    return Done(ivr)


@handles(ChangeIvrSettings)
def change_ivr_settings(command: ChangeIvrSettings, context: HandlerContext) -> Done:
    """Refused if a menu leads to a queue that is not there."""
    ivr = context.get(Ivr, command.ivr)
    ivr.set_settings(_changed(ivr.settings, command, context), context.metadata)
    return Done(ivr)


@handles(DeleteIvr)
def delete_ivr(command: DeleteIvr, context: HandlerContext) -> Done:
    """Its calls of before stay in every figure."""
    ivr = context.get(Ivr, command.ivr)
    ivr.delete(context.metadata)
    return Done(ivr)


def ensure_ivr(context: HandlerContext, name: str, at: int) -> Ivr:
    """The IVR that a source calls `name`; first seen at `at` (microseconds), it comes to be: its hours and menu are in the dialplan."""
    ivr = _under(context, name)
    if ivr.version == 0:
        ivr.register(name, IvrSettings(), context.metadata, at)
    return ivr


def _under(context: HandlerContext, name: str) -> Ivr:
    identity = ivr_id(context.tenant, name)
    return context.load(Ivr, identity) or context.add(Ivr(identity, context.tenant))


def _changed(settings: IvrSettings, command: RegisterIvr | ChangeIvrSettings, context: HandlerContext) -> IvrSettings:
    """The settings, with what the command says in place of what they said."""
    for option in command.menu or ():
        queue = context.load(Queue, queue_id(context.tenant, option.queue))
        if queue is None or not (queue.exists or queue.owner is not None):
            raise InvalidField("menu", f"no queue {option.queue}")
    said = {field: getattr(command, field) for field in IvrSettings.__struct_fields__}
    return replace(settings, **{field: value for field, value in said.items() if value is not None})
