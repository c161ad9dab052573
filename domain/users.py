"""The users of a company: their data, their passwords and their permissions."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import ClassVar, get_args
from uuid import UUID

from domain.access import PERMISSIONS, Actor, Level
from domain.base import Aggregate, Event, EventMetadata, Personal
from domain.errors import InvalidField, NotFound, Refused
from domain.names import checked_name

LINK_VALID_US = 24 * 3600 * 1_000_000
"""A one-time link to set a password can be used for a day."""

_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")


def normalised_email(email: str) -> str:
    """An e-mail address in the form in which addresses are compared. Raises InvalidField for an invalid address."""
    address = email.strip().lower()
    if not _EMAIL.fullmatch(address):
        raise InvalidField("email", "this is not an e-mail address")
    return address


class UserEvent(Event, frozen=True, kw_only=True):
    """Something about a user."""

    SLICE: ClassVar[str] = "identity"


class UserRegistered(UserEvent, frozen=True, kw_only=True):
    """A user was registered, who may sign in once they have a password."""

    TOPIC: ClassVar[str] = "user.registered"
    name: Personal
    email: Personal
    level: Level
    permissions: tuple[str, ...]


class PasswordLinkIssued(UserEvent, frozen=True, kw_only=True):
    """A one-time link to set a password was issued. digest: SHA-256 of its secret, hexadecimal. expires_at: microseconds."""

    TOPIC: ClassVar[str] = "user.password_link_issued"
    digest: str
    expires_at: int


class PasswordSet(UserEvent, frozen=True, kw_only=True):
    """The user has a new password; a link that was issued is used up. hashed: by argon2id, sealed."""

    TOPIC: ClassVar[str] = "user.password_set"
    hashed: Personal


class PermissionsSet(UserEvent, frozen=True, kw_only=True):
    """The user's level and permissions from now on."""

    TOPIC: ClassVar[str] = "user.permissions_set"
    level: Level
    permissions: tuple[str, ...]


class UserRenamed(UserEvent, frozen=True, kw_only=True):
    """The user's name from now on."""

    TOPIC: ClassVar[str] = "user.renamed"
    name: Personal


class UserEmailChanged(UserEvent, frozen=True, kw_only=True):
    """The address by which the user signs in from now on. A former address stays reserved for the user, and signs nobody in."""

    TOPIC: ClassVar[str] = "user.email_changed"
    email: Personal


class UserActivated(UserEvent, frozen=True, kw_only=True):
    """The user may sign in again."""

    TOPIC: ClassVar[str] = "user.activated"


class UserDeactivated(UserEvent, frozen=True, kw_only=True):
    """The user may not sign in any more."""

    TOPIC: ClassVar[str] = "user.deactivated"


class User(Aggregate):
    """One person of a company who may sign in. The id is random."""

    KIND = "user"
    EVENTS = UserEvent

    def __init__(self, id: UUID, tenant: UUID) -> None:
        super().__init__(id, tenant)
        self.name: Personal | None = None
        self.email: Personal | None = None
        self.level: Level = "user"
        self.permissions: tuple[str, ...] = ()
        self.link: tuple[str, int] | None = None
        self.hashed: Personal | None = None
        self.active = False
        self.actor = Actor(id, "user", frozenset())
        """The user as the sender of a command."""

    def register(self, name: str, email: str, level: Level, permissions: Iterable[str], metadata: EventMetadata) -> None:
        """Register the user. The handler makes sure that the address is unique in the company."""
        self.trigger(
            UserRegistered,
            metadata,
            metadata.recorded_at,
            name=Personal(self.id, checked_name(name, "name", "a user")),
            email=Personal(self.id, normalised_email(email)),
            level=_checked_level(level),
            permissions=checked_permissions(permissions),
        )

    def issue_link(self, digest: str, metadata: EventMetadata) -> None:
        """Issue a link by which its holder can set a password. Earlier links become invalid."""
        self._must_be_active()
        self.trigger(PasswordLinkIssued, metadata, metadata.recorded_at, digest=digest, expires_at=metadata.recorded_at + LINK_VALID_US)

    def set_password(self, digest: str, hashed: str, metadata: EventMetadata) -> None:
        """Set the password whose hash is `hashed`. `digest` proves that the link was issued to this user."""
        self._must_be_active()
        if self.link is None or self.link[0] != digest:
            raise Refused("link-used", "this link was used, or another took its place")
        if metadata.recorded_at >= self.link[1]:
            raise Refused("link-expired", "this link has expired")
        self.trigger(PasswordSet, metadata, metadata.recorded_at, hashed=Personal(self.id, hashed))

    def change_password(self, hashed: str, metadata: EventMetadata) -> None:
        """Set the password whose hash is `hashed`, for the user who has proved to know the one before. A link that was issued becomes invalid."""
        self._must_be_active()
        self.trigger(PasswordSet, metadata, metadata.recorded_at, hashed=Personal(self.id, hashed))

    def set_permissions(self, level: Level, permissions: Iterable[str], metadata: EventMetadata) -> None:
        """Set the level and the permissions: exactly these."""
        allowed = checked_permissions(permissions)
        if (_checked_level(level), allowed) != (self.level, self.permissions):
            self.trigger(PermissionsSet, metadata, metadata.recorded_at, level=level, permissions=allowed)

    def rename(self, name: str, metadata: EventMetadata) -> None:
        """Give the user another name."""
        self.trigger(UserRenamed, metadata, metadata.recorded_at, name=Personal(self.id, checked_name(name, "name", "a user")))

    def change_email(self, email: str, metadata: EventMetadata) -> None:
        """Give the user another e-mail address. The handler makes sure that it is unique in the company."""
        self.trigger(UserEmailChanged, metadata, metadata.recorded_at, email=Personal(self.id, normalised_email(email)))

    def activate(self, metadata: EventMetadata) -> None:
        """Let the user sign in again."""
        if not self.active:
            self.trigger(UserActivated, metadata, metadata.recorded_at)

    def deactivate(self, metadata: EventMetadata) -> None:
        """Bar the user from signing in."""
        if self.active:
            self.trigger(UserDeactivated, metadata, metadata.recorded_at)

    def apply(self, event: Event) -> None:
        match event:
            case UserRegistered(name=name, email=email, level=level, permissions=permissions):
                self.name, self.email, self.active = name, email, True
                self._give(level, permissions)
            case PasswordLinkIssued(digest=digest, expires_at=expires_at):
                self.link = (digest, expires_at)
            case PasswordSet(hashed=hashed):
                self.hashed, self.link = hashed, None
            case PermissionsSet(level=level, permissions=permissions):
                self._give(level, permissions)
            case UserRenamed(name=name):
                self.name = name
            case UserEmailChanged(email=email):
                self.email = email
            case UserActivated():
                self.active = True
            case UserDeactivated():
                self.active, self.link = False, None

    def _give(self, level: Level, permissions: tuple[str, ...]) -> None:
        self.level, self.permissions = level, permissions
        self.actor = Actor(self.id, level, frozenset(permissions))

    def _must_be_active(self) -> None:
        if not self.active:
            raise NotFound("user-unknown", "no such user")


def checked_permissions(permissions: Iterable[str]) -> tuple[str, ...]:
    """The permissions, each once. Raises InvalidField for one that does not exist."""
    chosen = tuple(dict.fromkeys(permissions))
    for permission in chosen:
        if permission not in PERMISSIONS:
            raise InvalidField("permissions", f"there is no permission {permission}")
    return chosen


def _checked_level(level: Level) -> Level:
    if level not in get_args(Level):
        raise InvalidField("level", "a level is Admin, Manager or User")
    return level
