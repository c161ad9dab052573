"""A member is taken out of a queue and put back to end the wrap-up there; whom the queue does not take back is logged out in Atende too."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from threading import Lock, Thread

import pytest

from commands.agents import LogIn, LogOut
from commands.command_bus import CommandBus
from commands.handler_context import Caller, Command
from commands.interactions import AnswerCall, OfferCall, ReleaseCall, StartCall, WrapUp
from commands.queues import RegisterQueue
from domain.access import PERMISSIONS
from domain.base import SECOND
from domain.ids import agent_id
from domain.voice.interaction_events import CallWrappedUp
from settings import Asterisk
from store.event_store import Store
from store.storage_location import StorageLocation
from telephony_adapter.ami.connection import Answer, Connection, NoAnswer
from telephony_adapter.ami.own_actions import Kind
from telephony_adapter.control import renewals
from telephony_adapter.control.agents import Members
from telephony_adapter.control.pbx import Pbx
from telephony_adapter.control.wrap_ups import WrapUps
from tests.kit.clocks import Settable
from tests.kit.facts import TENANT
from tests.kit.packets import T0
from tests.kit.pbx import Pbx as Served
from tests.kit.pbx_members import PbxMembers, Telling
from tests.kit.waiting import within

CALLER = Caller(TENANT, "operator", frozenset(PERMISSIONS))
KEY = ("vendas", "PJSIP/1001")


class Wrapping:
    """Ana, a member of a queue of the PBX, has just finished a wrap-up."""

    def __init__(self, location: StorageLocation, login: LogIn) -> None:
        self.store, self.clock = Store(location), Settable(T0 * SECOND)
        self.bus = CommandBus(self.store, self.clock)
        self.members, self.telling = PbxMembers("vendas", "suporte"), Telling()
        self.reported: list[Command] = []
        self.served, self.connection = Served(self.members.answer), Connection()
        self.connection.connect("127.0.0.1", self.served.port)
        self.connection.login("atende", "secret")
        asterisk = Asterisk("127.0.0.1", "atende", "secret", control=True)
        own = self.telling.translator.pbx.own
        self.pbx = Pbx(asterisk, TENANT, self.connection, self.store, self.clock.now_us, report=self.reported.append, own=own)
        for queue in self.members.queues:
            self.bus.execute(RegisterQueue(name=queue, wrap_up_ms=60_000), CALLER)
        self.bus.execute(login, CALLER)
        for queue in login.queues or self.members.queues[:1]:
            self.members.answer({"Action": "QueueAdd", "Queue": queue, "Interface": KEY[1], "MemberName": "Ana", "Paused": "false"})
        self.telling.tell(self.members, 0)
        call = self.bus.execute(StartCall(call=f"{T0}.1"), CALLER).id
        for command in (
            OfferCall(interaction=call, queue="vendas"),
            AnswerCall(interaction=call, agent="Ana"),
            ReleaseCall(interaction=call),
        ):
            self.clock.pass_s(1)
            self.bus.execute(command, CALLER)
        for row in self.members.members.values():
            row["LastCall"] = str(T0 + 3)
        self.clock.pass_s(1)
        self.bus.execute(WrapUp(interaction=call), CALLER)
        self.wrapped = next(event for event in self.store.stream(call) if isinstance(event, CallWrappedUp))

    def finish(self) -> list[object]:
        """Renew the memberships; what that says of agents, and what is reported of it."""
        assert list(WrapUps().perform(self.wrapped, self.pbx)) == []
        return [*self.telling.tell(self.members, 5), *self.reported]

    def close(self) -> None:
        self.connection.close()
        self.served.close()
        self.store.close()


@pytest.fixture
def wrapping(location: StorageLocation, request: pytest.FixtureRequest) -> Iterator[Wrapping]:
    with closing(Wrapping(location, getattr(request, "param", LogIn(agent="Ana", queues=("vendas",))))) as made:
        yield made


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(renewals, "_BETWEEN_S", 0.0)


def test_a_member_who_is_renewed_has_no_last_call_and_nobody_has_left(wrapping: Wrapping) -> None:
    assert wrapping.finish() == []
    assert wrapping.members.members[KEY]["LastCall"] == "0"


def test_a_queue_that_refuses_a_member_for_a_moment_is_asked_again(wrapping: Wrapping) -> None:
    wrapping.members.refusals = {"QueueAdd": ["Unable to add interface to queue: No such queue"] * 2}
    assert wrapping.finish() == []
    assert KEY in wrapping.members.members


@pytest.mark.parametrize(
    ("wrapping", "queues"),
    [(LogIn(agent="Ana", queues=("vendas",)), ("vendas",)), (LogIn(agent="Ana"), ())],
    indirect=["wrapping"],
)
def test_whom_a_queue_does_not_take_back_is_logged_out_in_atende_too(wrapping: Wrapping, queues: tuple[str, ...]) -> None:
    wrapping.members.refusals = {"QueueAdd": ["Unable to add interface to queue: No such queue"] * 9}
    assert wrapping.finish() == [LogOut(agent="Ana", queues=queues)]
    assert wrapping.members.done.count("QueueAdd") == 1 + renewals._TRIES
    wrapping.bus.execute(LogOut(agent="Ana", queues=queues), CALLER)
    assert wrapping.store.stream(agent_id(TENANT, "Ana"))[-1].standing.session is None  # type: ignore[attr-defined]


IN_BOTH = LogIn(agent="Ana", queues=("vendas", "suporte"))


@pytest.mark.parametrize("wrapping", [IN_BOTH], indirect=True)
@pytest.mark.parametrize("refusal", ["Permission denied", "Unable to remove interface: Not there"])
def test_whom_one_queue_does_not_take_back_is_logged_out_of_it_whatever_the_next_queue_says(wrapping: Wrapping, refusal: str) -> None:
    wrapping.members.refusals = {
        "QueueAdd": ["Unable to add interface to queue: No such queue"] * renewals._TRIES,
        "QueueRemove": [refusal, ""],
    }
    assert wrapping.finish() == [LogOut(agent="Ana", queues=("vendas",))]


@pytest.mark.parametrize("wrapping", [IN_BOTH], indirect=True)
def test_a_queue_that_keeps_a_member_does_not_keep_the_wrap_up_of_the_next_one(wrapping: Wrapping) -> None:
    wrapping.members.refusals = {"QueueRemove": ["Permission denied"]}
    assert wrapping.finish() == []
    assert {queue: row["LastCall"] for (queue, _), row in wrapping.members.members.items()} == {"vendas": str(T0 + 3), "suporte": "0"}


@pytest.mark.parametrize(("action", "reported"), [("QueueRemove", []), ("QueueAdd", [LogOut(agent="Ana", queues=("vendas",))])])
def test_a_member_is_taken_back_when_the_pbx_says_so(
    wrapping: Wrapping, monkeypatch: pytest.MonkeyPatch, action: str, reported: list[Command]
) -> None:
    answered = Pbx.action

    def without_answer(pbx: Pbx, name: str, **fields: object) -> Answer:
        answer = answered(pbx, name, **fields)
        if name == action:
            raise NoAnswer(f"no answer to {name}")
        return answer

    monkeypatch.setattr(Pbx, "action", without_answer)
    assert wrapping.finish() == reported


def test_a_member_whom_the_pbx_keeps_has_not_left(wrapping: Wrapping) -> None:
    wrapping.members.refusals = {"QueueRemove": ["Permission denied"]}
    assert wrapping.finish() == []
    wrapping.members.answer({"Action": "QueueRemove", "Queue": KEY[0], "Interface": KEY[1]})
    assert [fact.kind for observed in wrapping.telling.tell(wrapping.members, 6) for fact in observed.facts] == ["logged_out"]


class Watched:
    """A lock that says how often it was asked for."""

    def __init__(self) -> None:
        self.lock, self.asked = Lock(), 0

    def __enter__(self) -> None:
        self.asked += 1
        self.lock.acquire()

    def __exit__(self, *_: object) -> None:
        self.lock.release()


def test_who_logs_out_while_a_membership_is_renewed_is_out_of_the_queue(wrapping: Wrapping, monkeypatch: pytest.MonkeyPatch) -> None:
    watched, pbx = Watched(), wrapping.pbx
    pbx.busy["ana"] = watched  # type: ignore[assignment]
    wrapping.bus.execute(LogOut(agent="Ana"), CALLER)
    logged_out = wrapping.store.stream(agent_id(TENANT, "Ana"))[-1]
    leaving = Thread(target=lambda: Members().perform(logged_out, pbx))

    change = Pbx.change_member

    def and_leaves(pbx: Pbx, kind: Kind, action: str, *where: str, **fields: object) -> None:
        change(pbx, kind, action, *where, **fields)
        if kind == "renewal" and action == "QueueRemove":
            leaving.start()
            within(lambda: watched.asked > 1 or not leaving.is_alive(), 20)

    monkeypatch.setattr(Pbx, "change_member", and_leaves)
    wrapping.finish()
    leaving.join(20)
    assert wrapping.members.members == {}
