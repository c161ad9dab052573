"""Commands about IVRs (URAs): register, change, delete, block callers. An IVR is also created when a source first names it."""

from __future__ import annotations

from typing import Annotated, ClassVar
from uuid import UUID

from msgspec import Meta
from msgspec.structs import replace

from commands.handler_context import Command, Done, DoneWith, HandlerContext, Result, handles
from domain.access import MANAGE_BLACKLIST, MANAGE_PHONES
from domain.base import Personal
from domain.errors import InvalidField
from domain.ids import ivr_id, queue_id
from domain.ivr import Ivr
from domain.ivr_settings import MESSAGES, Holiday, Hours, IvrSettings, Message, Option
from domain.names import cleaned
from domain.personal_data import SHORTEST_NUMBER, has_number_of_person
from domain.queues import Queue


class IvrCommand(Command, frozen=True, kw_only=True):
    """A command of an administrator about IVRs."""

    permission: ClassVar[str] = MANAGE_PHONES


class WithSettings(IvrCommand, frozen=True, kw_only=True):
    """A command with settings of an IVR (`IvrSettings`). None: as it was, or the default of a new IVR."""

    country: str | None = None
    area_code: str | None = None
    number: str | None = None
    always_open: bool | None = None
    timezone: str | None = None
    hours: tuple[Hours, ...] | None = None
    holidays: tuple[Holiday, ...] | None = None
    welcome: Message | None = None
    prompt: Message | None = None
    invalid: Message | None = None
    no_choice: Message | None = None
    closed: Message | None = None
    unanswered: Message | None = None
    protocol: Message | None = None
    position: Message | None = None
    wait: Message | None = None
    callback: Message | None = None
    callback_kept: Message | None = None
    menu: tuple[Option, ...] | None = None
    attempts: int | None = None
    choice_wait_ms: int | None = None
    fallback_queue: str | None = None
    queue_wait_ms: int | None = None
    callback_from: int | None = None


class RegisterIvr(WithSettings, frozen=True, kw_only=True):
    """Register an IVR. Defaults: Brazil, open 24x7, no messages, no menu. Receipt: the IVR's id."""

    name: str


class ChangeIvrSettings(WithSettings, frozen=True, kw_only=True):
    """Change an IVR's hours, messages or menu from now on. Fields that are None stay unchanged."""

    ivr: UUID


class SetIvrAudio(IvrCommand, frozen=True, kw_only=True):
    """Play an uploaded file, which was kept under `media`, as the message of this name."""

    ivr: UUID
    message: str
    file: str
    media: str


class BlockedContact(Result, frozen=True, kw_only=True):
    """Whose calls are turned away."""

    contact_id: Annotated[UUID, Meta(description="the contact with the number")]


class BlockCaller(Command, frozen=True, kw_only=True):
    """Turn away the calls of this number (country code, area code, number) to an IVR."""

    permission: ClassVar[str] = MANAGE_BLACKLIST
    RESULT: ClassVar[type[Result]] = BlockedContact
    ivr: UUID
    number: str


class UnblockCaller(Command, frozen=True, kw_only=True):
    """Take the calls of a blocked contact again."""

    permission: ClassVar[str] = MANAGE_BLACKLIST
    ivr: UUID
    contact: UUID


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


@handles(SetIvrAudio)
def set_ivr_audio(command: SetIvrAudio, context: HandlerContext) -> Done:
    """The message's text is replaced by the file."""
    ivr = context.get(Ivr, command.ivr)
    ivr.set_audio(command.message, command.file, command.media, context.metadata)
    return Done(ivr)


@handles(BlockCaller)
def block_caller(command: BlockCaller, context: HandlerContext) -> DoneWith[BlockedContact]:
    """All numbers of the contact are blocked, in any spelling. An unknown number creates a contact."""
    ivr = context.get(Ivr, command.ivr)
    if not has_number_of_person(command.number):
        raise InvalidField("phone", f"at least {SHORTEST_NUMBER} digits, with the area code")
    contact = context.contact_for(command.number)
    ivr.block(contact, Personal(contact, command.number), context.metadata)
    return DoneWith(ivr, BlockedContact(contact_id=contact))


@handles(UnblockCaller)
def unblock_caller(command: UnblockCaller, context: HandlerContext) -> Done:
    """Refused for a contact that is not blocked."""
    ivr = context.get(Ivr, command.ivr)
    ivr.unblock(command.contact, context.metadata)
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


def _changed(settings: IvrSettings, command: WithSettings, context: HandlerContext) -> IvrSettings:
    """The settings with the values that the command gives. A message that names the file that it had keeps its audio."""
    for place, option in enumerate(command.menu or ()):
        _must_be_queue(context, f"menu.{place}.queue", option.queue)
    if command.fallback_queue:
        _must_be_queue(context, "fallback_queue", command.fallback_queue)
    given = {field: value for field in WithSettings.__struct_fields__ if (value := getattr(command, field)) is not None}
    for name in MESSAGES:
        before: Message = getattr(settings, name)
        if name in given and before.media and given[name] == replace(before, media=""):
            given[name] = before
    return replace(settings, **given)


def _must_be_queue(context: HandlerContext, field: str, name: str) -> None:
    queue = context.load(Queue, queue_id(context.tenant, name))
    if queue is None or not (queue.exists or queue.owner is not None):
        raise InvalidField(field, f"no queue {name}")
