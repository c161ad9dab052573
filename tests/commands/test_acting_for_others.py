"""Whoever acts for an agent of somebody else, or on a call of others, needs a permission for that, which each such command names."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID, uuid4

import msgspec
import pytest

import discovery
from commands.agents import AssignAgent, ExpireLease, Heartbeat, LogIn, LogOut, PauseAgent, RegisterAgent, ResumeAgent
from commands.calls import PlaceCall
from commands.command_bus import CommandBus
from commands.handler_context import DEPLOYMENT, HANDLERS, OWN, Caller, Command
from commands.interactions import (
    AnswerCall,
    CallCommand,
    DialOut,
    EndCall,
    HoldCall,
    NoteCall,
    OfferCall,
    ReleaseCall,
    RingAgent,
    RingNoAnswer,
    StartCall,
    WrapUp,
)
from commands.leg_quality import MeasureDownlink
from commands.observations import MatchMember, ObserveAgent, ObserveCall
from commands.phones import ChoosePhone, ClosePhone, ExpirePhone, OpenPhone, ReleasePhone, TakePhone
from commands.queues import RegisterQueue
from commands.recordings import OfTalk, PauseRecording, ResumeRecording, StartRecording, StopRecording
from commands.supervision import SuperviseCall
from commands.users import RegisterUser, SetPermissions
from domain.access import ACT_FOR_OTHERS, ATTEND, MANAGE_USERS, OBSERVE, PERMISSIONS, SUPERVISE, Actor, Level
from domain.errors import DomainError, NotAllowed, Refused
from domain.ids import agent_id, phone_id
from domain.voice.facts import Fact

TENANT = uuid4()
OPERATOR = Caller(TENANT, "operator", frozenset(PERMISSIONS))
BRUNO = agent_id(TENANT, "Bruno")

discovery.modules("commands")
ABOUT_AGENTS = sorted(
    (
        command
        for command in HANDLERS
        if command.__module__.startswith("commands.")
        and {"agent", "supervisor"} & {field.name for field in msgspec.structs.fields(command)}
    ),
    key=lambda command: command.__name__,
)


class Center:
    """Ana and Bruno, each of a user of the same level, are logged in; Bruno talks in `talk`; `waiting` waits."""

    def __init__(self, bus: CommandBus) -> None:
        self.bus = bus
        self.do(RegisterQueue(name="vendas"))
        self.users = {name: self.do(RegisterUser(name=name, email=f"{name}@example.com")) for name in ("Ana", "Bruno")}
        for name, user in self.users.items():
            self.do(LogIn(agent=name))
            self.do(AssignAgent(agent=agent_id(TENANT, name), user=user))
            self.do(MatchMember(interface=f"PJSIP/{name}", member=name))
        self.waiting, self.talk = self.call("waiting"), self.call("talk")
        self.do(AnswerCall(interaction=self.talk, agent="Bruno"))

    def do(self, command: Command) -> UUID:
        return self.bus.execute(command, OPERATOR).id

    def call(self, name: str) -> UUID:
        call = self.do(StartCall(call=name, from_number="5511987654321"))
        self.do(OfferCall(interaction=call, queue="vendas"))
        return call

    def user(self, level: Level, *permissions: str) -> Caller:
        """Somebody to whom no agent belongs."""
        held: Any = tuple(permissions)
        id = self.do(RegisterUser(name="U", email=f"{uuid4()}@example.com", level=level, permissions=held))
        return Caller(TENANT, f"user:{id}", frozenset(permissions), user=Actor(id, level, frozenset(permissions)))

    def answer(self, command: Command, caller: Caller) -> str:
        """The code with which the command is refused for want of a right; "" if it is not. A refused one leaves no trace."""
        before = self.bus.store.end()
        try:
            self.bus.execute(command, caller)
        except NotAllowed as refused:
            assert self.bus.store.end() == before
            return refused.code
        except DomainError:
            return ""
        return ""


@pytest.fixture
def center(bus: CommandBus) -> Center:
    return Center(bus)


COMMANDS: dict[type[Command], tuple[str, Callable[[Center], Command]]] = {
    LogIn: (ACT_FOR_OTHERS, lambda center: LogIn(agent="Bruno", queues=("vendas",))),
    LogOut: (ACT_FOR_OTHERS, lambda center: LogOut(agent="Bruno")),
    PauseAgent: (ACT_FOR_OTHERS, lambda center: PauseAgent(agent="Bruno", reason="x")),
    ResumeAgent: (ACT_FOR_OTHERS, lambda center: ResumeAgent(agent="Bruno")),
    Heartbeat: (ACT_FOR_OTHERS, lambda center: Heartbeat(agent="Bruno")),
    ExpireLease: (DEPLOYMENT, lambda center: ExpireLease(agent=BRUNO, due=0)),
    RegisterAgent: (MANAGE_USERS, lambda center: RegisterAgent(agent="Carla", user=center.users["Bruno"])),
    AssignAgent: (MANAGE_USERS, lambda center: AssignAgent(agent=BRUNO, user=None)),
    PlaceCall: (ACT_FOR_OTHERS, lambda center: PlaceCall(agent="Bruno", number="11987654321")),
    DialOut: (ACT_FOR_OTHERS, lambda center: DialOut(agent="Bruno", to_number="11987654321")),
    RingAgent: (ACT_FOR_OTHERS, lambda center: RingAgent(interaction=center.waiting, agent="Bruno")),
    RingNoAnswer: (ACT_FOR_OTHERS, lambda center: RingNoAnswer(interaction=center.waiting, agent="Bruno")),
    AnswerCall: (ACT_FOR_OTHERS, lambda center: AnswerCall(interaction=center.waiting, agent="Bruno")),
    MeasureDownlink: (ACT_FOR_OTHERS, lambda center: MeasureDownlink(agent="Bruno", jitter_ms=1, loss_percent=1, interaction=center.talk)),
    OpenPhone: (OWN, lambda center: OpenPhone(agent="Bruno")),
    ClosePhone: (ACT_FOR_OTHERS, lambda center: ClosePhone(agent="Bruno")),
    ChoosePhone: (ACT_FOR_OTHERS, lambda center: ChoosePhone(agent="Bruno", interface="PJSIP/1001", given=("*",))),
    ReleasePhone: (ACT_FOR_OTHERS, lambda center: ReleasePhone(agent="Bruno", interface="PJSIP/Bruno")),
    ExpirePhone: (DEPLOYMENT, lambda center: ExpirePhone(phone=phone_id(TENANT, BRUNO), agent=BRUNO)),
    TakePhone: (DEPLOYMENT, lambda center: TakePhone(agent=BRUNO, at=0)),
    ObserveAgent: (
        OBSERVE,
        lambda center: ObserveAgent(agent="Bruno", facts=(Fact("logged_out", center.bus.clock.now_us(), clock="ami"),)),
    ),
    SuperviseCall: (ACT_FOR_OTHERS, lambda center: SuperviseCall(interaction=center.talk, supervisor="Bruno", mode="hang-up")),
}


def test_every_command_that_names_an_agent_is_looked_at_here() -> None:
    assert set(ABOUT_AGENTS) == set(COMMANDS)


@pytest.mark.parametrize("kind", ABOUT_AGENTS)
def test_a_command_for_an_agent_of_somebody_else_needs_the_permission_that_it_names(center: Center, kind: type[Command]) -> None:
    needed, command = COMMANDS[kind]
    assert kind.permission_for_others == needed
    others: list[str] = [permission for permission in PERMISSIONS if permission != needed]
    assert center.answer(command(center), center.user("manager", *others)), "a manager without the permission"
    every = tuple(PERMISSIONS)
    if needed not in (OBSERVE, MANAGE_USERS):
        assert center.answer(command(center), center.user("user", *every)), "a user of level user, whatever permissions"
    if needed in (OWN, DEPLOYMENT):
        assert center.answer(command(center), center.user("admin", *every))
    else:
        assert center.answer(command(center), center.user("admin", *every)) == ""


OF_CALLS = sorted((kind for kind in CallCommand.__subclasses__() if kind not in COMMANDS), key=lambda kind: kind.__name__)
_FIELDS = {"queue": "vendas", "ivr": "principal", "option": "1", "note": "x", "jitter_ms": 1.0, "loss_percent": 1.0}


def on(call: UUID, kind: type[Any]) -> Command:
    fields = {field.name: _FIELDS[field.name] for field in msgspec.structs.fields(kind) if field.required and field.name != "interaction"}
    made: Command = kind(interaction=call, **fields)
    return made


@pytest.mark.parametrize("kind", [*OF_CALLS, StartRecording, PauseRecording, ResumeRecording, StopRecording])
def test_only_who_takes_part_in_a_call_or_may_act_for_others_changes_it(center: Center, kind: type[CallCommand | OfTalk]) -> None:
    assert kind.permission_for_others == ACT_FOR_OTHERS
    others = [permission for permission in PERMISSIONS if permission != ACT_FOR_OTHERS]
    ana = Caller(TENANT, "user:ana", frozenset({ATTEND}), user=Actor(center.users["Ana"], "user", frozenset({ATTEND})))
    give_all(center, "Ana")
    for caller in (ana, center.user("user", *PERMISSIONS), center.user("manager", *others)):
        assert center.answer(on(center.talk, kind), caller) == "call-of-another-user"
        if not issubclass(kind, OfTalk):
            assert center.answer(on(center.waiting, kind), caller) == "call-of-another-user"
    assert center.answer(on(center.talk, kind), center.user("manager", *PERMISSIONS)) == ""


def give_all(center: Center, name: str) -> None:
    center.do(SetPermissions(user=center.users[name], level="user", permissions=(ATTEND, SUPERVISE)))


def test_an_agent_acts_on_the_calls_of_the_own(center: Center) -> None:
    give_all(center, "Bruno")
    bruno = Caller(TENANT, "user:bruno", frozenset({ATTEND}), user=Actor(center.users["Bruno"], "user", frozenset({ATTEND})))
    call, now = center.talk, center.bus.clock.now_us()
    for command in (HoldCall(interaction=call), NoteCall(interaction=call, note="x"), ReleaseCall(interaction=call, at=now + 1_000_000)):
        center.bus.execute(command, bruno)
    center.do(OfferCall(interaction=call, queue="vendas", at=now + 2_000_000))
    assert center.answer(EndCall(interaction=call, at=now + 3_000_000), bruno) == "call-of-another-user", "it waits for somebody else"
    center.bus.execute(NoteCall(interaction=call, note="transferred", at=now + 3_000_000), bruno)
    center.do(EndCall(interaction=call, at=now + 4_000_000))
    center.bus.execute(WrapUp(interaction=call, tag="x", at=now + 5_000_000), bruno)


def test_a_call_that_a_pbx_leads_is_changed_there_and_not_by_commands_of_users(center: Center) -> None:
    now = center.bus.clock.now_us()
    facts = tuple(
        Fact(kind, now - 1_000 + at, clock="ami", queue="vendas", agent="Ana" if at else "")
        for at, kind in enumerate(("offered", "answered"))
    )
    followed = center.do(ObserveCall(call="1799999900.1", facts=facts))
    admin = center.user("admin", *PERMISSIONS)
    before = center.bus.store.end()
    for kind in (*OF_CALLS, AnswerCall, RingAgent, RingNoAnswer):
        if kind in (NoteCall, WrapUp):
            continue
        command = kind(interaction=followed, agent="Ana") if kind in COMMANDS else on(followed, kind)  # type: ignore[call-arg]
        with pytest.raises(Refused) as refused:
            center.bus.execute(command, admin)
        assert refused.value.code == "call-followed-at-pbx"
    assert center.bus.store.end() == before
    center.bus.execute(NoteCall(interaction=followed, note="x"), admin)
    # What is reported of the PBX by the deployment itself is no command of a user.
    center.do(EndCall(interaction=followed))


def test_a_call_that_names_a_telephone_is_the_call_of_who_had_it(center: Center) -> None:
    """Its agent writes about it and is busy by it; who chose the telephone later is a stranger to it."""

    def followed(call: str, telephone: str) -> UUID:
        begun = center.bus.clock.now_us() - 1_000_000
        facts = (
            Fact("offered", begun, clock="ami", queue="vendas"),
            Fact("answered", begun + 1, clock="ami", queue="vendas", agent=telephone),
        )
        return center.do(ObserveCall(call=call, facts=facts))

    users = {
        name: Caller(TENANT, f"user:{id}", frozenset({ATTEND}), user=Actor(id, "user", frozenset({ATTEND})))
        for name, id in center.users.items()
    }
    for name in users:
        give_all(center, name)
    call = followed("1799999900.1", "PJSIP/Ana")
    assert center.answer(NoteCall(interaction=call, note="x"), users["Bruno"]) == "call-of-another-user"
    center.bus.execute(NoteCall(interaction=call, note="x"), users["Ana"])
    center.bus.execute(StartRecording(interaction=call), users["Ana"])
    with pytest.raises(Refused) as refused:
        center.do(AnswerCall(interaction=center.waiting, agent="Ana"))
    assert refused.value.code == "agent-busy"
    before = followed("1799999901.1", "PJSIP/1999")
    center.do(ChoosePhone(agent="Ana", interface="PJSIP/1999"))
    assert center.answer(NoteCall(interaction=before, note="x"), users["Ana"]) == "call-of-another-user"
