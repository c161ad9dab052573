from __future__ import annotations

import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any, get_args
from uuid import UUID, uuid4

import pytest

from commands.command_bus import Caller, CommandBus
from commands.companies import RegisterCompany, SetCompanySettings, companies
from commands.contacts import ForgetContact, RegisterContact
from commands.handler_context import Command
from commands.passwords import hashed_password
from commands.users import (
    ActivateUser,
    AppointAdministrator,
    ChangeUser,
    DeactivateUser,
    IssuePasswordLink,
    RegisterUser,
    SetPassword,
    SetPermissions,
    check_credentials,
    companies_of,
    who_is,
)
from domain.access import ATTEND, MANAGE_USERS, PERMISSIONS, Actor, Level
from domain.companies import CompanySettings
from domain.errors import AlreadyExists, Barred, DomainError, InvalidField, NotAllowed, NotFound, Refused
from domain.ids import company_id
from domain.users import LINK_VALID_US
from store.event_store import Store
from store.sessions import GRACE_US, VALID_US, Sessions
from tests.kit.searching import in_files

GOOD = "Ab1$cd"


@dataclass
class Ticking:
    us: int = 1_800_000_000_000_000

    def now_us(self) -> int:
        return self.us


@pytest.fixture
def clock() -> Ticking:
    return Ticking()


@pytest.fixture
def bus(store: Store, clock: Ticking) -> CommandBus:
    return CommandBus(store, clock)


def operator_of(company: str = "Empresa") -> Caller:
    return Caller(company_id(company), "installer", frozenset(PERMISSIONS))


EMPRESA = operator_of().tenant


def administrator(bus: CommandBus) -> tuple[UUID, str]:
    receipt = bus.execute(AppointAdministrator(email="Ana@example.com", name="Ana"), operator_of())
    return receipt.id, receipt.result["token"]


def test_companies_come_the_oldest_first(bus: CommandBus) -> None:
    for name in ("Zebra", "Abelha"):
        bus.execute(RegisterCompany(name=name), operator_of(name))
    bus.execute(SetCompanySettings(settings=CompanySettings(sla_ms=10_000)), operator_of("Zebra"))

    zebra, abelha = companies(bus.store)

    assert (zebra.name, zebra.settings.sla_ms, abelha.settings.timezone) == ("Zebra", 10_000, "America/Sao_Paulo")
    with pytest.raises(AlreadyExists):
        bus.execute(RegisterCompany(name="Zebra"), operator_of("Zebra"))
    with pytest.raises(Refused):
        bus.execute(RegisterCompany(name="Zebra"), operator_of("Abelha"))


@pytest.mark.parametrize(
    ("settings", "field"),
    [
        ({"timezone": "America/Atlantis"}, "timezone"),
        ({"timezone": "../etc/passwd"}, "timezone"),
        ({"sla_target": 101.0}, "sla_target"),
        ({"sla_ms": -1}, "sla_ms"),
    ],
)
def test_invalid_settings_of_a_company_are_refused(bus: CommandBus, settings: dict[str, Any], field: str) -> None:
    with pytest.raises(InvalidField) as refusal:
        bus.execute(RegisterCompany(name="Empresa", settings=CompanySettings(**settings)), operator_of())
    assert refusal.value.field == field


def test_a_one_time_link_sets_the_password_once(bus: CommandBus) -> None:
    user, token = administrator(bus)
    assert check_credentials(bus.store, EMPRESA, "ana@example.com", GOOD) is None

    nobody = Caller(EMPRESA, "", frozenset())
    bus.execute(SetPassword(token=token, hashed=hashed_password(GOOD)), nobody)

    signed_in = check_credentials(bus.store, EMPRESA, " ANA@example.com", GOOD)
    assert signed_in is not None
    assert (signed_in.user, signed_in.level, signed_in.permissions) == (user, "admin", frozenset(PERMISSIONS))
    assert check_credentials(bus.store, EMPRESA, "ana@example.com", GOOD + "x") is None
    assert check_credentials(bus.store, company_id("Outra"), "ana@example.com", GOOD) is None
    assert check_credentials(bus.store, EMPRESA, "eva@example.com", GOOD) is None
    with pytest.raises(Refused):
        bus.execute(SetPassword(token=token, hashed=hashed_password("Xy9?zw")), nobody)


def test_a_login_without_a_company_is_tried_as_often_whoever_it_names(bus: CommandBus) -> None:
    """A try takes a tenth of a second: its number would tell a stranger in how many companies an address has a user."""

    def tried(email: str) -> list[UUID]:
        return companies_of(bus.store, email, "")

    assert len(tried("ana@example.com")) == 1
    names = ["Empresa", "Outra", "Terceira"]
    for number, name in enumerate(names, 1):
        bus.execute(RegisterCompany(name=name), operator_of(name))
        for email in ("one@example.com", "two@example.com", "three@example.com")[number - 1 :]:
            bus.execute(RegisterUser(name="Ana", email=email), operator_of(name))
    assert {len(tried(f"{who}@example.com")) for who in ("nobody", "one", "two", "three")} == {2}
    assert tried("one@example.com")[0] == company_id("Empresa")
    assert tried("two@example.com") == [company_id("Empresa"), company_id("Outra")]
    assert company_id("Terceira") not in tried("three@example.com")
    assert companies_of(bus.store, "three@example.com", "Terceira") == [company_id("Terceira")]


def test_a_link_expires_and_a_new_one_takes_its_place(bus: CommandBus, clock: Ticking) -> None:
    _, first = administrator(bus)
    second = bus.execute(IssuePasswordLink(email="ana@example.com"), operator_of()).result["token"]
    hashed = hashed_password(GOOD)
    with pytest.raises(Refused, match="another"):
        bus.execute(SetPassword(token=first, hashed=hashed), operator_of())
    clock.us += LINK_VALID_US
    with pytest.raises(Refused, match="expired"):
        bus.execute(SetPassword(token=second, hashed=hashed), operator_of())
    for nonsense in ("", "?", "ÿ", "A" * 54):
        with pytest.raises(Refused):
            bus.execute(SetPassword(token=nonsense, hashed=hashed), operator_of())
    with pytest.raises(NotFound):
        bus.execute(SetPassword(token=first, hashed=hashed), operator_of("Outra"))


def test_a_new_email_address_signs_the_user_in_and_the_former_one_nobody(bus: CommandBus) -> None:
    user, token = administrator(bus)
    bus.execute(SetPassword(token=token, hashed=hashed_password(GOOD)), operator_of())
    bus.execute(ChangeUser(user=user, name="Ana Souza", email="Ana.Souza@example.com"), operator_of())
    signed_in = check_credentials(bus.store, EMPRESA, "ana.souza@example.com", GOOD)
    assert signed_in is not None
    assert signed_in.user == user
    assert check_credentials(bus.store, EMPRESA, "ana@example.com", GOOD) is None
    with pytest.raises(NotFound):
        bus.execute(IssuePasswordLink(email="ana@example.com"), operator_of())
    # A former address would lead old links and mails to somebody else.
    for command in (RegisterUser(name="Eva", email="ana@example.com"), AppointAdministrator(email="ana@example.com")):
        with pytest.raises(AlreadyExists):
            bus.execute(command, operator_of())
    bus.execute(ChangeUser(user=user, email="ana@example.com"), operator_of())
    assert check_credentials(bus.store, EMPRESA, "ana@example.com", GOOD) is not None


def test_nobody_gets_the_address_of_another_and_the_same_data_change_nothing(bus: CommandBus) -> None:
    user, _ = administrator(bus)
    bus.execute(RegisterUser(name="Eva", email="eva@example.com"), operator_of())
    for email in ("eva@example.com", "EVA@example.com "):
        with pytest.raises(AlreadyExists):
            bus.execute(ChangeUser(user=user, email=email), operator_of())
    version = bus.execute(ChangeUser(user=user, name=" Ana ", email="ANA@example.com"), operator_of()).version
    assert bus.execute(ChangeUser(user=user), operator_of()).version == version
    assert bus.execute(ChangeUser(user=user, name="Ana Souza"), operator_of()).version == version + 1


def test_who_manages_users_changes_oneself_and_those_below_and_nobody_else(bus: CommandBus) -> None:
    chief, _ = administrator(bus)
    below = bus.execute(RegisterUser(name="Eva", email="eva@example.com"), operator_of()).id
    manager = bus.execute(RegisterUser(name="Rui", email="rui@example.com", level="manager", permissions=(MANAGE_USERS,)), operator_of()).id
    rui = Caller(EMPRESA, f"user:{manager}", frozenset({MANAGE_USERS}), user=Actor(manager, "manager", frozenset({MANAGE_USERS})))
    for user in (below, manager):
        bus.execute(ChangeUser(user=user, name="Outro nome"), rui)
    with pytest.raises(NotAllowed):
        bus.execute(ChangeUser(user=chief, name="Outro nome"), rui)


def test_an_email_address_is_one_users(bus: CommandBus) -> None:
    user, _ = administrator(bus)
    with pytest.raises(AlreadyExists):
        bus.execute(RegisterUser(name="Outra Ana", email="ANA@example.com"), operator_of())
    assert bus.execute(AppointAdministrator(email="ana@example.com"), operator_of()).id == user
    elsewhere = bus.execute(RegisterUser(name="Ana", email="ana@example.com"), operator_of("Outra"))
    assert elsewhere.id != user


def test_permissions_are_those_of_the_manual(bus: CommandBus) -> None:
    bia = bus.execute(RegisterUser(name="Bia", email="bia@example.com", permissions=("gerenciar-relatorio",)), operator_of())
    found = who_is(bus.store, EMPRESA, bia.id)
    assert found is not None
    with pytest.raises(NotAllowed):
        bus.execute(RegisterContact(name="Carlos"), Caller(EMPRESA, "bia", found.permissions))
    with pytest.raises(InvalidField):
        bus.execute(SetPermissions(user=bia.id, level="user", permissions=("gerenciar-tudo",)), operator_of())
    bus.execute(SetPermissions(user=bia.id, level="manager", permissions=("gerenciar-contatos",)), operator_of())
    found = who_is(bus.store, EMPRESA, bia.id)
    assert found is not None
    assert (found.level, found.permissions) == ("manager", frozenset({"gerenciar-contatos"}))


def test_a_deactivated_user_cannot_sign_in(bus: CommandBus) -> None:
    user, token = administrator(bus)
    bus.execute(SetPassword(token=token, hashed=hashed_password(GOOD)), operator_of())
    bus.execute(DeactivateUser(user=user), operator_of())
    assert check_credentials(bus.store, EMPRESA, "ana@example.com", GOOD) is None
    assert who_is(bus.store, EMPRESA, user) is None
    with pytest.raises(DomainError):
        bus.execute(IssuePasswordLink(email="ana@example.com"), operator_of())
    bus.execute(ActivateUser(user=user), operator_of())
    assert check_credentials(bus.store, EMPRESA, "ana@example.com", GOOD) is not None


def test_a_refresh_token_is_good_once_and_its_second_use_ends_the_session(store: Store, clock: Ticking) -> None:
    sessions, user = Sessions(store, clock, "s" * 64), uuid4()
    first = sessions.open(EMPRESA, user)
    second = sessions.renew(first.token)
    assert second is not None
    assert (second.tenant, second.user) == (EMPRESA, user)
    clock.us += GRACE_US
    assert sessions.renew(first.token) is None
    assert sessions.renew(second.token) is None


def test_a_session_ends_when_it_is_not_used_closed_or_the_user_is_signed_out(store: Store, clock: Ticking) -> None:
    sessions, user = Sessions(store, clock, "s" * 64), uuid4()
    closed, everywhere = sessions.open(EMPRESA, user), sessions.open(EMPRESA, user)
    sessions.close(closed.token)
    assert sessions.renew(closed.token) is None
    sessions.close_all(user)
    assert sessions.renew(everywhere.token) is None
    unused = sessions.open(EMPRESA, user)
    clock.us += VALID_US
    assert sessions.renew(unused.token) is None
    assert sessions.renew("nonsense") is None


def test_no_password_token_or_address_is_written_in_plain(bus: CommandBus, clock: Ticking, tmp_path: Path) -> None:
    _, token = administrator(bus)
    hashed = hashed_password(GOOD)
    bus.execute(SetPassword(token=token, hashed=hashed), operator_of())
    session = Sessions(bus.store, clock, "s" * 64).open(EMPRESA, uuid4())
    bus.store.close()
    written = b"".join(path.read_bytes() for path in (tmp_path / "data").rglob("*") if path.is_file())
    for secret in ("ana@example.com", token, hashed, GOOD, session.token):
        assert secret.encode() not in written


def test_a_contact_that_called_gets_a_name_and_is_forgotten(bus: CommandBus) -> None:
    carlos = bus.execute(RegisterContact(name="Carlos", phones=("+55 (11) 98800-0037", "11 3333-4444")), operator_of())
    with pytest.raises(AlreadyExists):
        bus.execute(RegisterContact(name="Carla", phones=("5511988000037",)), operator_of())
    with pytest.raises(InvalidField):
        bus.execute(RegisterContact(name="Carla", phones=("x",)), operator_of())
    with pytest.raises(NotFound):
        bus.execute(ForgetContact(contact=carlos.id), operator_of("Outra"))
    assert bus.store.keyring.knows(carlos.id)
    bus.execute(ForgetContact(contact=carlos.id), operator_of())
    assert not bus.store.keyring.knows(carlos.id)
    again = bus.execute(RegisterContact(name="Carla", phones=("5511988000037",)), operator_of())
    assert again.id != carlos.id


def as_user(bus: CommandBus, level: Level, email: str, permissions: tuple[str, ...] = (MANAGE_USERS, ATTEND)) -> Caller:
    """A user with these rights, as their access token says."""
    id = bus.execute(RegisterUser(name="Uma", email=email, level=level, permissions=permissions), operator_of()).id
    return Caller(EMPRESA, f"user:{id}", frozenset(permissions), user=Actor(id, level, frozenset(permissions)))


def other(bus: CommandBus, level: Level) -> UUID:
    return bus.execute(RegisterUser(name="Rui", email="rui@example.com", level=level), operator_of()).id


@pytest.mark.parametrize(("own", "theirs"), [("user", "user"), ("manager", "manager"), ("manager", "admin"), ("admin", "admin")])
def test_rights_are_changed_only_of_users_below_ones_own_level(bus: CommandBus, own: Level, theirs: Level) -> None:
    caller, rui = as_user(bus, own, "uma@example.com"), other(bus, theirs)
    commands: list[Command] = [
        SetPermissions(user=rui, level="user", permissions=()),
        DeactivateUser(user=rui),
        ActivateUser(user=rui),
        IssuePasswordLink(email="rui@example.com"),
    ]
    before = bus.store.end()
    for command in commands:
        with pytest.raises(NotAllowed, match="level"):
            bus.execute(command, caller)
    assert bus.store.end() == before


def test_a_manager_manages_users_of_level_user(bus: CommandBus) -> None:
    caller, rui = as_user(bus, "manager", "uma@example.com"), other(bus, "user")
    bus.execute(SetPermissions(user=rui, level="user", permissions=(ATTEND,)), caller)
    bus.execute(DeactivateUser(user=rui), caller)
    bus.execute(ActivateUser(user=rui), caller)
    assert bus.execute(IssuePasswordLink(email="rui@example.com"), caller).result["token"]


@pytest.mark.parametrize("level", get_args(Level))
def test_nobody_raises_themselves(bus: CommandBus, level: Level) -> None:
    caller = as_user(bus, level, "uma@example.com")
    assert caller.user is not None
    for command in (
        SetPermissions(user=caller.user.user, level="admin", permissions=PERMISSIONS),
        RegisterUser(name="Outra", email="outra@example.com", level=level, permissions=("gerenciar-contatos",)),
        AppointAdministrator(email="outra@example.com"),
        AppointAdministrator(email="uma@example.com"),
    ):
        with pytest.raises(NotAllowed):
            bus.execute(command, caller)


def test_nobody_gets_a_link_of_who_may_do_more(bus: CommandBus) -> None:
    bus.execute(RegisterUser(name="Rui", email="rui@example.com", permissions=("anonimizar-contatos",)), operator_of())
    caller = as_user(bus, "manager", "mia@example.com", (MANAGE_USERS,))
    with pytest.raises(NotAllowed):
        bus.execute(IssuePasswordLink(email="rui@example.com"), caller)


def test_one_asks_for_a_link_of_ones_own(bus: CommandBus) -> None:
    assert bus.execute(IssuePasswordLink(email="uma@example.com"), as_user(bus, "user", "uma@example.com")).result["token"]


def test_who_is_kept_out_lets_nobody_in_however_long_the_token_lives(bus: CommandBus) -> None:
    caller = as_user(bus, "admin", "uma@example.com")
    assert caller.user is not None
    bus.execute(DeactivateUser(user=caller.user.user), operator_of())
    for command in (ActivateUser(user=caller.user.user), RegisterUser(name="Nova", email="nova@example.com")):
        with pytest.raises(Barred, match="log in"):
            bus.execute(command, caller)


def test_the_log_says_what_a_manager_of_users_may_do_not_the_token(bus: CommandBus) -> None:
    caller = as_user(bus, "admin", "uma@example.com")
    assert caller.user is not None
    bus.execute(SetPermissions(user=caller.user.user, level="user", permissions=(MANAGE_USERS,)), operator_of())
    with pytest.raises(NotAllowed, match="level user"):
        bus.execute(RegisterUser(name="Nova", email="nova@example.com", level="manager"), caller)
    bus.execute(SetPermissions(user=caller.user.user, level="admin", permissions=(ATTEND,)), operator_of())
    with pytest.raises(NotAllowed, match=MANAGE_USERS):
        bus.execute(RegisterUser(name="Nova", email="nova@example.com"), caller)


def test_a_one_time_token_is_shown_once_and_no_file_holds_it_or_the_idempotency_key(store: Store, clock: Ticking, tmp_path: Path) -> None:
    bus = CommandBus(store, clock)
    boss = Caller(EMPRESA, "operator", frozenset(PERMISSIONS), idempotency_key="5531977916159")
    first = bus.execute(AppointAdministrator(email="ana@empresa.example"), boss)
    again = bus.execute(AppointAdministrator(email="ana@empresa.example"), boss)
    assert (again.id, again.position, again.result) == (first.id, first.position, {})
    assert in_files(tmp_path, [first.result["token"], boss.idempotency_key]) == {}


def test_passwords_are_hashed_by_argon2id_with_64_mib_and_three_passes() -> None:
    """In a process of its own: here passwords are hashed cheaply."""
    program = f"from commands.passwords import hashed_password; print(hashed_password({GOOD!r}))"
    hashed = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True).stdout
    assert hashed.startswith("$argon2id$v=19$m=65536,t=3,p=4$")
