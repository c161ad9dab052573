"""A phone's session that is not renewed is ended at the instant that its credential names."""

from __future__ import annotations

from uuid import uuid4

from commands.phones import ExpirePhone
from domain.base import EventMetadata
from domain.phones import SESSION_US, phone_of
from processes.manager import CancelTimer, Ports, Send, SetTimer, Timer
from processes.phones import Phones

NOW = 1_800_000_000_000_000
PHONES = Phones(Ports(lambda _sql, _tenant: [], lambda: 0, lambda _agent: 0))


def test_the_timer_follows_the_session_and_its_command_ends_it():
    tenant, agent = uuid4(), uuid4()
    phone = phone_of(tenant, agent)
    for at, act in ((0, phone.open), (60, phone.renew)):
        act(agent, "Ana", "aa", EventMetadata(tenant=tenant, actor="user:x", recorded_at=NOW + at))
        event = phone.pending[-1]
        assert PHONES.react(event, None) == [SetTimer(str(phone.id), NOW + at + SESSION_US, str(agent))]
    phone.close(agent, "Ana", EventMetadata(tenant=tenant, actor="user:x", recorded_at=NOW + 100))
    assert PHONES.react(phone.pending[-1], None) == [CancelTimer(str(phone.id))]
    timer = Timer(tenant, str(phone.id), NOW, str(agent))
    assert PHONES.on_timer(timer, None, NOW) == [Send(ExpirePhone(phone=phone.id, agent=agent))]
