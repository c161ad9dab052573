"""A phone's session that is not renewed is ended at the instant that its credential names."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from uuid import UUID, uuid4

import pytest

from bootstrap import Embedded
from cli.company import caller, known_or_new
from commands.agents import AssignAgent, RegisterAgent
from commands.handler_context import Caller, Command
from commands.phones import ExpirePhone, OpenPhone, TakePhone
from commands.users import DeactivateUser, RegisterUser, SetPermissions
from domain.access import ATTEND, REPORTS
from domain.base import EventMetadata
from domain.phones import SESSION_US, Phone, phone_of
from processes.manager import CancelTimer, Ports, Send, SetTimer, Timer
from processes.phones import Phones
from settings import Settings
from store.event_store import project
from tests.kit.waiting import within

NOW = 1_800_000_000_000_000
PHONES = Phones(Ports(lambda _sql, _tenant: [], lambda: 0, lambda _agent: 0))


def test_the_timer_follows_the_session_and_its_command_ends_it():
    tenant, agent = uuid4(), uuid4()
    phone = phone_of(tenant, agent)
    for at, act in ((0, phone.open), (60, phone.renew)):
        act(agent, "Ana", "aa", EventMetadata(tenant=tenant, actor="user:x", recorded_at=NOW + at))
        event = phone.pending[-1]
        assert PHONES.react(event, ()) == [SetTimer(str(phone.id), NOW + at + SESSION_US, str(agent))]
    phone.close(agent, "Ana", EventMetadata(tenant=tenant, actor="user:x", recorded_at=NOW + 100))
    assert PHONES.react(phone.pending[-1], ()) == [CancelTimer(str(phone.id))]
    timer = Timer(tenant, str(phone.id), NOW, str(agent))
    assert PHONES.on_timer(timer, (), NOW) == [Send(ExpirePhone(phone=phone.id, agent=agent))]


@pytest.fixture(scope="module")
def center(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Embedded, Caller]]:
    with closing(Embedded(tmp_path_factory.mktemp("center") / "data", Settings())) as opened:
        opened.covered()
        opened.processes.start()
        yield opened, caller(known_or_new(opened, ""))


def kept_out(how: str, agent: UUID, user: UUID) -> Command:
    match how:
        case "deactivated":
            return DeactivateUser(user=user)
        case "without the permission":
            return SetPermissions(user=user, level="user", permissions=(REPORTS,))
        case _:
            return AssignAgent(agent=agent, user=None)


@pytest.mark.parametrize("how", ["deactivated", "without the permission", "without the agent"])
def test_who_is_kept_out_loses_the_phone(center, how):
    opened, who = center
    name = f"Ana, {how}"
    user = opened.bus.execute(RegisterUser(name=name, email=f"{how[-5:]}@empresa.example", permissions=(ATTEND,)), who).id
    agent = opened.bus.execute(RegisterAgent(agent=name, user=user), who).id
    phone = opened.bus.execute(OpenPhone(agent=name), who).id

    def nonce() -> str:
        found = project(opened.store.stream(phone), Phone)
        assert found is not None
        return found.nonce

    assert nonce()
    opened.bus.execute(SetPermissions(user=user, level="user", permissions=(ATTEND, REPORTS)), who)
    opened.bus.execute(kept_out(how, agent, user), who)
    within(lambda: nonce() == "", 20)
    again = opened.bus.execute(OpenPhone(agent=name), who)
    opened.bus.execute(TakePhone(agent=agent, at=opened.bus.clock.now_us() - SESSION_US), who)
    assert nonce() == again.result["session"]
