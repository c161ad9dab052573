"""Commands about users, and who signs in."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar
from uuid import UUID

from msgspec import UNSET, Meta, UnsetType

from commands.companies import known_company
from commands.handler_context import Command, Done, DoneWith, HandlerContext, Result, handles
from commands.link_tokens import new_token, read_token
from commands.passwords import is_password
from domain.access import ANYONE, MANAGE_USERS, PERMISSIONS, Level, must_be_above, must_have_all, must_not_be_a_key
from domain.base import Personal
from domain.errors import AlreadyExists, NotFound, Refused
from domain.ids import company_id
from domain.names import cleaned
from domain.users import User, normalised_email
from store.event_store import Store, project

_LINK_USED = "this link was used, or another took its place"

TRIED_WITHOUT_COMPANY = 2
"""In so many companies a login that names none is tried. Each try costs a tenth of a second of a processor."""


class PasswordLink(Result, frozen=True, kw_only=True):
    """A one-time link by which a user sets a password."""

    token: Annotated[
        str | UnsetType, Meta(description="for `/v1/auth/password`, once, within a day; shown in this answer alone", examples=["m0Jt2fQ8…"])
    ] = UNSET


class RegisterUser(Command, frozen=True, kw_only=True):
    """A new user, with a link to set a password. Raises AlreadyExists for an e-mail address in use."""

    permission: ClassVar[str] = MANAGE_USERS
    RESULT: ClassVar[type[Result]] = PasswordLink
    name: str
    email: str
    level: Level = "user"
    permissions: tuple[str, ...] = ()


class AppointAdministrator(Command, frozen=True, kw_only=True):
    """Give the person with this e-mail address all permissions, and register them if they are no user yet."""

    permission: ClassVar[str] = MANAGE_USERS
    RESULT: ClassVar[type[Result]] = PasswordLink
    email: str
    name: str = "Administrador"


class IssuePasswordLink(Command, frozen=True, kw_only=True):
    """First access or recovery: a new one-time link for a user."""

    permission: ClassVar[str] = MANAGE_USERS
    RESULT: ClassVar[type[Result]] = PasswordLink
    email: str


class SetPassword(Command, frozen=True, kw_only=True):
    """Set a new password with a one-time link; `hashed` comes from `hashed_password`. Raises Refused for a link that is used, replaced or expired."""

    permission: ClassVar[str] = ANYONE
    token: str
    hashed: str


class ChangePassword(Command, frozen=True, kw_only=True):
    """Change one's own password, after the one before was checked (`check_credentials`); `hashed` comes from `hashed_password`."""

    permission: ClassVar[str] = ANYONE
    hashed: str


class SetPermissions(Command, frozen=True, kw_only=True):
    """Set a user's level and permissions: exactly these."""

    permission: ClassVar[str] = MANAGE_USERS
    user: UUID
    level: Level
    permissions: tuple[str, ...]


class ChangeUser(Command, frozen=True, kw_only=True):
    """Correct a user's name or e-mail address; None stays as it is. Raises AlreadyExists for an address that another user has, or has had."""

    permission: ClassVar[str] = MANAGE_USERS
    user: UUID
    name: str | None = None
    email: str | None = None


class ActivateUser(Command, frozen=True, kw_only=True):
    """Let a user sign in again."""

    permission: ClassVar[str] = MANAGE_USERS
    user: UUID


class DeactivateUser(Command, frozen=True, kw_only=True):
    """Bar a user from signing in."""

    permission: ClassVar[str] = MANAGE_USERS
    user: UUID


@handles(RegisterUser)
def register_user(command: RegisterUser, context: HandlerContext) -> DoneWith[PasswordLink]:
    """The user can be found by the e-mail address from now on."""
    must_not_be_a_key(context.caller.user)
    must_have_all(context.caller.user, command.level, command.permissions)
    email = normalised_email(command.email)
    return _with_link(_new_user(context, command.name, email, command.level, command.permissions), context)


@handles(AppointAdministrator)
def appoint_administrator(command: AppointAdministrator, context: HandlerContext) -> DoneWith[PasswordLink]:
    """Create the first user of a company."""
    manager = context.caller.user
    must_not_be_a_key(manager)
    must_have_all(manager, "admin", PERMISSIONS)
    email = normalised_email(command.email)
    user = _with_email(context, email)
    if user is None:
        return _with_link(_new_user(context, command.name, email, "admin", PERMISSIONS), context)
    must_be_above(manager, user.id, user.level)
    user.activate(context.metadata)
    user.set_permissions("admin", PERMISSIONS, context.metadata)
    return _with_link(user, context)


@handles(IssuePasswordLink)
def issue_password_link(command: IssuePasswordLink, context: HandlerContext) -> DoneWith[PasswordLink]:
    """Earlier links become invalid."""
    must_not_be_a_key(context.caller.user)
    user, manager = _with_email(context, normalised_email(command.email)), context.caller.user
    if user is None:
        raise NotFound("user-unknown", "no such user")
    if manager is None or manager.user != user.id:
        must_be_above(manager, user.id, user.level)
        # Who has the link can be the user.
        must_have_all(manager, user.level, user.permissions)
    return _with_link(user, context)


@handles(SetPassword)
def set_password(command: SetPassword, context: HandlerContext) -> Done:
    """The token names the user."""
    id, digest = read_token(command.token)
    user = context.load(User, id)
    if user is None:
        raise Refused("link-used", _LINK_USED)
    user.set_password(digest, command.hashed, context.metadata)
    return Done(user)


@handles(ChangePassword)
def change_password(command: ChangePassword, context: HandlerContext) -> Done:
    """Of the caller, whoever that is; an API key has no password. Of others there is the link."""
    if context.caller.user is None:
        raise NotFound("user-unknown", "no such user")
    user = context.get(User, context.caller.user.user)
    user.change_password(command.hashed, context.metadata)
    return Done(user)


@handles(SetPermissions)
def set_permissions(command: SetPermissions, context: HandlerContext) -> Done:
    """A lost permission counts for the next command, a new one from the next access token on."""
    user, manager = context.get(User, command.user), context.caller.user
    must_not_be_a_key(manager)
    must_be_above(manager, user.id, user.level)
    must_have_all(manager, command.level, command.permissions)
    user.set_permissions(command.level, command.permissions, context.metadata)
    return Done(user)


@handles(ChangeUser)
def change_user(command: ChangeUser, context: HandlerContext) -> Done:
    """Everybody who manages users corrects their own data too. A link that was issued stays valid."""
    user, manager = context.get(User, command.user), context.caller.user
    if manager is None or manager.user != user.id:
        must_be_above(manager, user.id, user.level)
    if command.name is not None and cleaned(command.name) != _opened(context, user.name):
        user.rename(command.name, context.metadata)
    email = None if command.email is None else normalised_email(command.email)
    if email is not None and email != _opened(context, user.email):
        _reserve(context, email, user.id)
        user.change_email(email, context.metadata)
    return Done(user)


@handles(ActivateUser)
def activate_user(command: ActivateUser, context: HandlerContext) -> Done:
    """The password stays as it was."""
    must_not_be_a_key(context.caller.user)
    user = context.get(User, command.user)
    must_be_above(context.caller.user, user.id, user.level)
    user.activate(context.metadata)
    return Done(user)


@handles(DeactivateUser)
def deactivate_user(command: DeactivateUser, context: HandlerContext) -> Done:
    """Earlier links become invalid."""
    user = context.get(User, command.user)
    must_be_above(context.caller.user, user.id, user.level)
    user.deactivate(context.metadata)
    return Done(user)


def _new_user(context: HandlerContext, name: str, email: str, level: Level, permissions: tuple[str, ...]) -> User:
    user = User(context.new_id(), context.tenant)
    _reserve(context, email, user.id)
    context.add(user).register(name, email, level, permissions, context.metadata)
    return user


def _reserve(context: HandlerContext, email: str, user: UUID) -> None:
    """Make the address this user's for good. Raises AlreadyExists if it is or was another user's."""
    if context.whose("email", email) not in (None, user):
        raise AlreadyExists("user-exists", "there is, or was, a user with this e-mail address already")
    context.name("email", email, user)


def _with_email(context: HandlerContext, email: str) -> User | None:
    """The user whose present address this is."""
    known = context.whose("email", email)
    user = None if known is None else context.get(User, known)
    return user if user is not None and _opened(context, user.email) == email else None


def _opened(context: HandlerContext, personal: Personal | None) -> str | None:
    return None if personal is None else context.keyring.open(personal)


def _with_link(user: User, context: HandlerContext) -> DoneWith[PasswordLink]:
    token, digest = new_token(user.id)
    user.issue_link(digest, context.metadata)
    return DoneWith(user, PasswordLink(token=token))


def words_of_link(store: Store, token: str) -> list[str]:
    """What an attacker knows of the user of a one-time link: the name, the e-mail address and the company's name. Raises Refused if it is no user's link."""
    id, digest = read_token(token)
    user = project(store.stream(id), User)
    if user is None or user.link is None or user.link[0] != digest:
        raise Refused("link-used", _LINK_USED)
    return own_words(store, user)


def own_words(store: Store, user: User) -> list[str]:
    """What an attacker knows of a user: the name, the e-mail address and the company's name."""
    company = known_company(store, user.tenant)
    known = [store.keyring.open(personal) for personal in (user.name, user.email) if personal is not None]
    return [*(word for word in known if word), *(company.name for company in [company] if company is not None)]


@dataclass(frozen=True)
class SignedIn:
    """A user who is signed in. password: the sealed hash of the password; another one means that the password was set anew."""

    user: UUID
    tenant: UUID
    level: Level
    permissions: frozenset[str]
    password: Personal | None


def companies_of(store: Store, email: str, company: str) -> list[UUID]:
    """The companies in which a login with this e-mail address is tried: the one that it names, else those that have a user with the address.

    Who names none is always tried as often, so that the time of the answer does not tell a stranger in how many companies the address has a
    user: `TRIED_WITHOUT_COMPANY` times where the deployment has several. Who has users in more companies names one.
    """
    if company:
        return [company_id(company)]
    companies = store.companies()
    tries = min(max(len(companies), 1), TRIED_WITHOUT_COMPANY)
    known = [tenant for tenant in companies if store.keyring.find(store.keyring.tag(tenant, "email", email)) is not None]
    nobodys = company_id("")
    return [nobodys] * tries if len(known) > tries else known + [nobodys] * (tries - len(known))


def check_credentials(store: Store, tenant: UUID, email: str, password: str) -> SignedIn | None:
    """The user of the company with this e-mail address and password; None, after the same time, if there is none. Do not call it in an event loop."""
    address = email.strip().lower()
    id = store.keyring.find(store.keyring.tag(tenant, "email", address))
    user = known_user(store, tenant, id) if id is not None else None
    if user is not None and (user.email is None or store.keyring.open(user.email) != address):
        user = None  # A former address.
    hashed = store.keyring.open(user.hashed) if user and user.active and user.hashed else None
    return _signed_in(user) if is_password(hashed, password) and user is not None else None


def who_is(store: Store, tenant: UUID, user: UUID) -> SignedIn | None:
    """The user with their current permissions; None for one who may not sign in."""
    found = known_user(store, tenant, user)
    return _signed_in(found) if found is not None and found.active else None


def _signed_in(user: User) -> SignedIn:
    return SignedIn(user.id, user.tenant, user.level, frozenset(user.permissions), user.hashed)


def known_user(store: Store, tenant: UUID, id: UUID) -> User | None:
    """The user as the log has it, for reading; None if there is none in this company."""
    user = project(store.stream(id), User)
    return user if user is not None and user.tenant == tenant else None
