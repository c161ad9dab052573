"""Which calls the PBX has told of itself."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from uuid import uuid4

import pytest

from commands.agents import LogIn
from commands.calls import PlaceCall
from commands.command_bus import CommandBus
from commands.handler_context import Caller
from commands.interactions import AnswerCall, OfferCall, StartCall
from commands.observations import ObserveCall
from commands.phones import ChoosePhone
from commands.queues import RegisterQueue
from commands.supervision import SuperviseCall
from domain.access import PERMISSIONS
from domain.supervision import SupervisionRequested
from domain.voice.facts import Fact
from settings import Asterisk
from store.event_store import Store
from store.storage_location import InDirectory
from telephony_adapter.control.pbx import Pbx
from telephony_adapter.control.supervising import Supervising
from tests.kit.clocks import Settable

TENANT = uuid4()
CALLER = Caller(TENANT, "user:test", frozenset(PERMISSIONS))
PRIVATE, OBSERVED = "1799999900.7", "1799999900.8"


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with closing(Store(InDirectory(tmp_path))) as store:
        yield store


@pytest.fixture
def bus(store: Store) -> CommandBus:
    bus = CommandBus(store, Settable())
    bus.execute(RegisterQueue(name="vendas"), CALLER)
    for agent, phone in (("Ana", "PJSIP/1001"), ("Carla", "PJSIP/1002")):
        bus.execute(LogIn(agent=agent), CALLER)
        bus.execute(ChoosePhone(agent=agent, interface=phone), CALLER)
    return bus


def test_a_call_that_a_client_alone_names_is_none_that_the_pbx_told_of_and_nobody_listens_to_it(bus: CommandBus, store: Store) -> None:
    pbx = Pbx(Asterisk("pbx", "u", "s"), TENANT, None, store, lambda: 0)  # type: ignore[arg-type]
    named = bus.execute(StartCall(call=PRIVATE), CALLER).id
    bus.execute(OfferCall(interaction=named, queue="vendas"), CALLER)
    bus.execute(AnswerCall(interaction=named, agent="Ana"), CALLER)
    assert not pbx.tells_of(named, PRIVATE)
    supervision = bus.execute(SuperviseCall(interaction=named, supervisor="Carla", mode="listen"), CALLER).id
    (asked,) = store.stream(supervision)
    assert isinstance(asked, SupervisionRequested)
    # It would list the channels of the PBX, which this one has not got.
    (concluded,) = Supervising().perform(asked, pbx)
    assert (concluded.outcome, concluded.reason) == ("failed", "refused")  # type: ignore[attr-defined]

    now = bus.clock.now_us()
    observed = bus.execute(ObserveCall(call=OBSERVED, facts=(Fact("offered", now, clock="ami", queue="vendas"),)), CALLER).id
    assert pbx.tells_of(observed, OBSERVED)
    placed = bus.execute(PlaceCall(agent="Carla", number="11987654321"), CALLER)
    assert pbx.tells_of(placed.id, str(placed.result["call"]))
