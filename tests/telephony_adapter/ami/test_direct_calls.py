"""Calls of an agent's telephone that no queue gave it: however they come about, the agent is in a call, and only while the telephone is."""

from __future__ import annotations

from pathlib import Path

import pytest

from domain.base import SECOND
from telephony_adapter.ami.last_known import LastKnown, OpenDirectCall
from telephony_adapter.ami.translator import Translator
from tests.kit.one_call import AGENT, ANA, CALL, CALLER, born, complete, connect, dial_end, hang_up, join, leave, ring
from tests.kit.packets import BANNER, T0, Story, as_lines, event, note, story, undated

BRUNO = {"Interface": "PJSIP/1002", "MemberName": "Bruno"}
PHONE = {"Channel": "PJSIP/1002-00000007", "Uniqueid": f"{T0 + 5}.7"}


def added(member: dict[str, str], at: float = 0, **more: str) -> str:
    return event("QueueMemberAdded", at, Queue="vendas", **member, **more)


def new(at: float, linked: str = PHONE["Uniqueid"], **more: object) -> str:
    return event("Newchannel", at, **PHONE | {"Linkedid": linked, "ChannelState": 0, "Exten": "s"} | more)


def up(at: float, linked: str = PHONE["Uniqueid"], **more: object) -> str:
    return event("Newstate", at, **PHONE | {"Linkedid": linked, "ChannelState": 6, "ChannelStateDesc": "Up"} | more)


def down(at: float, **more: object) -> str:
    return event("Hangup", at, **PHONE | {"Cause": 16} | more)


def dialled_by(source: str, at: float, dialled: str = "1002", **more: object) -> str:
    both = {"DestChannel": PHONE["Channel"], "DestUniqueid": PHONE["Uniqueid"], "DialString": dialled, "Channel": "PJSIP/x-00000001"}
    return event("DialBegin", at, **both | {"Uniqueid": source} | more)


def direct(observed: Story, agent: str = "Bruno") -> list[tuple[str, float]]:
    return [(fact.kind, fact.at / SECOND - T0) for fact in observed.agent(agent) if fact.kind in ("direct_call_began", "direct_call_ended")]


CALLED = [new(5), up(6), down(9)]
TRANSFERRED = [born(), join(1), *ring(1), connect(2, 1), dialled_by(CALL, 5), new(5, CALL), up(6, CALL), down(9), hang_up(9)]
CLICKED = [
    new(5),
    event("DialBegin", 5, DestChannel=PHONE["Channel"], DestUniqueid=PHONE["Uniqueid"], DialString="1002"),
    up(5.5),
    event("Newchannel", 6, Channel="PJSIP/1001-00000008", Uniqueid=f"{T0 + 6}.8", Linkedid=PHONE["Uniqueid"], ChannelState=0, Exten="s"),
    event("DialBegin", 6, **PHONE, DestChannel="PJSIP/1001-00000008", DestUniqueid=f"{T0 + 6}.8", DialString="1001"),
    down(9),
]


@pytest.mark.parametrize("packets", [CALLED, TRANSFERRED, CLICKED], ids=["called", "transferred", "clicked"])
def test_an_agent_whose_telephone_is_up_without_a_queue_is_in_a_direct_call(tmp_path: Path, packets: list[str]) -> None:
    observed = story(tmp_path, [BANNER, added(BRUNO), added(ANA), *packets])
    assert direct(observed) == [("direct_call_began", 6), ("direct_call_ended", 9)]


@pytest.mark.parametrize("dials", [True, False], ids=["dials", "is called first"])
def test_who_picks_up_what_rings_at_another_telephone_is_in_a_direct_call_until_the_end(tmp_path: Path, dials: bool) -> None:
    rings = {"TargetChannel": AGENT["DestChannel"], "TargetUniqueid": AGENT["DestUniqueid"]}
    first = [] if dials else [event("DialBegin", 3, DestChannel=PHONE["Channel"], DestUniqueid=PHONE["Uniqueid"], DialString="1002")]
    own = {"DestChannel": PHONE["Channel"], "DestUniqueid": PHONE["Uniqueid"]}
    rang = event("Hangup", 4.5, Channel=AGENT["DestChannel"], Uniqueid=AGENT["DestUniqueid"], Cause=26)
    picked = [new(3), *first, up(3.5), event("Pickup", 4, **PHONE, **rings), leave(4.25), connect(4.25, 3, **own), rang]
    ended = [complete(9, 3, 5, **own), down(9), hang_up(9.5)]
    observed = story(tmp_path, [BANNER, added(BRUNO), added(ANA), born(), join(1), *ring(1), *picked, *ended])
    assert direct(observed) == [("direct_call_began", 3.5 if dials else 4), ("direct_call_ended", 9)]
    assert direct(observed, "Ana Souza") == []
    assert observed.kinds(CALL, "answered", "released") == ["answered", "released"]


def test_a_telephone_that_rings_and_is_not_answered_is_in_no_call(tmp_path: Path) -> None:
    assert direct(story(tmp_path, [BANNER, added(BRUNO), new(5), up(6, ChannelState=5, ChannelStateDesc="Ringing"), down(9)])) == []


def test_a_queues_call_whose_ring_was_cut_off_is_no_direct_call(tmp_path: Path) -> None:
    leg = {"DestChannel": PHONE["Channel"], "DestUniqueid": PHONE["Uniqueid"]}
    member = {"Interface": BRUNO["Interface"], "MemberName": BRUNO["MemberName"]}
    observed = story(
        tmp_path, [BANNER, added(BRUNO), born(), join(1), new(5, CALL), up(6, CALL), connect(6.01, 5, **leg | member), down(9), hang_up(9)]
    )
    assert direct(observed) == [("direct_call_began", 6), ("direct_call_ended", 6)], "of no length, so no span comes of it"


def test_a_queues_call_is_no_direct_call(tmp_path: Path) -> None:
    leg = {"Channel": AGENT["DestChannel"], "Uniqueid": AGENT["DestUniqueid"]}
    stream = [
        born(),
        join(1),
        *ring(1),
        up(2, CALL, **leg),
        dial_end(2, "ANSWER"),
        leave(2),
        connect(2, 1),
        complete(5, 1, 3),
        down(5, **leg),
    ]
    assert direct(story(tmp_path, [BANNER, added(ANA), *stream, hang_up(5.1)]), "Ana Souza") == []


def test_a_queues_call_through_the_dialplan_is_no_direct_call_of_the_telephone_behind_it(tmp_path: Path) -> None:
    one, two = ({"Channel": f"Local/1002@ramais-0000000a;{half}", "Uniqueid": f"{T0 + 1}.{half}"} for half in (1, 2))
    local = {"Interface": "Local/1002@ramais/n", "MemberName": "Bruno"}
    leg = {"DestChannel": one["Channel"], "DestUniqueid": one["Uniqueid"]}
    halves = {f"Local{name}{key}": half[key] for name, half in (("One", one), ("Two", two)) for key in half}
    queued = [
        born(),
        join(1),
        *ring(1, **local, **leg),
        event("LocalBridge", 1, **halves),
        new(1, CALL),
        dialled_by(two["Uniqueid"], 1),
        up(2, CALL),
    ]
    observed = story(
        tmp_path, [BANNER, added(local, StateInterface="PJSIP/1002"), *queued, leave(2), connect(2, 1, **local, **leg), down(9)]
    )
    assert direct(observed) == []
    assert direct(story(tmp_path, [BANNER, added(local, StateInterface="PJSIP/1002"), *CALLED])) == [
        ("direct_call_began", 6),
        ("direct_call_ended", 9),
    ]


def hint(telephones: str, exten: str = "1002@ext-local") -> str:
    number, _, context = exten.partition("@")
    return undated("Event: ExtensionStatus", Exten=number, Context=context, Hint=telephones, Status=0, StatusText="Idle")


@pytest.mark.parametrize("listed_first", [True, False])
def test_the_telephone_behind_a_hint_is_the_agents(tmp_path: Path, listed_first: bool) -> None:
    member = added({"Interface": "Local/1002@from-queue/n", "MemberName": "Bruno"}, StateInterface="hint:1002@ext-local")
    listed = hint("PJSIP/1002&Custom:DND1002,CustomPresence:1002")
    before = [listed, member] if listed_first else [member, listed]
    assert direct(story(tmp_path, [BANNER, *before, *CALLED])) == [("direct_call_began", 6), ("direct_call_ended", 9)]


@pytest.mark.parametrize("listed", [hint("PJSIP/1002", "1002@other"), hint("Custom:DND1002")])
def test_a_telephone_behind_another_hint_is_nobodys(tmp_path: Path, listed: str) -> None:
    member = added({"Interface": "Local/1002@from-queue/n", "MemberName": "Bruno"}, StateInterface="hint:1002@ext-local")
    assert direct(story(tmp_path, [BANNER, member, listed, *CALLED])) == []


def test_who_dials_out_with_a_telephone_behind_a_hint_is_the_agent_and_no_customer(tmp_path: Path) -> None:
    member = added({"Interface": "Local/1002@from-queue/n", "MemberName": "Bruno"}, StateInterface="hint:1002@ext-local")
    trunk = {"DestChannel": "PJSIP/tronco-00000008", "DestUniqueid": f"{T0 + 6}.8", "DialString": "11988000814@tronco"}
    leg = event(
        "Newchannel", 6, Channel=trunk["DestChannel"], Uniqueid=trunk["DestUniqueid"], Linkedid=PHONE["Uniqueid"], ChannelState=0, Exten=""
    )
    dials = [new(5, ChannelState=4, Exten="11988000814"), leg, event("DialBegin", 6, **PHONE | trunk), down(9)]
    observed = story(tmp_path, [BANNER, member, hint("PJSIP/1002"), *dials])
    assert [(fact.kind, fact.agent) for fact in observed.of(PHONE["Uniqueid"]) if fact.kind in ("arrived", "dialled")] == [
        ("dialled", "Bruno")
    ]


def test_a_direct_call_that_a_cut_hides_ends_when_a_list_lacks_it_and_one_that_began_in_the_cut_is_listed(tmp_path: Path) -> None:
    path = tmp_path / "stream.jsonl"
    other = {"Channel": "PJSIP/1001-00000009", "Uniqueid": f"{T0 + 12}.9", "Linkedid": f"{T0 + 12}.9"}
    back = [
        event("FullyBooted", 20, Uptime=1000, Status="Fully Booted"),
        undated("Event: CoreShowChannel", **other, Context="ramais", Exten="s", ChannelStateDesc="Up", Timestamp=f"{T0 + 20:.6f}"),
        event("CoreShowChannelsComplete", 20, EventList="Complete", ListItems=1),
        event("Hangup", 30, **other, Cause=16),
    ]
    path.write_text(
        as_lines([BANNER, event("FullyBooted", 0, Uptime=980, Status="Fully Booted"), added(BRUNO), added(ANA), new(5), up(6)])
        + note("tcp-closed", 10)
        + note("tcp-connected", 20)
        + as_lines([BANNER, *back], T0 + 20)
    )
    observed = Story(path)
    assert direct(observed) == [("direct_call_began", 6), ("direct_call_ended", 20)]
    assert direct(observed, "Ana Souza") == [("direct_call_began", 20), ("direct_call_ended", 30)]


def test_a_restart_ends_direct_calls_at_its_instant(tmp_path: Path) -> None:
    path = tmp_path / "stream.jsonl"
    path.write_text(
        as_lines([BANNER, event("FullyBooted", 0, Uptime=980, Status="Fully Booted"), added(BRUNO), new(5), up(6)])
        + note("tcp-closed", 10)
        + note("tcp-connected", 20)
        + as_lines([BANNER, event("FullyBooted", 20, Uptime=5, Status="Fully Booted")], T0 + 20)
    )
    assert direct(Story(path)) == [("direct_call_began", 6), ("direct_call_ended", 15)]


def test_who_takes_over_ends_the_direct_calls_that_ended_meanwhile() -> None:
    translator = Translator("story")
    translator.restore(LastKnown(T0 * SECOND, (T0 + 60) * SECOND, direct=[OpenDirectCall("Bruno", PHONE["Uniqueid"])]))
    assert translator.pbx.direct == {PHONE["Uniqueid"]: ("Bruno", 0)}
    assert PHONE["Uniqueid"] in translator.pbx.channels
    assert CALLER["Uniqueid"] not in translator.pbx.channels
