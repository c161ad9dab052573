"""Events of what Atende itself does with members of queues, told apart from those of others."""

from __future__ import annotations

from domain.voice.facts import ECHO
from telephony_adapter.ami.own_actions import AWAITED_S, Kind, OwnActions
from telephony_adapter.ami.packets import Packet
from telephony_adapter.ami.stream import PacketStream
from telephony_adapter.ami.translator import Translator
from tests.kit.packets import event

MEMBER = {"Queue": "vendas", "Interface": "PJSIP/1001", "MemberName": "Ana", "Paused": "0"}


class Members:
    """A stream of events of members, and what agents did according to it, with the mark of each fact."""

    def __init__(self) -> None:
        self.translator = Translator("ami:test")
        self.stream = PacketStream(self.translator.interest)
        self.at = 0
        self.now_s = 1_000.0
        self.own = self.translator.pbx.own = OwnActions(lambda: self.now_s)

    def begins(self, kind: Kind, *actions: str) -> None:
        for action in actions:
            self.own.begin(kind, action, "vendas", "PJSIP/1001")

    def sees(self, name: str, **more: str) -> list[tuple[str, int]]:
        self.at += 1
        packets: list[Packet] = list(self.stream.packet(event(name, self.at, **MEMBER | more), 0, self.at))
        observed = [each for packet in packets for each in self.translator.feed(packet)]
        return [(fact.kind, fact.mark) for each in observed for fact in getattr(each, "facts", ()) if getattr(each, "agent", "")]


def test_a_renewal_is_seen_by_nobody_and_what_follows_it_is() -> None:
    members = Members()
    assert members.sees("QueueMemberAdded") == [("logged_in", 0)]
    members.begins("renewal", "QueueRemove", "QueueAdd")
    assert members.sees("QueueMemberRemoved") == []
    assert members.sees("QueueMemberAdded") == []
    assert members.sees("QueueMemberRemoved") == [("logged_out", 0)]
    assert members.sees("QueueMemberAdded") == [("logged_in", 0)]


def test_what_was_commanded_is_an_echo_once_for_each_action() -> None:
    members = Members()
    members.begins("echo", "QueueAdd", "QueueRemove", "QueueAdd", "QueuePause", "QueuePause")
    assert members.sees("QueueMemberAdded", Paused="1") == [("logged_in", ECHO), ("paused", ECHO)]
    assert members.sees("QueueMemberRemoved") == [("logged_out", ECHO)]
    assert members.sees("QueueMemberAdded") == [("logged_in", ECHO)]
    assert members.sees("QueueMemberPause", Paused="1") == [("paused", ECHO)]
    assert members.sees("QueueMemberPause") == [("resumed", ECHO)]
    assert members.sees("QueueMemberPause", Paused="1") == [("paused", 0)]
    assert members.sees("QueueMemberRemoved") == [("logged_out", 0)]


def test_an_action_that_the_pbx_refused_hides_nothing() -> None:
    members = Members()
    members.sees("QueueMemberAdded")
    members.begins("renewal", "QueueRemove")
    members.own.cancel("renewal", "QueueRemove", "vendas", "PJSIP/1001")
    assert members.sees("QueueMemberRemoved") == [("logged_out", 0)]


def test_an_action_of_an_earlier_connection_hides_nothing() -> None:
    members = Members()
    members.sees("QueueMemberAdded")
    members.begins("renewal", "QueueRemove")
    members.own.forget()
    assert members.sees("QueueMemberRemoved") == [("logged_out", 0)]


def test_an_action_whose_event_never_came_hides_nothing_that_somebody_does_later() -> None:
    members = Members()
    members.sees("QueueMemberAdded")
    members.begins("echo", "QueuePause")
    members.begins("renewal", "QueueRemove")
    members.now_s += AWAITED_S + 1
    members.begins("echo", "QueuePause")
    members.now_s += AWAITED_S
    assert members.sees("QueueMemberPause", Paused="1") == [("paused", ECHO)]
    assert members.sees("QueueMemberPause") == [("resumed", 0)]
    assert members.sees("QueueMemberRemoved") == [("logged_out", 0)]


def test_a_refused_action_is_forgotten_and_not_the_same_one_before_it() -> None:
    members = Members()
    members.begins("echo", "QueuePause")
    members.now_s += AWAITED_S
    members.begins("echo", "QueuePause")
    members.own.cancel("echo", "QueuePause", "vendas", "PJSIP/1001")
    assert members.sees("QueueMemberPause", Paused="1") == [("paused", ECHO)]
    members.begins("echo", "QueuePause")
    assert members.sees("QueueMemberPause", Paused="1") == [("paused", ECHO)]


def test_a_paused_member_who_is_moved_to_another_telephone_is_paused_there_and_resumes_once() -> None:
    members = Members()
    members.sees("QueueMemberAdded", Paused="1", PausedReason="Almoço")
    members.begins("renewal", "QueueRemove")
    members.own.begin("renewal", "QueueAdd", "vendas", "PJSIP/1009")
    assert members.sees("QueueMemberRemoved") == []
    assert members.sees("QueueMemberAdded", Interface="PJSIP/1009", Paused="1", PausedReason="Almoço") == []
    state = members.translator.pbx.members
    assert {key: (member.name, member.paused, member.reason) for key, member in state.items()} == {
        ("vendas", "PJSIP/1009"): ("Ana", True, "Almoço")
    }
    assert members.sees("QueueMemberPause", Interface="PJSIP/1009") == [("resumed", 0)]
    assert members.sees("QueueMemberRemoved", Interface="PJSIP/1009") == [("logged_out", 0)]
