"""Users: who may sign in, and what they may do. Name and e-mail address stay sealed."""

from __future__ import annotations

from typing import ClassVar

from msgspec.structs import replace

from domain.users import (
    PasswordSet,
    PermissionsSet,
    UserActivated,
    UserDeactivated,
    UserEmailChanged,
    UserEvent,
    UserRegistered,
    UserRenamed,
)
from projections.engine.rows import Row, StatefulFold


class UserRow(Row, kw_only=True, gc=False):
    """A user. registered: position of the event that registered the user. name, email: sealed with the user's key.

    active, has_password: 0 or 1.
    """

    TABLE: ClassVar[str] = "users"

    registered: int = 0
    name: str = ""
    email: str = ""
    level: str = "user"
    permissions: tuple[str, ...] = ()
    active: int = 0
    has_password: int = 0


def fold(row: UserRow | None, event: UserEvent, position: int) -> UserRow:
    """The user after this event."""
    before = row or UserRow(tenant=event.tenant.bytes, id=event.originator_id.bytes, version=0, position=0)
    after = replace(before, version=event.originator_version, position=position)
    match event:
        case UserRegistered(name=name, email=email, level=level, permissions=permissions):
            return replace(
                after, registered=position, name=name.sealed, email=email.sealed, level=level, permissions=permissions, active=1, removed=0
            )
        case PermissionsSet(level=level, permissions=permissions):
            return replace(after, level=level, permissions=permissions)
        case UserRenamed(name=name):
            return replace(after, name=name.sealed)
        case UserEmailChanged(email=email):
            return replace(after, email=email.sealed)
        case PasswordSet():
            return replace(after, has_password=1)
        case UserActivated():
            return replace(after, active=1)
        case UserDeactivated():
            return replace(after, active=0)
        case _:
            return after


FOLDS = (StatefulFold(UserEvent, UserRow, fold),)
