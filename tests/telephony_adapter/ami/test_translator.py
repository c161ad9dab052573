"""Behavior of real Asterisks that a reader of AMI must know: queues, answers, transfers, agents. Each test is named after it."""

from __future__ import annotations

from pathlib import Path

import pytest

from commands.observations import MatchMember
from domain.base import SECOND
from domain.voice.facts import Fact
from domain.voice.merging import sort_key
from tests.kit.captures import capture
from tests.kit.one_call import (
    AGENT,
    ANA,
    CALL,
    CALLER,
    abandon,
    born,
    complete,
    connect,
    dial_end,
    hang_up,
    hang_up_request,
    join,
    leave,
    ring,
    step,
    variable,
)  # fmt: skip
from tests.kit.packets import BANNER, T0, Story, event, story, undated


def ends(observed: Story, call: str = CALL) -> list[str]:
    kinds = (
        "offered",
        "answered",
        "released",
        "abandoned",
        "timed_out",
        "left_by_key",
        "withdrawn",
        "emptied",
        "turned_away",
        "unseen_end",
    )
    return observed.kinds(call, *kinds)


def the(kind: str, facts: list[Fact]) -> Fact:
    (found,) = [fact for fact in facts if fact.kind == kind]
    return found


# 1


def test_01_queue_caller_abandon_is_also_sent_when_the_queue_times_out(tmp_path: Path) -> None:
    stream = [BANNER, born(), join(1), variable(13, "ABANDONED", "TRUE"), abandon(13, 12), leave(13.001), variable(13.002, "QUEUESTATUS", "TIMEOUT")]  # fmt: skip
    observed = story(tmp_path, [*stream, hang_up(14.1)])
    assert ends(observed) == ["offered", "timed_out"]
    fact = the("timed_out", observed.of(CALL))
    assert (fact.at, fact.wait_ms, fact.queue) == ((T0 + 13) * SECOND, 12_000, "vendas")


def test_01_a_true_abandonment_has_no_queuestatus_and_the_line_is_free_at_once(tmp_path: Path) -> None:
    observed = story(tmp_path, [BANNER, born(), join(1), hang_up_request(4), abandon(4.001, 3), leave(4.002), hang_up(4.007)])
    assert ends(observed) == ["offered", "abandoned"]
    assert the("abandoned", observed.of(CALL)).at == (T0 + 4) * SECOND + 1_000


def test_01_when_asterisk_stops_an_abandonment_has_no_hangup_request(tmp_path: Path) -> None:
    observed = story(
        tmp_path, [BANNER, born(), join(1), abandon(4, 3), leave(4.001), hang_up(4.003), event("Shutdown", 4.1, Restart="True")]
    )
    assert ends(observed) == ["offered", "abandoned"]


def test_01_after_an_overflow_the_same_uniqueid_joins_another_queue(tmp_path: Path) -> None:
    stream = [BANNER, born(), join(1), abandon(9, 8), leave(9.001), variable(9.002, "QUEUESTATUS", "TIMEOUT"), join(9.003, "suporte")]
    observed = story(tmp_path, [*stream, hang_up_request(12), abandon(12, 3, "suporte"), leave(12.001, "suporte"), hang_up(12.004)])
    assert [(fact.kind, fact.queue) for fact in observed.of(CALL) if fact.kind in ("offered", "timed_out", "abandoned")] == [
        ("offered", "vendas"), ("timed_out", "vendas"), ("offered", "suporte"), ("abandoned", "suporte"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("status", "end"),
    [("LEAVEEMPTY", "emptied"), ("LEAVEUNAVAIL", "emptied"), ("WITHDRAW", "withdrawn"), ("CONTINUE", "left_by_key")],
)
def test_01_other_values_of_queuestatus_are_other_ends(tmp_path: Path, status: str, end: str) -> None:
    stream = [BANNER, born(), join(1), leave(5), variable(5.001, "QUEUESTATUS", status), step(5.002, "depois", "1", "NoOp"), hang_up(6)]
    assert ends(story(tmp_path, stream)) == ["offered", end]


@pytest.mark.parametrize(("status", "why"), [("FULL", "FULL"), ("JOINEMPTY", "JOINEMPTY"), ("JOINUNAVAIL", "JOINEMPTY")])
def test_01_a_queue_that_refuses_a_call_is_a_visit_that_ends_at_once(tmp_path: Path, status: str, why: str) -> None:
    observed = story(
        tmp_path, [BANNER, born(), step(1, "filas", "v", "Queue", "vendas,tT"), variable(1.1, "QUEUESTATUS", status), hang_up(2)]
    )
    assert ends(observed) == ["turned_away"]
    assert (the("turned_away", observed.of(CALL)).text, the("turned_away", observed.of(CALL)).queue) == (why, "vendas")


# 2


def test_02_an_exit_by_key_is_a_leave_alone_and_the_next_step_is_the_key(tmp_path: Path) -> None:
    observed = story(tmp_path, [BANNER, born(), join(1), leave(5), step(5.001, "sair-fila", "9", "NoOp"), hang_up(6)])
    assert ends(observed) == ["offered", "left_by_key"]
    assert (the("left_by_key", observed.of(CALL)).text, the("left_by_key", observed.of(CALL)).at) == ("9", (T0 + 5) * SECOND)


# 3


def test_03_leave_comes_before_connect_and_is_no_end_by_itself(tmp_path: Path) -> None:
    stream = [BANNER, born(), join(1), *ring(1.1), dial_end(3, "ANSWER"), leave(3.001), connect(3.002, 2), complete(9, 2, 6), hang_up(9.1)]
    assert ends(story(tmp_path, stream)) == ["offered", "answered", "released"]


def test_03_at_an_abandonment_the_agents_leg_hangs_up_before_queue_caller_abandon(tmp_path: Path) -> None:
    leg = {"Channel": AGENT["DestChannel"], "Uniqueid": AGENT["DestUniqueid"]}
    stream = [
        BANNER,
        born(),
        join(1),
        *ring(1.1),
        hang_up_request(4),
        dial_end(4.001, "CANCEL"),
        dial_end(4.002, "CANCEL"),
        hang_up(4.003, 0, **leg),
    ]
    observed = story(tmp_path, [*stream, abandon(4.004, 3), leave(4.005), hang_up(4.006)])
    assert ends(observed) == ["offered", "abandoned"]
    assert observed.kinds(CALL, "rang", "ring_canceled", "ring_no_answer") == ["rang", "ring_canceled"]


# 4


def test_04_a_phone_that_rings_out_ends_its_dial_twice_and_has_one_ring_no_answer(tmp_path: Path) -> None:
    vain = event("AgentRingNoAnswer", 7.1, **CALLER | AGENT, Queue="vendas", **ANA, RingTime=6_000)
    observed = story(tmp_path, [BANNER, born(), join(1), *ring(1.1), dial_end(7.1, "NOANSWER"), vain, dial_end(7.2, "CANCEL"), hang_up(9)])
    assert observed.kinds(CALL, "ring_no_answer", "ring_canceled") == ["ring_no_answer"]


def test_04_a_canceled_ring_has_no_event_of_its_own_but_its_dials_end(tmp_path: Path) -> None:
    observed = story(tmp_path, [BANNER, born(), join(1), *ring(1.1), dial_end(4.6, "CANCEL"), hang_up(9)])
    assert the("ring_canceled", observed.of(CALL)).ring_ms == 3_500


# 5


def test_05_after_a_blind_transfer_the_same_uniqueid_joins_the_next_queue(tmp_path: Path) -> None:
    transfer = event("BlindTransfer", 8, Result="Success", TransfereeUniqueid=CALL, Extension="4021", Context="ramais")
    stream = [BANNER, born(), join(1), leave(3), connect(3.001, 2), transfer, complete(8.001, 2, 5, "transfer"), join(8.5, "suporte")]
    observed = story(tmp_path, [*stream, hang_up_request(10), abandon(10, 1, "suporte"), leave(10.001, "suporte"), hang_up(10.004)])
    assert ends(observed) == ["offered", "answered", "released", "offered", "abandoned"]
    released = the("released", observed.of(CALL))
    assert (released.by, released.private and released.private.plain) == ("transfer", "4021")


def test_05_a_blind_transfer_before_the_two_are_joined_names_no_transferee_and_is_none(tmp_path: Path) -> None:
    transfer = event("BlindTransfer", 3.002, Result="Fail", Extension="4021", Context="ramais")
    observed = story(
        tmp_path, [BANNER, born(), join(1), leave(3), connect(3.001, 2), transfer, complete(8.001, 2, 5, "agent"), hang_up(8.1)]
    )
    released = the("released", observed.of(CALL))
    assert (released.by, released.private) == ("agent", None)


@pytest.mark.parametrize("queue", ["suporte", "vendas"])
def test_05_a_transferred_call_may_join_its_next_queue_before_the_end_of_the_talk_is_told(tmp_path: Path, queue: str) -> None:
    talk = [BANNER, born(), join(1), leave(3), connect(3.001, 2)]
    stream = [*talk, join(8.001, queue), complete(8.002, 2, 5, "transfer"), *ring(9, Queue=queue)]
    observed = story(tmp_path, [*stream, hang_up_request(10), abandon(10, 1, queue), leave(10.001, queue), hang_up(10.004)])
    told = [fact for fact in observed.of(CALL) if fact.kind in ("offered", "answered", "released", "rang", "abandoned")]
    assert [(fact.kind, fact.queue) for fact in sorted(told, key=sort_key)] == [
        ("offered", "vendas"), ("answered", "vendas"), ("released", "vendas"), ("offered", queue), ("rang", queue), ("abandoned", queue),
    ]  # fmt: skip
    assert the("released", told).by == "transfer"
    assert observed.gaps == []


def test_05_a_call_that_joins_its_next_queue_while_the_end_of_the_talk_is_never_told_shows_a_gap(tmp_path: Path) -> None:
    observed = story(tmp_path, [BANNER, born(), join(1), leave(3), connect(3.001, 2), join(8, "suporte"), step(9.1, "filas", "s", "NoOp")])
    assert [(gap.opened_us, gap.closed_us) for gap in observed.gaps] == [((T0 + 3) * SECOND + 1_000, (T0 + 8) * SECOND)]


def test_05_an_attended_transfers_second_entry_belongs_to_a_local_channel_that_is_part_of_the_customers_call(tmp_path: Path) -> None:
    second = {"Channel": "Local/4021@ramais-00000001;2", "Uniqueid": f"{T0}.8", "Linkedid": CALL, "CallerIDNum": "4000"}
    stream = [BANNER, born(), join(1), leave(3), connect(3.001, 2), event("Newchannel", 5, **second, ChannelState=4, Exten="4021")]
    observed = story(tmp_path, [*stream, join(5.1, "suporte", **second), complete(8, 2, 5, "transfer")])
    assert [(fact.kind, fact.text) for fact in observed.of(f"{T0}.8")][:2] == [("part_of", CALL), ("offered", "")]
    offered = the("offered", observed.of(f"{T0}.8"))
    assert offered.private is not None
    assert offered.private.plain == "11988000037"


# 6


def test_06_an_originate_of_an_agents_phone_makes_the_agents_line_the_call(tmp_path: Path) -> None:
    phone, trunk = f"{T0}.1", f"{T0 + 2}.2"
    stream = [
        BANNER, event("QueueMemberAdded", 0, Queue="vendas", **ANA, StateInterface="PJSIP/1001"),
        event("Newchannel", 1, Channel="PJSIP/1001-00000001", Uniqueid=phone, Linkedid=phone, ChannelState=0, Exten=""),
        event("DialBegin", 1, DestChannel="PJSIP/1001-00000001", DestUniqueid=phone, DestLinkedid=phone, DialString="PJSIP/1001"),
        event("DialEnd", 2, DestChannel="PJSIP/1001-00000001", DestUniqueid=phone, DestLinkedid=phone, DialStatus="ANSWER"),
        event("Newchannel", 2, Channel="PJSIP/tronco-00000002", Uniqueid=trunk, Linkedid=phone, ChannelState=0, Exten=""),
        event("DialBegin", 2, Channel="PJSIP/1001-00000001", Uniqueid=phone, Linkedid=phone, DestChannel="PJSIP/tronco-00000002",
              DestUniqueid=trunk, DestLinkedid=phone, DialString="11988000814@tronco"),
        event("DialEnd", 5, Uniqueid=phone, DestUniqueid=trunk, DialStatus="ANSWER"),
        event("Hangup", 9, Channel="PJSIP/tronco-00000002", Uniqueid=trunk, Linkedid=phone, Cause=16),
        event("Hangup", 9, Channel="PJSIP/1001-00000001", Uniqueid=phone, Linkedid=phone, Cause=16),
    ]  # fmt: skip
    observed = story(tmp_path, stream)
    assert observed.calls == {phone}
    assert [(fact.kind, fact.agent) for fact in observed.of(phone)] == [
        ("dialled", "Ana Souza"),
        ("dial_answered", "Ana Souza"),
        ("hung_up", ""),
    ]


def test_06_a_uniqueid_may_have_a_systemname_and_is_no_number(tmp_path: Path) -> None:
    named = {"Uniqueid": f"pbx01-{T0}.1", "Linkedid": f"pbx01-{T0}.1"}
    observed = story(
        tmp_path,
        [
            BANNER,
            born(**named),
            join(1, **named),
            hang_up_request(4),
            abandon(4, 3, **named),
            leave(4.001, **named),
            hang_up(4.002, **named),
        ],
    )
    assert ends(observed, f"pbx01-{T0}.1") == ["offered", "abandoned"]
    assert observed.gaps == []


def test_06_after_a_restart_the_sequence_begins_again_and_only_the_epoch_keeps_ids_unique(tmp_path: Path) -> None:
    again = {"Uniqueid": f"{T0 + 60}.1", "Linkedid": f"{T0 + 60}.1"}
    first = [BANNER, event("FullyBooted", 0, Uptime=1), born(), join(1), hang_up_request(4), abandon(4, 3), leave(4.001), hang_up(4.002)]
    second = [BANNER, event("FullyBooted", 59, Uptime=1), born(60, **again), join(61, **again), hang_up_request(65), abandon(65, 4, **again), leave(65.001, **again), hang_up(65.002, **again)]  # fmt: skip
    observed = story(tmp_path, [*first, *second])
    assert ends(observed) == ends(observed, f"{T0 + 60}.1") == ["offered", "abandoned"]


# 7


def test_07_connect_has_seconds_and_ring_no_answer_milliseconds(tmp_path: Path) -> None:
    vain = event("AgentRingNoAnswer", 7.1, **CALLER | AGENT, Queue="vendas", **ANA, RingTime=6_000)
    observed = story(tmp_path, [BANNER, born(), join(1), *ring(1.1), vain, *ring(8), leave(10), connect(10.001, 9, 2)])
    assert the("ring_no_answer", observed.of(CALL)).ring_ms == 6_000
    assert (the("answered", observed.of(CALL)).wait_ms, the("answered", observed.of(CALL)).ring_ms) == (9_000, 2_000)


def test_07_a_busy_phone_rings_for_no_time_once_a_second(tmp_path: Path) -> None:
    vain = [event("AgentRingNoAnswer", at, **CALLER | AGENT, Queue="vendas", **ANA, RingTime=0) for at in (2, 3, 4)]
    observed = story(tmp_path, [BANNER, born(), join(1), *vain, hang_up(9)])
    assert [fact.ring_ms for fact in observed.of(CALL) if fact.kind == "ring_no_answer"] == [0, 0, 0]


# 8


def test_08_a_local_member_is_known_by_member_name_and_interface_not_by_the_channel(tmp_path: Path) -> None:
    local = {"Interface": "Local/1005@agentes/n", "MemberName": "Érica Gonçalves", "DestChannel": "Local/1005@agentes-00000000;1", "DestUniqueid": f"{T0}.6"}  # fmt: skip
    observed = story(
        tmp_path, [BANNER, born(), join(1), *ring(1.1, **local), leave(3), connect(3.001, 2, **local), complete(9, 2, 6, **local)]
    )
    assert {fact.agent for fact in observed.of(CALL) if fact.kind in ("rang", "answered", "released")} == {"Érica Gonçalves"}
    assert MatchMember(interface="Local/1005@agentes/n", member="Érica Gonçalves") in observed.observations


def test_08_hold_on_the_real_phone_behind_a_local_member_is_the_calls(tmp_path: Path) -> None:
    one, two, phone = f"{T0}.6", f"{T0}.7", f"{T0 + 1}.8"
    local = {
        "Interface": "Local/1005@agentes/n",
        "MemberName": "Érica",
        "DestChannel": "Local/1005@agentes-00000000;1",
        "DestUniqueid": one,
    }
    real = {"Channel": "PJSIP/1005-00000003", "Uniqueid": phone, "Linkedid": CALL}
    stream = [
        BANNER, born(), join(1), *ring(1.1, **local),
        event("Newchannel", 1.2, Channel="Local/1005@agentes-00000000;2", Uniqueid=two, Linkedid=CALL, ChannelState=4),
        event("LocalBridge", 1.3, LocalOneUniqueid=one, LocalTwoUniqueid=two),
        event("Newchannel", 1.4, **real, ChannelState=0),
        event("DialBegin", 1.5, Channel="Local/1005@agentes-00000000;2", Uniqueid=two, DestChannel=real["Channel"], DestUniqueid=phone, DialString="1005"),
        leave(3), connect(3.001, 2, **local), event("Hold", 5, **real), event("Unhold", 7, **real), complete(9, 2, 6, **local),
    ]  # fmt: skip
    observed = story(tmp_path, stream)
    assert [(fact.kind, fact.agent) for fact in observed.of(CALL) if fact.kind in ("held", "resumed")] == [
        ("held", "Érica"),
        ("resumed", "Érica"),
    ]


# 9


def test_09_a_member_added_twice_and_an_unknown_member_are_errors_without_observations(tmp_path: Path) -> None:
    errors = [
        undated("Response: Error", Message="Unable to add interface: Already there"),
        undated("Response: Error", Message="Interface not found"),
    ]
    added = event("QueueMemberAdded", 1, Queue="vendas", Interface="PJSIP/1004", MemberName="Diego Muñoz", Paused=0)
    observed = story(tmp_path, [BANNER, added, *errors])
    assert [(fact.kind, fact.queue, fact.by) for fact in observed.agent("Diego Muñoz")] == [("logged_in", "vendas", "member")]
    assert observed.broken == []


# 10


def pause(at: float, queue: str, paused: int, reason: str = "", *, since: float = 0) -> str:
    return event("QueueMemberPause", at, Queue=queue, **ANA, Paused=paused, PausedReason=reason, LastPause=int(T0 + (since or at)))  # fmt: skip


def test_10_a_pause_is_sent_once_for_each_queue_and_a_new_reason_again(tmp_path: Path) -> None:
    stream = [
        pause(1, "vendas", 1, "Banheiro"),
        pause(1, "suporte", 1, "Banheiro"),
        pause(5, "vendas", 1, "Reunião: 14h, sala 2"),
        pause(9, "vendas", 0),
    ]
    observed = story(tmp_path, [BANNER, *stream])
    assert [(fact.kind, fact.queue, fact.text) for fact in observed.agent("Ana Souza")] == [
        ("paused", "vendas", "Banheiro"), ("paused", "suporte", "Banheiro"), ("paused", "vendas", "Reunião: 14h, sala 2"), ("resumed", "vendas", ""),
    ]  # fmt: skip


def test_10_a_reason_that_is_no_utf8_sends_no_pause_at_all_but_the_unpause_has_its_start(tmp_path: Path) -> None:
    observed = story(tmp_path, [BANNER, event("QueueMemberAdded", 0, Queue="vendas", **ANA), pause(9, "vendas", 0, since=5)])
    assert [(fact.kind, fact.at // SECOND - T0) for fact in observed.agent("Ana Souza")][1:] == [("paused", 5), ("resumed", 9)]


def test_10_the_queue_log_names_the_reason_that_ami_could_not_send() -> None:
    raw = capture("run-a").queue_log.read_bytes()
    assert b"Almo\xe7o" in raw
    assert not any("PausedReason: Almo\udce7o" in line.raw for line in capture("run-a").lines)
