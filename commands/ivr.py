"""Commands about IVRs (URAs): register, change, delete. An IVR is also created when a source first names it."""

from __future__ import annotations

from typing import ClassVar
from uuid import UUID

from msgspec.structs import replace

from commands.handler_context import Command, Done, HandlerContext, handles
from domain.access import MANAGE_PHONES
from domain.errors import InvalidField
from domain.ids import ivr_id, queue_id
from domain.ivr import Hours, Ivr, IvrSettings, Message, Option
from domain.names import cleaned
from domain.queues import Queue


class IvrCommand(Command, frozen=True, kw_only=True):
    """A command of an administrator about IVRs."""

    permission: ClassVar[str] = MANAGE_PHONES


class RegisterIvr(IvrCommand, frozen=True, kw_only=True):
    """Register an IVR. Defaults for None: Brazil, open 24x7, no messages, no menu. Receipt: the IVR's id."""

    name: str
    country: str | None = None
    area_code: str | None = None
    number: str | None = None
    always_open: bool | None = None
    timezone: str | None = None
    hours: tuple[Hours, ...] | None = None
    welcome: Message | None = None
    closed: Message | None = None
    unanswered: Message | None = None
    menu: tuple[Option, ...] | None = None


class ChangeIvrSettings(IvrCommand, frozen=True, kw_only=True):
    """Change an IVR's hours, messages or menu from now on. Fields that are None stay unchanged."""

    ivr: UUID
    country: str | None = None
    area_code: str | None = None
    number: str | None = None
    always_open: bool | None = None
    timezone: str | None = None
    hours: tuple[Hours, ...] | None = None
    welcome: Message | None = None
    closed: Message | None = None
    unanswered: Message | None = None
    menu: tuple[Option, ...] | None = None


class DeleteIvr(IvrCommand, frozen=True, kw_only=True):
    """Remove an IVR from the settings; its history stays."""

    ivr: UUID


@handles(RegisterIvr)
def register_ivr(command: RegisterIvr, context: HandlerContext) -> Done:
    """Refused if the IVR exists, or if the menu names a queue that does not exist."""
    ivr = _under(context, command.name)
    ivr.register(command.name, _changed(IvrSettings(), command, context), context.metadata)
    return Done(ivr)


@handles(ChangeIvrSettings)
def change_ivr_settings(command: ChangeIvrSettings, context: HandlerContext) -> Done:
    """Refused if the menu names a queue that does not exist."""
    ivr = context.get(Ivr, command.ivr)
    ivr.set_settings(_changed(ivr.settings, command, context), context.metadata)
    return Done(ivr)


@handles(DeleteIvr)
def delete_ivr(command: DeleteIvr, context: HandlerContext) -> Done:
    """Its earlier calls stay in all figures."""
    ivr = context.get(Ivr, command.ivr)
    ivr.delete(context.metadata)
    return Done(ivr)


def ensure_ivr(context: HandlerContext, name: str, at: int) -> Ivr:
    """The IVR that a source calls `name`, created if it is new, as of `at` (microseconds). Its hours and menu are in the dialplan."""
    ivr = _under(context, name)
    if ivr.version == 0:
        ivr.register(cleaned(name), IvrSettings(), context.metadata, at)
    return ivr


def _under(context: HandlerContext, name: str) -> Ivr:
    identity = ivr_id(context.tenant, name)
    return context.load(Ivr, identity) or context.add(Ivr(identity, context.tenant))


def _changed(settings: IvrSettings, command: RegisterIvr | ChangeIvrSettings, context: HandlerContext) -> IvrSettings:
    """The settings with the values that the command gives."""
    for option in command.menu or ():
        queue = context.load(Queue, queue_id(context.tenant, option.queue))
        if queue is None or not (queue.exists or queue.owner is not None):
            raise InvalidField("menu", f"no queue {option.queue}")
    given = {field: getattr(command, field) for field in IvrSettings.__struct_fields__}
    return replace(settings, **{field: value for field, value in given.items() if value is not None})
