"""What the PBX is told of a call that an agent asks for."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import pytest

from commands.agents import LogIn
from commands.calls import PlaceCall
from commands.command_bus import Caller, CommandBus
from commands.observations import MatchMember
from commands.queues import RegisterQueue, RenameQueue
from domain.access import PERMISSIONS
from domain.agents import Agent
from domain.ids import agent_id
from domain.phones import phone_of
from settings import Asterisk
from store.event_store import Store
from telephony_adapter.ami.connection import Answer
from telephony_adapter.control.dialling import ANSWERS_ITSELF, Dialling, auto_answer, of_queue
from telephony_adapter.control.pbx import Pbx, PbxRefuses
from tests.kit.facts import TENANT


@pytest.mark.parametrize(
    ("name", "value"),
    [("vendas", "vendas"), ("Pós-venda (SP)", "Pós-venda (SP)"), ("a,GLOBAL(T)=1", r"a\,GLOBAL(T)=1"), ('"a",\\', r"\"a\"\,\\")],
)
def test_the_name_of_a_queue_is_one_variable_and_calls_no_function(name: str, value: str) -> None:
    assert of_queue(name) == f"__ATENDE_FILA={value}"


def test_the_trunk_is_nobodys_telephone_whoever_has_chosen_it() -> None:
    pbx = Pbx(Asterisk("pbx", "u", "s", trunk="tronco"), TENANT, None, None, lambda: 0)  # type: ignore[arg-type]
    with pytest.raises(PbxRefuses):
        pbx.ring("PJSIP/Tronco", 1)
    assert not pbx.is_trunk("PJSIP/tronco2")
    assert not Pbx(Asterisk("pbx", "u", "s"), TENANT, None, None, lambda: 0).is_trunk("PJSIP/")  # type: ignore[arg-type]


@pytest.mark.parametrize("others", ["PJSIP/1001", "PJSIP/web_0123456789abcdef", "PJSIP/web_", "Local/1001@ramais/n"])
def test_only_the_telephone_that_atende_made_for_the_agent_answers_by_itself(others: str) -> None:
    agent = Agent(agent_id(TENANT, "Ana"), TENANT, "Ana")
    agent.interfaces = (phone_of(TENANT, agent.id).interface, others)
    assert auto_answer(agent) == ANSWERS_ITSELF
    agent.interfaces = (others, phone_of(TENANT, agent.id).interface)
    assert auto_answer(agent) == ()


class Asked:
    """A connection to a PBX whose telephones answer. fields: of the last action."""

    def outcome(self, *_: object, **fields: object) -> Answer:
        self.fields = fields
        answer = Answer("Response: Success\r\n")
        answer.items.append({"Response": "Success"})
        return answer


def test_the_dialplan_knows_a_renamed_queue_by_its_first_name(tmp_path: Path) -> None:
    with closing(Store(tmp_path)) as store:
        bus, caller, asked = CommandBus(store), Caller(TENANT, "test", frozenset(PERMISSIONS)), Asked()
        queue = bus.execute(RegisterQueue(name="vendas"), caller).id
        bus.execute(LogIn(agent="Ana"), caller)
        bus.execute(MatchMember(interface="PJSIP/1001", member="Ana"), caller)
        bus.execute(RenameQueue(queue=queue, name="Comercial"), caller)
        placed = bus.execute(PlaceCall(agent="Ana", number="11987654321", queue="Comercial"), caller)
        pbx = Pbx(Asterisk("pbx", "u", "s", trunk="tronco"), TENANT, asked, store, lambda: 0)  # type: ignore[arg-type]
        assert Dialling().perform(store.stream(placed.id)[0], pbx) == ()
        assert asked.fields["Variable"] == ["__ATENDE_FILA=vendas"]
