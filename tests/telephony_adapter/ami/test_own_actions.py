"""Events of what Atende itself does with members of queues, told apart from those of others."""

from __future__ import annotations

from domain.voice.facts import ECHO
from telephony_adapter.ami.own_actions import Kind, OwnActions
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

    @property
    def own(self) -> OwnActions:
        return self.translator.pbx.own

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
    assert members.sees("QueueMemberAdded") == [("joined", 0)]
    members.begins("renewal", "QueueRemove", "QueueAdd")
    assert members.sees("QueueMemberRemoved") == []
    assert members.sees("QueueMemberAdded") == []
    assert members.sees("QueueMemberRemoved") == [("left", 0)]
    assert members.sees("QueueMemberAdded") == [("joined", 0)]


def test_what_was_commanded_is_an_echo_once_for_each_action() -> None:
    members = Members()
    members.begins("echo", "QueueAdd", "QueueRemove", "QueueAdd", "QueuePause", "QueuePause")
    assert members.sees("QueueMemberAdded", Paused="1") == [("joined", ECHO), ("paused", ECHO)]
    assert members.sees("QueueMemberRemoved") == [("left", ECHO)]
    assert members.sees("QueueMemberAdded") == [("joined", ECHO)]
    assert members.sees("QueueMemberPause", Paused="1") == [("paused", ECHO)]
    assert members.sees("QueueMemberPause") == [("unpaused", ECHO)]
    assert members.sees("QueueMemberPause", Paused="1") == [("paused", 0)]
    assert members.sees("QueueMemberRemoved") == [("left", 0)]


def test_an_action_that_the_pbx_refused_hides_nothing() -> None:
    members = Members()
    members.sees("QueueMemberAdded")
    members.begins("renewal", "QueueRemove")
    members.own.cancel("renewal", "QueueRemove", "vendas", "PJSIP/1001")
    assert members.sees("QueueMemberRemoved") == [("left", 0)]


def test_an_action_of_an_earlier_connection_hides_nothing() -> None:
    members = Members()
    members.sees("QueueMemberAdded")
    members.begins("renewal", "QueueRemove")
    members.own.forget()
    assert members.sees("QueueMemberRemoved") == [("left", 0)]
