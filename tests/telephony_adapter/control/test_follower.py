"""Effects are performed once, in order, and none holds up another; what is not performed is concluded."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from typing import ClassVar
from uuid import uuid4

import pytest

from commands.command_bus import CommandBus
from commands.handler_context import Caller, Command
from commands.queues import ActivateQueue, DeactivateQueue, RegisterQueue
from domain.access import PERMISSIONS
from domain.base import Event
from domain.queues import Queue, QueueRegistered
from settings import Asterisk
from store.event_store import Store
from store.storage_location import StorageLocation
from telephony_adapter.ami.connection import Connection
from telephony_adapter.ami.own_actions import OwnActions
from telephony_adapter.control import follower as module
from telephony_adapter.control.effects import Effect, Why, effects
from telephony_adapter.control.follower import Driving, Follower
from telephony_adapter.control.pbx import Pbx as DrivenPbx
from telephony_adapter.control.pbx import ari_client
from tests.kit.clocks import Settable
from tests.kit.facts import TENANT
from tests.kit.pbx import Pbx
from tests.kit.waiting import within

CALLER = Caller(TENANT, "operator", frozenset(PERMISSIONS))
ASTERISK = Asterisk("127.0.0.1", "atende", "secret", control=True)


def answers(action: dict[str, str]) -> str:
    """Refuses to set a variable, and accepts everything else."""
    refused = action["Action"] == "Setvar"
    said = "Error\r\nMessage: Permission denied" if refused else "Success"
    booted = "Event: FullyBooted\r\n\r\n" if action["Action"] == "Login" else ""
    return f"Response: {said}\r\nActionID: {action.get('ActionID', '')}\r\n\r\n{booted}"


class Announced(Effect):
    """Says at the PBX that a queue was registered, which deactivates it; what cannot be said activates it."""

    TOPICS = ("queue.registered",)
    asked: ClassVar[str] = "UserEvent"

    def __init__(self) -> None:
        self.done: list[str] = []
        self.not_done: list[Why] = []
        self.holds = ""
        self.open = threading.Event()

    def perform(self, event: Event, pbx: DrivenPbx) -> Iterable[Command]:
        assert isinstance(event, QueueRegistered)
        if event.name == self.holds:
            self.open.wait(20)
        pbx.action(self.asked, UserEvent=event.name)
        self.done.append(event.name)
        return [DeactivateQueue(queue=event.originator_id)]

    def unperformed(self, event: Event, why: Why) -> Iterable[Command]:
        self.not_done.append(why)
        return [ActivateQueue(queue=event.originator_id)]


class Refusing(Announced):
    """Asks for what the PBX refuses."""

    asked = "Setvar"


class Equal(Effect):
    """Makes the PBX equal to whether queues are active."""

    TOPICS = ("queue.registered", "queue.deactivated", "queue.activated")
    EXPIRES_US = None

    def __init__(self) -> None:
        self.active: list[bool] = []
        self.resynchronised = 0

    def perform(self, event: Event, pbx: DrivenPbx) -> Iterable[Command]:
        queue = pbx.load(Queue, event.originator_id)
        assert queue is not None
        pbx.action("UserEvent", UserEvent="equal")
        self.active.append(queue.active)
        return ()

    def resynchronise(self, pbx: DrivenPbx) -> Iterable[Command]:
        self.resynchronised += 1
        return ()


class Driven:
    """A store, a PBX that accepts everything, and followers of both."""

    def __init__(self, location: StorageLocation) -> None:
        self.clock = Settable()
        self.store = Store(location)
        self.bus = CommandBus(self.store, self.clock)
        self.pbx: Pbx | None = None
        self.open: list[Follower | Connection | Pbx] = []

    def register(self, name: str) -> None:
        self.bus.execute(RegisterQueue(name=name), CALLER)

    def lead(self, *made: Effect) -> Follower:
        follower = Follower(ASTERISK, self.bus, CALLER, Driving(self.store, self.clock.now_us, effects=lambda: list(made)))
        follower.begin()
        self.open.append(follower)
        return follower

    def connect(self) -> Connection:
        """Another connection, each to a listener of its own: the one of the tests serves one connection at a time."""
        self.pbx, connection = Pbx(answers), Connection()
        self.open += [connection, self.pbx]
        connection.connect("127.0.0.1", self.pbx.port)
        connection.login("atende", "secret")
        return connection

    def queue(self, name: str) -> Queue:
        found = next(
            event.event for event in self.store.read(0, 1000) if isinstance(event.event, QueueRegistered) and event.event.name == name
        )
        queue = Queue(found.originator_id, TENANT)
        for event in self.store.stream(queue.id):
            queue.replay(event)
        return queue

    def close(self) -> None:
        for each in self.open:
            each.close()
        self.store.close()


@pytest.fixture
def driven(location: StorageLocation) -> Iterator[Driven]:
    with closing(Driven(location)) as made:
        yield made


def holds(condition: Callable[[], bool]) -> None:
    within(condition, 20)


def test_what_an_event_asks_for_is_done_once_and_its_outcome_is_a_command_again(driven: Driven) -> None:
    effect = Announced()
    follower = driven.lead(effect)
    follower.connected(driven.connect(), OwnActions())
    driven.register("vendas")
    holds(lambda: not driven.queue("vendas").active)
    assert effect.done == ["vendas"]
    assert driven.pbx is not None
    assert [action["UserEvent"] for action in driven.pbx.actions if action["Action"] == "UserEvent"] == ["vendas"]
    follower.close()
    second = Announced()
    driven.lead(second).connected(driven.connect(), OwnActions())
    driven.register("suporte")
    holds(lambda: second.done == ["suporte"])


def test_events_of_before_the_first_leader_ask_for_nothing(driven: Driven) -> None:
    driven.register("vendas")
    effect = Announced()
    driven.lead(effect).connected(driven.connect(), OwnActions())
    driven.register("suporte")
    holds(lambda: effect.done == ["suporte"])


def test_a_request_expires_without_a_connection_and_is_not_performed_by_the_next_one(driven: Driven) -> None:
    effect = Announced()
    follower = driven.lead(effect)
    driven.register("vendas")
    driven.clock.pass_s(16)
    holds(lambda: effect.not_done == ["expired"])
    driven.register("suporte")
    follower.connected(driven.connect(), OwnActions())
    holds(lambda: effect.done == ["suporte"])
    assert effect.not_done == ["expired"]
    assert driven.queue("vendas").active


def test_a_request_that_an_earlier_leader_had_begun_is_concluded_and_not_performed_again(driven: Driven) -> None:
    first = Announced()
    first.holds = "vendas"
    follower = driven.lead(first)
    follower.connected(driven.connect(), OwnActions())
    driven.register("vendas")
    holds(lambda: follower._progress.position() == driven.store.end())
    second = Announced()
    driven.lead(second).connected(driven.connect(), OwnActions())
    holds(lambda: second.not_done == ["expired"])
    first.open.set()
    driven.register("suporte")
    holds(lambda: second.done == ["suporte"])
    assert "suporte" not in first.done


def test_a_refused_effect_and_a_slow_one_hold_up_no_others(driven: Driven) -> None:
    slow, refusing = Announced(), Refusing()
    slow.holds = "vendas"
    driven.lead(slow, refusing).connected(driven.connect(), OwnActions())
    driven.register("vendas")
    driven.register("suporte")
    holds(lambda: slow.done == ["suporte"] and refusing.not_done == ["refused", "refused"])
    slow.open.set()
    holds(lambda: slow.done == ["suporte", "vendas"])


def test_what_makes_the_pbx_equal_is_done_however_late_and_once_for_what_waits(driven: Driven) -> None:
    effect = Equal()
    follower = driven.lead(effect)
    driven.register("vendas")
    queue = driven.queue("vendas").id
    for _ in range(10):
        driven.bus.execute(DeactivateQueue(queue=queue), CALLER)
        driven.bus.execute(ActivateQueue(queue=queue), CALLER)
    driven.clock.pass_s(3600)
    follower.connected(driven.connect(), OwnActions())
    assert effect.active
    assert all(effect.active)
    assert len(effect.active) <= 3
    assert effect.resynchronised == 1


def test_what_makes_the_pbx_equal_and_fails_is_done_by_the_next_connection(driven: Driven) -> None:
    effect = Equal()
    follower = driven.lead(effect)
    connection = driven.connect()
    follower.connected(connection, OwnActions())
    connection.close()
    driven.register("vendas")
    holds(lambda: bool(follower._again))
    follower.disconnected()
    assert effect.active == []
    follower.connected(driven.connect(), OwnActions())
    assert effect.active == [True]


def test_events_of_another_company_are_passed_over(driven: Driven) -> None:
    effect = Announced()
    driven.lead(effect).connected(driven.connect(), OwnActions())
    other = Caller(uuid4(), "operator", frozenset(PERMISSIONS))
    driven.bus.execute(RegisterQueue(name="outra"), other)
    driven.register("vendas")
    holds(lambda: effect.done == ["vendas"])


def test_a_position_is_saved_though_nothing_is_asked_for(driven: Driven, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_SAVES_S", 0.0)
    follower = driven.lead()
    driven.register("vendas")
    follower.connected(driven.connect(), OwnActions())
    assert follower._progress.position() == driven.store.end()


def test_every_effect_of_the_package_names_topics_that_exist() -> None:
    from domain.base import CATALOGUE

    assert {topic for effect in effects() for topic in effect.TOPICS} <= CATALOGUE.keys()


def test_the_client_of_ari_asks_the_address_of_the_setting() -> None:
    assert ari_client(ASTERISK) is None
    client = ari_client(Asterisk("pbx", "u", "s", control=True, ari="http://pbx:8088", ari_user="a", ari_secret="b"))
    assert client is not None
    with closing(client):
        assert str(client.build_request("PUT", "asterisk/config").url) == "http://pbx:8088/ari/asterisk/config"
