"""An agent's phone: a session of the browser has a credential of its own, and one telephone of the agent rings."""

from __future__ import annotations

from uuid import uuid4

import pytest

from commands.agents import AssignAgent, LogIn
from commands.command_bus import CommandBus
from commands.handler_context import Caller
from commands.interactions import AnswerCall, NoteCall, OfferCall, ReleaseCall, StartCall, WrapUp
from commands.observations import MatchMember, ObserveAgent, ObserveCall
from commands.phones import ChoosePhone, ClosePhone, ExpirePhone, OpenPhone, ReleasePhone, phone_password
from commands.queues import RegisterQueue
from commands.users import RegisterUser
from domain.access import Actor
from domain.agents import Agent
from domain.base import SECOND
from domain.errors import Barred, InvalidField, NotAllowed, NotFound, Refused
from domain.ids import agent_id, phone_id
from domain.phones import MAX_CHOSEN, SESSION_US, Phone
from domain.users import PERMISSIONS
from domain.voice.facts import Fact
from domain.voice.interactions import Interaction
from store.event_store import project
from tests.kit.clocks import Settable

TENANT = uuid4()
CALLER = Caller(TENANT, "user:test", frozenset(PERMISSIONS))
NOON = 1_799_999_900_000_000
ANA = agent_id(TENANT, "Ana")


@pytest.fixture
def clock():
    return Settable()


@pytest.fixture
def bus(store, clock):
    return CommandBus(store, clock)


@pytest.fixture
def do(bus):
    """Executes a command; Ana is an agent."""
    bus.execute(RegisterQueue(name="vendas"), CALLER)
    bus.execute(LogIn(agent="Ana", queues=("vendas",)), CALLER)
    return lambda command: bus.execute(command, CALLER).result


def interfaces(store):
    return project(store.stream(ANA), Agent).interfaces


def test_a_session_makes_the_browser_the_telephone_that_rings(do, store):
    do(ChoosePhone(agent="Ana", interface="PJSIP/1001"))
    opened = do(OpenPhone(agent="Ana"))
    assert interfaces(store) == (f"PJSIP/{opened['username']}", "PJSIP/1001")
    do(ClosePhone(agent="Ana"))
    assert interfaces(store) == ("PJSIP/1001",)


def test_a_telephone_of_ones_own_ends_the_session(do, store):
    do(OpenPhone(agent="Ana"))
    do(ChoosePhone(agent="Ana", interface="PJSIP/1001"))
    assert interfaces(store) == ("PJSIP/1001",)
    assert project(store.stream(phone_id(TENANT, ANA)), Phone).nonce == ""


@pytest.mark.parametrize("interface", ["1001", "PJSIP/", "PJSIP/a b", "PJSIP/1001&PJSIP/1002", "PJSIP/web_0123456789abcdef", "Nope/1",
    # Through these the PBX would dial for whoever names them, or ring a colleague's browser.
    "PJSIP/0900123456@trunk", "PJSIP/x@web_0123456789abcdef", "DAHDI/g1/0900123456", "Local/0900123456@internal",
])  # fmt: skip
def test_a_telephone_is_named_as_the_pbx_names_it(do, interface):
    with pytest.raises(InvalidField) as refused:
        do(ChoosePhone(agent="Ana", interface=interface))
    assert refused.value.field == "interface"


def test_a_telephone_of_another_agent_is_refused_by_hand_until_that_agent_gives_it_up_and_never_to_a_source(do, bus, store):
    do(LogIn(agent="Bruno"))
    do(ChoosePhone(agent="Bruno", interface="PJSIP/1001"))
    bus.execute(MatchMember(interface="PJSIP/1002", member="Carla"), CALLER)
    bus.execute(ObserveAgent(agent="PJSIP/1003", facts=(Fact("paused", NOON, clock="ami", text="x"),)), CALLER)
    other = bus.execute(RegisterUser(name="Mia", email="mia@example.com"), CALLER).id
    bus.execute(AssignAgent(agent=agent_id(TENANT, "PJSIP/1003"), user=other), CALLER)
    for taken in ("PJSIP/1001", "PJSIP/1002", "PJSIP/1003"):
        with pytest.raises(Refused) as refused:
            do(ChoosePhone(agent="Ana", interface=taken))
        assert refused.value.code == "interface-taken"
    assert interfaces(store) == ()
    do(ReleasePhone(agent="Ana", interface="PJSIP/1001"))
    with pytest.raises(Refused):
        do(ChoosePhone(agent="Ana", interface="PJSIP/1001"))
    assert do(ReleasePhone(agent="Bruno", interface="PJSIP/1001")) == {"interfaces": ()}
    assert do(ChoosePhone(agent="Ana", interface="PJSIP/1001")) == {"interfaces": ("PJSIP/1001",)}
    assert do(ChoosePhone(agent="Ana", interface="PJSIP/1001")) == {"interfaces": ("PJSIP/1001",)}
    bus.execute(MatchMember(interface="PJSIP/1001", member="Bruno"), CALLER)
    assert interfaces(store) == ()


@pytest.mark.parametrize("claim", [ChoosePhone(agent="Ana", interface="PJSIP/1001"), MatchMember(interface="PJSIP/1001", member="Ana")])
def test_a_session_under_the_name_of_a_telephone_ends_when_it_becomes_another_agents(do, store, clock, claim):
    do(LogIn(agent="Bruno"))
    do(MatchMember(interface="PJSIP/1001", member="Bruno"))
    do(ReleasePhone(agent="Bruno", interface="PJSIP/1001"))
    do(ObserveAgent(agent="PJSIP/1001", facts=(Fact("logged_in", clock.now_us(), clock="ami", queue="vendas"),)))
    clock.pass_s(60)
    do(claim)
    events = list(store.stream(agent_id(TENANT, "PJSIP/1001")))
    assert [span.until_ms - span.from_ms for span in events[-1].spans] == [60_000]
    assert project(events, Agent).standing.session is None
    assert project(store.stream(ANA), Agent).queues_now() == ("vendas",)


def own(bus, level="user", permissions=("gerenciar-atendimento",)):
    """Who is a user of that level, to whom Ana belongs."""
    user = bus.execute(RegisterUser(name="U", email=f"{uuid4()}@example.com", level=level, permissions=permissions), CALLER).id
    bus.execute(AssignAgent(agent=ANA, user=user), CALLER)
    return Caller(TENANT, f"user:{user}", frozenset(permissions), user=Actor(user, level, frozenset(permissions)))


def test_an_agent_chooses_only_telephones_that_the_operator_gives(bus, do, store):
    agents = own(bus)
    given = ("PJSIP/10??", "PJSIP/2[0-4]*")
    for interface in ("PJSIP/1001", "PJSIP/2399"):
        bus.execute(ChoosePhone(agent="Ana", interface=interface, given=given), agents)
    for interface, patterns in (("PJSIP/10011", given), ("PJSIP/2500", given), ("SIP/1001", given), ("PJSIP/fax", ()), ("pjsip/1001", ())):
        with pytest.raises((NotAllowed, InvalidField)) as refused:
            bus.execute(ChoosePhone(agent="Ana", interface=interface, given=patterns), agents)
        assert refused.value.code in ("telephone-not-given", "invalid")
    assert interfaces(store) == ("PJSIP/2399", "PJSIP/1001")
    # What is the agent's by the PBX's own word needs no gift.
    bus.execute(MatchMember(interface="PJSIP/3001", member="Ana"), CALLER)
    bus.execute(ChoosePhone(agent="Ana", interface="PJSIP/3001"), agents)
    assert interfaces(store)[0] == "PJSIP/3001"


@pytest.mark.parametrize(("level", "permissions"), [("user", ("gerenciar-agentes",)), ("manager", ())])
def test_a_telephone_that_is_not_given_is_refused_to_who_does_not_administer_agents(bus, do, store, level, permissions):
    caller = own(bus, level, ("gerenciar-atendimento", *permissions))
    with pytest.raises(NotAllowed) as refused:
        bus.execute(ChoosePhone(agent="Ana", interface="PJSIP/diretoria"), caller)
    assert refused.value.code == "telephone-not-given"
    assert interfaces(store) == ()


def test_any_telephone_is_chosen_by_those_who_administer_agents(bus, do, store):
    caller = own(bus, "manager", ("gerenciar-atendimento", "gerenciar-agentes"))
    bus.execute(ChoosePhone(agent="Ana", interface="PJSIP/diretoria"), caller)
    assert interfaces(store) == ("PJSIP/diretoria",)


def test_an_agent_has_a_few_telephones_besides_the_browser(bus, do, store):
    do(OpenPhone(agent="Ana"))
    for number in range(MAX_CHOSEN):
        do(ChoosePhone(agent="Ana", interface=f"PJSIP/100{number}"))
    do(OpenPhone(agent="Ana"))
    do(ChoosePhone(agent="Ana", interface="PJSIP/1000"))
    with pytest.raises(Refused) as refused:
        do(ChoosePhone(agent="Ana", interface="PJSIP/1999"))
    assert refused.value.code == "too-many-telephones"
    bus.execute(MatchMember(interface="PJSIP/1999", member="Ana"), CALLER)
    assert len(interfaces(store)) == MAX_CHOSEN + 1, "what a source observes is never refused"
    do(ReleasePhone(agent="Ana", interface="PJSIP/1000"))
    do(ReleasePhone(agent="Ana", interface="PJSIP/1001"))
    do(ChoosePhone(agent="Ana", interface="PJSIP/1777"))


def test_each_session_has_a_password_of_its_own_that_the_log_does_not_have(do, store):
    first, second = do(OpenPhone(agent="Ana")), do(OpenPhone(agent="Ana"))
    passwords = [phone_password(store.keyring, TENANT, one["session"]) for one in (first, second)]
    assert first["username"] == second["username"]
    assert len(set(passwords)) == 2
    assert all(len(password) >= 32 for password in passwords)
    assert phone_password(store.keyring, uuid4(), first["session"]) != passwords[0]
    stored = b"".join(bytes(event.state) for event in store.read(0, 1_000))
    assert first["session"].encode() in stored
    assert not any(password.encode() in stored for password in passwords)


def test_a_renewed_session_keeps_its_credential_and_lasts_longer(do, clock):
    opened = do(OpenPhone(agent="Ana"))
    clock.pass_s(60)
    renewed = do(OpenPhone(agent="Ana", session=opened["session"]))
    assert renewed["session"] == opened["session"]
    assert renewed["expires_at"] == opened["expires_at"] + 60 * SECOND


def test_a_session_that_another_browser_has_ended_is_not_renewed(do):
    opened = do(OpenPhone(agent="Ana"))
    do(OpenPhone(agent="Ana"))
    with pytest.raises(Refused) as refused:
        do(OpenPhone(agent="Ana", session=opened["session"]))
    assert refused.value.code == "phone-session-ended"
    # The page that was told so signs out, which ends nothing of the other's.
    do(ClosePhone(agent="Ana", session=opened["session"]))
    assert do(OpenPhone(agent="Ana"))["session"] != opened["session"]


def test_a_session_that_is_not_renewed_expires(do, clock, store):
    opened = do(OpenPhone(agent="Ana"))
    command = ExpirePhone(phone=phone_id(TENANT, ANA), agent=ANA)
    assert do(command) == {"expired": False}
    clock.pass_s(SESSION_US / SECOND)
    with pytest.raises(Refused):
        do(OpenPhone(agent="Ana", session=opened["session"]))
    assert do(command) == {"expired": True}
    assert interfaces(store) == ()
    assert do(command) == {"expired": False}


def test_a_user_opens_the_phone_of_an_own_agent_only(bus, do):
    other = Actor(uuid4(), "user", frozenset(PERMISSIONS))
    with pytest.raises(Barred):
        bus.execute(OpenPhone(agent="Ana"), Caller(TENANT, f"user:{other.user}", frozenset(PERMISSIONS), user=other))
    manager = bus.execute(RegisterUser(name="Mia", email="mia@example.com", level="manager", permissions=PERMISSIONS), CALLER).id
    with pytest.raises(NotAllowed, match="gets its calls"):
        bus.execute(
            OpenPhone(agent="Ana"),
            Caller(TENANT, f"user:{manager}", frozenset(PERMISSIONS), user=Actor(manager, "manager", frozenset(PERMISSIONS))),
        )
    with pytest.raises(NotFound):
        do(OpenPhone(agent="Nobody"))


def test_the_password_of_a_session_is_no_entry_of_the_index_of_numbers(do, store):
    nonce = do(OpenPhone(agent="Ana"))["session"]
    assert phone_password(store.keyring, TENANT, nonce) != store.keyring.tag(TENANT, "phone", nonce).hex()


def test_a_note_is_personal_data_of_the_call_and_follows_its_end(do, bus, store):
    call = bus.execute(StartCall(call="c1", from_number="5511987654321"), CALLER).id
    do(OfferCall(interaction=call, queue="vendas"))
    do(AnswerCall(interaction=call, agent="Ana"))
    do(NoteCall(interaction=call, note="  Ligar na segunda "))
    (fact,) = [fact for event in store.stream(call) for fact in event.facts if fact.kind == "note"]
    assert store.keyring.open(fact.private) == "Ligar na segunda"
    assert fact.private.subject == project(store.stream(call), Interaction).call.contact
    assert not any(b"segunda" in bytes(event.state) for event in store.read(0, 1_000))
    do(ReleaseCall(interaction=call))
    for command, field in (
        (NoteCall(interaction=call, note=" \n"), "note"),
        (NoteCall(interaction=call, note="a\0b"), "note"),
        (NoteCall(interaction=call, note="a" * 4_001), "note"),
        (WrapUp(interaction=call, tag=" "), "tag"),
        (WrapUp(interaction=call, tag="a\u202eb"), "tag"),
    ):
        with pytest.raises(InvalidField) as refused:
            do(command)
        assert refused.value.field == field


def test_an_agent_finishes_early_the_wrap_up_of_a_talk_that_a_pbx_reported(bus, store, clock, do):
    bus.execute(RegisterQueue(name="retenção", wrap_up_ms=60_000), CALLER)
    began = clock.now_us()
    facts = tuple(
        Fact(kind, began + at, clock="ami", queue="retenção", agent="Ana" if kind != "offered" else "", ref=f"ami:{kind}")
        for at, kind in enumerate(("offered", "answered", "released"))
    )
    call = bus.execute(ObserveCall(call=f"{began // SECOND}.0", facts=facts), CALLER).id

    def wrap_up_ms():
        return project(store.stream(call), Interaction).state.visits[-1].wrap_up_ms

    assert wrap_up_ms() == 60_000, "as long as nobody finishes it, the queue's limit ends it"
    clock.us = began + 20 * SECOND
    do(WrapUp(interaction=call, tag="resolvida"))
    assert wrap_up_ms() == 20_000
    with pytest.raises(Refused):
        do(WrapUp(interaction=call))


def test_a_call_that_a_pbx_reported_is_tagged_after_its_end_although_it_knows_no_wrap_ups(bus, store, do):
    facts = tuple(
        Fact(kind, NOON + at, clock="ami", queue="vendas", agent="Ana" if kind != "offered" else "", ref=f"ami:{kind}")
        for at, kind in enumerate(("offered", "answered", "released"))
    )
    call = bus.execute(ObserveCall(call="1796002974.0", facts=facts), CALLER).id
    with pytest.raises(Refused) as refused:
        do(WrapUp(interaction=call))
    assert refused.value.code == "call-not-wrapping-up"
    do(WrapUp(interaction=call, tag="venda fechada"))
    assert [fact.text for event in store.stream(call) for fact in event.facts if fact.kind == "tagged"] == ["venda fechada"]
    assert not any(fact.kind == "wrap_up" for event in store.stream(call) for fact in event.facts)
