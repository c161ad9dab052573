"""Commands about the screens of a wall, and the check of the device that a request shows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar
from uuid import UUID

from msgspec import UNSET, Meta, UnsetType

from commands.handler_context import Command, Done, DoneWith, HandlerContext, Result, handles
from commands.link_tokens import new_token, read_token
from commands.queues import must_be_queues, scope_of_queues
from domain.access import ANYONE, ATTEND, MANAGE_KEYS, Scope, must_have_all, must_not_be_another_key
from domain.errors import Refused
from domain.screens import Screen
from store.event_store import Store, project


class ScreenLink(Result, frozen=True, kw_only=True):
    """A one-time link by which a device becomes a screen."""

    token: Annotated[
        str | UnsetType,
        Meta(
            description="for the device: open `/mural#<token>` on it, once, within a day; shown in this answer alone",
            examples=["AZMrXHwAfB6a…"],
        ),
    ] = UNSET


class ScreenDevice(Result, frozen=True, kw_only=True):
    """By what a device is known as its screen."""

    device: Annotated[str | UnsetType, Meta(description="the device's own secret; shown in this answer alone")] = UNSET


class CreateScreen(Command, frozen=True, kw_only=True):
    """A new screen, with a link by which a device becomes it. queues: ids; None = all."""

    permission: ClassVar[str] = MANAGE_KEYS
    RESULT: ClassVar[type[Result]] = ScreenLink
    name: str
    queues: tuple[UUID, ...] | None = None


class IssueScreenLink(Command, frozen=True, kw_only=True):
    """A new one-time link for a screen, for example for another device."""

    permission: ClassVar[str] = MANAGE_KEYS
    RESULT: ClassVar[type[Result]] = ScreenLink
    screen: UUID


class ConnectScreen(Command, frozen=True, kw_only=True):
    """Make a device the screen whose one-time link it has."""

    permission: ClassVar[str] = ANYONE
    RESULT: ClassVar[type[Result]] = ScreenDevice
    token: str


class RevokeScreen(Command, frozen=True, kw_only=True):
    """Show nothing on a screen from now on."""

    permission: ClassVar[str] = MANAGE_KEYS
    screen: UUID


@handles(CreateScreen)
def create_screen(command: CreateScreen, context: HandlerContext) -> DoneWith[ScreenLink]:
    """Its creator may watch the center too. No API key creates a screen, which would outlive the key."""
    _must_give_screens(context)
    must_be_queues(context, command.queues or ())
    screen = context.add(Screen(context.new_id(), context.tenant))
    screen.create(command.name, command.queues, context.metadata)
    return _with_link(screen, context)


@handles(IssueScreenLink)
def issue_screen_link(command: IssueScreenLink, context: HandlerContext) -> DoneWith[ScreenLink]:
    """The present device stays the screen until the link is used."""
    _must_give_screens(context)
    return _with_link(context.get(Screen, command.screen), context)


@handles(ConnectScreen)
def connect_screen(command: ConnectScreen, context: HandlerContext) -> DoneWith[ScreenDevice]:
    """The token names the screen."""
    id, link = read_token(command.token)
    screen = context.load(Screen, id)
    if screen is None:
        raise Refused("link-used", "this link was used, or another took its place")
    device, digest = new_token(id)
    screen.connect(link, digest, context.metadata)
    return DoneWith(screen, ScreenDevice(device=device))


@handles(RevokeScreen)
def revoke_screen(command: RevokeScreen, context: HandlerContext) -> Done:
    """Everybody who manages keys may revoke any screen."""
    screen = context.get(Screen, command.screen)
    screen.revoke(context.metadata)
    return Done(screen)


def _must_give_screens(context: HandlerContext) -> None:
    must_not_be_another_key(context.caller.user)
    must_have_all(context.caller.user, "user", (ATTEND,))


def _with_link(screen: Screen, context: HandlerContext) -> DoneWith[ScreenLink]:
    token, digest = new_token(screen.id)
    screen.issue_link(digest, context.metadata)
    return DoneWith(screen, ScreenLink(token=token))


@dataclass(frozen=True)
class KnownScreen:
    """A screen whose device was recognised. device: the digest of the device's secret. scope: what it shows of its company."""

    id: UUID
    tenant: UUID
    name: str
    device: str
    scope: Scope


def company_of_screen(store: Store, token: str) -> UUID | None:
    """The company of the screen that a token names; None if there is no such screen."""
    screen = project(store.stream(read_token(token)[0]), Screen)
    return screen.tenant if screen is not None else None


def screen_of_device(store: Store, secret: str) -> KnownScreen | None:
    """The screen that the device with this secret is; None if it is none (any more). Reads the log: do not call it in an event loop."""
    return known_screen(store, *read_token(secret))


def known_screen(store: Store, id: UUID, device: str) -> KnownScreen | None:
    """The screen of this id, if the device with the secret of this digest is it now. Reads the log: do not call it in an event loop."""
    screen = project(store.stream(id), Screen)
    if screen is None or not screen.is_device(device):
        return None
    return KnownScreen(screen.id, screen.tenant, screen.name, device, scope_of_queues(store, screen.queues))
