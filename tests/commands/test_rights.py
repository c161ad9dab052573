"""A command needs the rights that the log gives its sender now: what an access token says may be minutes old."""

from __future__ import annotations

from uuid import UUID, uuid4

import msgspec
import pytest

import discovery
from commands.api_keys import CreateApiKey, RevokeApiKey
from commands.command_bus import CommandBus
from commands.handler_context import HANDLERS, Caller, Command
from commands.users import DeactivateUser, RegisterUser, SetPermissions
from domain.access import ANYONE, PERMISSIONS, USED_BY_KEYS, Actor
from domain.errors import Barred, NotAllowed, PermissionMissing

TENANT = UUID(int=7)
OPERATOR = Caller(TENANT, "operator", frozenset(PERMISSIONS))

discovery.modules("commands")
COMMANDS = sorted(
    (command for command in HANDLERS if command.permission != ANYONE and command.__module__.startswith("commands.")),
    key=lambda command: command.__name__,
)


def unfilled(kind: type[Command]) -> Command:
    """A command without sensible fields: its sender is looked at first."""
    values = {UUID: uuid4(), str: "x", int: 0}
    return kind(**{field.name: values.get(field.type, ()) for field in msgspec.structs.fields(kind) if field.required})


def with_token(id: UUID, tenant: UUID = TENANT) -> Caller:
    """A caller whose token says that everything is permitted."""
    every = frozenset(PERMISSIONS)
    return Caller(tenant, f"user:{id}", every, user=Actor(id, "admin", every))


@pytest.fixture
def user(bus: CommandBus) -> UUID:
    return bus.execute(RegisterUser(name="Uma", email="uma@example.com", level="admin", permissions=PERMISSIONS), OPERATOR).id


@pytest.mark.parametrize("kind", COMMANDS)
def test_no_command_is_executed_for_who_has_lost_its_permission(bus: CommandBus, user: UUID, kind: type[Command]) -> None:
    others = tuple(permission for permission in PERMISSIONS if permission != kind.permission)
    bus.execute(SetPermissions(user=user, level="admin", permissions=others), OPERATOR)
    before = bus.store.end()
    with pytest.raises(NotAllowed) as refused:
        bus.execute(unfilled(kind), with_token(user))
    assert (refused.value.permission, refused.value.code, bus.store.end()) == (kind.permission, "permission-missing", before)


@pytest.mark.parametrize("kind", COMMANDS)
def test_no_command_is_executed_for_who_may_not_log_in_any_more(bus: CommandBus, user: UUID, kind: type[Command]) -> None:
    bus.execute(DeactivateUser(user=user), OPERATOR)
    with pytest.raises(Barred) as refused:
        bus.execute(unfilled(kind), with_token(user))
    assert refused.value.code == "user-barred"


@pytest.mark.parametrize("kind", COMMANDS)
def test_no_command_is_executed_for_a_revoked_key(bus: CommandBus, kind: type[Command]) -> None:
    key = bus.execute(CreateApiKey(name="CRM", permissions=tuple(USED_BY_KEYS)), OPERATOR).id
    bus.execute(RevokeApiKey(key=key), OPERATOR)
    with pytest.raises(Barred) as refused:
        bus.execute(unfilled(kind), with_token(key))
    assert refused.value.code == "api-key-barred"


def test_nobody_of_another_company_or_of_none_sends_a_command(bus: CommandBus, user: UUID) -> None:
    for stranger in (with_token(user, UUID(int=8)), with_token(uuid4())):
        with pytest.raises(Barred):
            bus.execute(RegisterUser(name="Eva", email="eva@example.com"), stranger)


def test_many_commands_of_a_user_at_once_are_checked_as_one_is(bus: CommandBus, user: UUID) -> None:
    bus.execute(SetPermissions(user=user, level="user", permissions=()), OPERATOR)
    answers = bus.execute_all([(RegisterUser(name="Eva", email=f"{n}@example.com"), with_token(user)) for n in range(3)])
    assert [type(answer) for answer in answers] == [PermissionMissing] * 3
