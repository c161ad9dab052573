"""Behavior of real Asterisks that a reader of AMI must know: lines, outbound calls, voice quality, lists, gaps. Each test is named after it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from domain.base import SECOND
from domain.voice.facts import Fact
from telephony_adapter.ami.importer import import_ami
from tests.kit.captures import NAMES, Line, capture, written
from tests.kit.one_call import (
    ANA,
    CALL,
    CALLER,
    abandon,
    born,
    complete,
    connect,
    hang_up,
    hang_up_request,
    join,
    leave,
    ring,
    step,
    variable,
)  # fmt: skip
from tests.kit.packets import BANNER, T0, Story, as_lines, event, note, story, undated
from tests.kit.recording_bus import CALLER as TELLER
from tests.kit.recording_bus import RecordingBus

BOOTED = event("FullyBooted", 0, Uptime=5)
TRUNK = {"Channel": "PJSIP/tronco-00000041", "Uniqueid": f"{T0}.122", "Linkedid": f"{T0}.122"}
NUMBER = "11988001110"


def the(kind: str, facts: list[Fact]) -> Fact:
    (found,) = [fact for fact in facts if fact.kind == kind]
    return found


def to_customer(*more: str, tech: int | None = None, cause: int = 16, asked_first: bool = True, status: str = "BUSY") -> list[str]:
    """An Originate to the trunk, the customer first, until its line is free."""
    leg = {f"Dest{name}": value for name, value in TRUNK.items()}
    end = {"Cause": cause} | ({} if tech is None else {"TechCause": tech})
    return [
        BANNER, event("Newchannel", 1, **TRUNK, ChannelState=0, CallerIDNum="<unknown>", Exten="s"),
        event("DialBegin", 1, **leg, DestCallerIDNum=NUMBER, DialString=f"{NUMBER}@tronco"),
        *more,
        *([event("HangupRequest", 6, **TRUNK, **end)] if asked_first else []),
        event("DialEnd", 6, **leg, DialStatus=status), event("Hangup", 6, **TRUNK, **end),
    ]  # fmt: skip


# 11


def test_11_cdr_events_come_once_for_each_dial_and_no_call_is_counted_from_them(tmp_path: Path) -> None:
    cdr = event("Cdr", 4, Channel=CALLER["Channel"], UniqueID=CALL, LinkedID=CALL, Disposition="NO ANSWER", BillableSeconds=5)
    with_cdrs = [BANNER, born(), join(1), cdr, cdr, cdr, hang_up_request(4), abandon(4, 3), leave(4), hang_up(4.002), cdr]
    without = [packet for packet in with_cdrs if packet != cdr]
    assert story(tmp_path, with_cdrs).observations == story(tmp_path, without).observations


@pytest.mark.parametrize("name", NAMES)
def test_11_a_whole_stream_without_its_cdrs_gives_the_same(name: str, tmp_path: Path) -> None:
    whole, without = RecordingBus(), RecordingBus()
    import_ami(whole, TELLER, capture(name).timed, "ami")
    import_ami(without, TELLER, written([line for line in capture(name).lines if line.name != "Cdr"], tmp_path / "ami"), "ami")
    assert (whole.calls, whole.agents) == (without.calls, without.agents)


# 12


@pytest.mark.parametrize(
    ("cause", "tech", "result"),
    [(17, 486, "busy"), (1, 404, "bad-number"), (19, 480, "unavailable"), (34, 503, "congestion"), (21, 403, "rejected")],
)
def test_12_the_result_of_an_originate_is_cause_and_techcause_of_the_hangup(tmp_path: Path, cause: int, tech: int, result: str) -> None:
    failed = event("OriginateResponse", 5.9, Response="Failure", Channel=f"PJSIP/{NUMBER}@tronco", Reason=0, Uniqueid="<unknown>", CallerIDNum=NUMBER)  # fmt: skip
    observed = story(tmp_path, to_customer(failed, cause=cause, tech=tech))
    assert [fact.kind for fact in observed.of(TRUNK["Uniqueid"])] == ["dialled", "dial_failed", "hung_up"]
    assert the("dial_failed", observed.of(TRUNK["Uniqueid"])).text == result


def test_12_reason_3_is_no_answer_though_the_hangup_has_480_as_a_far_end_that_is_unavailable_does(tmp_path: Path) -> None:
    failed = event("OriginateResponse", 5.9, Response="Failure", Channel=f"PJSIP/{NUMBER}@tronco", Reason=3, Uniqueid="<unknown>", CallerIDNum=NUMBER)  # fmt: skip
    ringing = event("Newstate", 2, **TRUNK, ChannelStateDesc="Ringing")
    for more in ((failed,), (ringing,), (ringing, failed)):
        observed = story(tmp_path, to_customer(*more, cause=19, tech=480))
        assert the("dial_failed", observed.of(TRUNK["Uniqueid"])).text == "no-answer"


def test_12_success_in_style_agent_first_only_means_that_the_agents_phone_answered(tmp_path: Path) -> None:
    phone = {"Channel": "PJSIP/1001-00000001", "Uniqueid": f"{T0}.1", "Linkedid": f"{T0}.1"}
    leg = {f"Dest{name}": value for name, value in phone.items()}
    trunk = {"Channel": "PJSIP/tronco-00000002", "Uniqueid": f"{T0}.2", "Linkedid": f"{T0}.1"}
    stream = [
        BANNER, event("Newchannel", 1, **phone, ChannelState=0, Exten=""), event("DialBegin", 1, **leg, DialString="PJSIP/1001"),
        event("DialEnd", 2, **leg, DialStatus="ANSWER"),
        event("OriginateResponse", 2, Response="Success", Channel=phone["Channel"], Reason=4, Uniqueid=phone["Uniqueid"], Exten=NUMBER),
        event("Newchannel", 2, **trunk, ChannelState=0, Exten=""),
        event("DialBegin", 2, **phone, **{f"Dest{name}": value for name, value in trunk.items()}, DialString=f"{NUMBER}@tronco"),
        event("HangupRequest", 6, **trunk, Cause=17, TechCause=486),
        event("DialEnd", 6, Uniqueid=phone["Uniqueid"], DestUniqueid=trunk["Uniqueid"], DialStatus="BUSY"),
        event("Hangup", 6, **trunk, Cause=17, TechCause=486), event("Hangup", 6.1, **phone, Cause=17),
    ]  # fmt: skip
    observed = story(tmp_path, stream)
    assert [fact.kind for fact in observed.of(phone["Uniqueid"])] == ["dialled", "dial_failed", "hung_up"]
    assert the("dial_failed", observed.of(phone["Uniqueid"])).text == "busy"


# 13


def test_13_without_techcause_the_cause_decides_and_unknown_is_no_number(tmp_path: Path) -> None:
    observed = story(tmp_path, to_customer(cause=34, status="CONGESTION"))
    assert the("dial_failed", observed.of(TRUNK["Uniqueid"])).text == "congestion"
    observed = story(tmp_path, [BANNER, born(CallerIDNum="<unknown>"), join(1, CallerIDNum="<unknown>"), hang_up(4)])
    assert [fact.private for fact in observed.of(CALL) if fact.kind in ("arrived", "offered")] == [None, None]


# 14


def test_14_the_final_figures_of_voice_quality_come_by_a_variable_right_before_the_hangup(tmp_path: Path) -> None:
    qos = "ssrc=98;themssrc=57;lp=2;rxjitter=0.001250;rxcount=253;txjitter=0.002875;txcount=250;rlp=5;rtt=0.000320"
    rtcp = event("RTCPReceived", 2, **CALLER, Report0FractionLost=90, Report0IAJitter=99999, ReportCount=1)
    bare = event("RTCPSent", 3, ReportCount=0)
    observed = story(tmp_path, [BANNER, born(), rtcp, bare, variable(3.9, "RTPAUDIOQOS", qos), hang_up(4)])
    assert the("quality", observed.of(CALL)).text == "2.875;2"


@pytest.mark.parametrize("value", ["", "lp=1", "rxcount=0;txcount=0;lp=0", "rxcount=many"])
def test_14_figures_of_a_line_without_media_are_ignored(tmp_path: Path, value: str) -> None:
    assert story(tmp_path, [BANNER, born(), variable(3.9, "RTPAUDIOQOS", value), hang_up(4)]).kinds(CALL, "quality") == []


# 15


@pytest.mark.parametrize("name", NAMES)
def test_15_variables_and_test_events_of_the_build_change_nothing(name: str, tmp_path: Path) -> None:
    noise = ("TestEvent", "RTCPReceived", "DeviceStateChange", "DialState", "MusicOnHoldStart", "SoftHangupRequest")
    kept = [line for line in capture(name).lines if line.name not in noise and (line.name != "VarSet" or _is_used(line))]
    assert len(kept) < 0.7 * len(capture(name).lines)
    whole, without = RecordingBus(), RecordingBus()
    import_ami(whole, TELLER, capture(name).timed, "ami")
    import_ami(without, TELLER, written(kept, tmp_path / "ami"), "ami")
    assert (whole.calls, whole.agents, without.timeline.gaps) == (without.calls, without.agents, {})


def _is_used(line: Line) -> bool:
    return (
        line.get("Variable") in ("QUEUESTATUS", "RTPAUDIOQOS", "READSTATUS", "INVALID_EXTEN", "OPCAO") or "Variable: op" in line.raw.lower()
    )


# 16


def test_16_the_averages_of_queue_status_are_no_figures_and_its_abandoned_hold_time_outs(tmp_path: Path) -> None:
    params = undated("Event: QueueParams", Queue="vendas", Completed=3, Abandoned=2, Holdtime=77, TalkTime=88, ServicelevelPerf=12.5)
    observed = story(tmp_path, [BANNER, BOOTED, params, undated("Event: QueueStatusComplete", ListItems=1)])
    assert (observed.calls, observed.gaps) == (set(), [])
    timed_out = [born(), join(1), abandon(13, 12), leave(13.001), variable(13.002, "QUEUESTATUS", "TIMEOUT"), hang_up(14)]
    more = undated("Event: QueueParams", Queue="vendas", Completed=3, Abandoned=3)
    complete = undated("Event: QueueStatusComplete", ListItems=1)
    observed = story(tmp_path, [BANNER, BOOTED, params, complete, *timed_out, more, complete, event("PeerStatus", 30)])
    assert observed.gaps == []


# 17


def reconnected(directory: Path, before: list[str], after: list[str], *, back: float = 60) -> Story:
    """A stream whose connection was lost after `before` and made again, first accepted and closed at once."""
    path = directory / "stream.jsonl"
    at_once = note("tcp-closed", 30) + note("tcp-connected", 40) + as_lines([BANNER], T0 + 40) + note("tcp-closed", 40.1)
    path.write_text(as_lines(before) + at_once + note("tcp-connected", back) + as_lines(after, T0 + back))
    return Story(path)


LOGIN = [BANNER, undated("Response: Success", Message="Authentication accepted")]
NOT_YET = [undated("Response: Error", Message="Invalid/unknown command"), event("RequestBadFormat", 60.1, RequestType="QueueStatus")]


def test_17_nothing_is_replayed_and_what_was_up_and_is_not_listed_has_ended_unobserved(tmp_path: Path) -> None:
    lists = [undated("Event: FullyBooted", Uptime=65), undated("Event: CoreShowChannelsComplete", ListItems=0)]
    observed = reconnected(tmp_path, [BANNER, BOOTED, born(), join(1), event("PeerStatus", 29)], [*LOGIN, *lists, event("PeerStatus", 62)])
    assert observed.kinds(CALL, "unseen", "hung_up") == ["unseen", "hung_up"]
    unseen, gone = the("unseen", observed.of(CALL)), the("hung_up", observed.of(CALL))
    assert (unseen.at // SECOND - T0, (unseen.until or 0) // SECOND - T0, gone.by) == (29, 60, "gap")
    (gap,) = observed.gaps
    assert (gap.opened_us // SECOND - T0, (gap.closed_us or 0) // SECOND - T0) == (29, 60)


def test_17_a_caller_who_is_listed_as_waiting_since_before_has_waited_throughout(tmp_path: Path) -> None:
    entry = undated(
        "Event: QueueEntry", Queue="vendas", Position=1, Channel=CALLER["Channel"], Uniqueid=CALL, CallerIDNum="11988000037", Wait=59
    )
    lists = [
        undated("Event: FullyBooted", Uptime=65), undated("Event: CoreShowChannel", **CALLER), undated("Event: CoreShowChannelsComplete", ListItems=1),
        undated("Event: QueueParams", Queue="vendas", Completed=0, Abandoned=0), entry, undated("Event: QueueStatusComplete", ListItems=1),
    ]  # fmt: skip
    end = [hang_up_request(70), abandon(70, 69), leave(70), hang_up(70.002)]
    observed = reconnected(tmp_path, [BANNER, BOOTED, born(), join(1), event("PeerStatus", 29)], [*LOGIN, *lists, *end])
    assert observed.kinds(CALL, "offered", "waiting", "abandoned") == ["offered", "waiting", "abandoned"]
    assert observed.gaps[0].up == 0


def test_17_until_fully_booted_lists_are_errors_and_a_restart_ends_what_was_up(tmp_path: Path) -> None:
    stopped = [BANNER, BOOTED, born(), join(1), leave(3), connect(3.001, 2), event("Shutdown", 29, Restart="True")]
    observed = reconnected(tmp_path, stopped, [*LOGIN, *NOT_YET, event("FullyBooted", 60.4, Uptime=0), event("PeerStatus", 62)])
    assert [at // SECOND - T0 for at in observed.restarts] == [-5, 60]
    assert observed.kinds(CALL, "answered", "restarted") == ["answered", "restarted"]
    assert observed.broken == []


def test_17_the_last_events_of_a_stopping_pbx_are_observed(tmp_path: Path) -> None:
    ends = [hang_up(28.9), complete(28.901, 2, 25, "caller")]
    stopped = [BANNER, BOOTED, born(), join(1), leave(3), connect(3.001, 2), *ends, event("Shutdown", 29, Restart="True")]
    observed = reconnected(tmp_path, stopped, [*LOGIN, event("FullyBooted", 60.4, Uptime=0), event("PeerStatus", 62)])
    assert observed.kinds(CALL, "answered", "released", "restarted") == ["answered", "released"]


def test_17_members_and_their_pauses_come_back_without_events_of_their_own(tmp_path: Path) -> None:
    added = [event("QueueMemberAdded", 1, Queue="vendas", **ANA), event("QueueMemberPause", 2, Queue="vendas", **ANA, Paused=1, PausedReason="Almoço", LastPause=T0 + 2)]  # fmt: skip
    listed = undated("Event: QueueMember", Queue="vendas", Name="Ana Souza", Location="PJSIP/1001", Paused=1, PausedReason="Almoço", LoginTime=T0 + 60, LastPause=T0 + 60)  # fmt: skip
    lists = [
        undated("Event: QueueParams", Queue="vendas", Completed=0, Abandoned=0),
        listed,
        undated("Event: QueueStatusComplete", ListItems=1),
    ]
    observed = reconnected(tmp_path, [BANNER, BOOTED, *added, event("PeerStatus", 29)], [*LOGIN, event("FullyBooted", 60.4, Uptime=0), *lists, event("PeerStatus", 62)])  # fmt: skip
    assert [fact.kind for fact in observed.agent("Ana Souza")] == ["logged_in", "paused"]


# 18


def test_18_after_a_kill_a_fully_booted_with_a_smaller_uptime_closes_the_open_calls(tmp_path: Path) -> None:
    alive = [BANNER, BOOTED, born(), join(1), event("PeerStatus", 29)]
    observed = reconnected(tmp_path, alive, [*LOGIN, event("FullyBooted", 60.4, Uptime=12), event("PeerStatus", 62)])
    assert the("restarted", observed.of(CALL)).at // SECOND - T0 == 48
    assert observed.kinds(CALL, "abandoned", "hung_up") == []


def test_18_a_fully_booted_whose_uptime_has_grown_is_the_same_run(tmp_path: Path) -> None:
    alive = [BANNER, BOOTED, born(), join(1), event("PeerStatus", 29)]
    observed = reconnected(tmp_path, alive, [*LOGIN, event("FullyBooted", 60.4, Uptime=65), event("PeerStatus", 62)])
    assert (len(observed.restarts), observed.kinds(CALL, "restarted")) == (1, [])


def test_18_a_kill_soon_after_a_boot_closes_the_open_calls_too(tmp_path: Path) -> None:
    alive = [BANNER, event("FullyBooted", 58, Uptime=0), born(58.5), join(59), event("PeerStatus", 59.5)]
    observed = reconnected(tmp_path, alive, [*LOGIN, event("FullyBooted", 60.5, Uptime=0), event("PeerStatus", 62)])
    assert [at // SECOND - T0 for at in observed.restarts] == [58, 60]
    assert the("restarted", observed.of(CALL)).at == T0 * SECOND + 60_500_000


def test_18_a_connection_that_a_stopping_pbx_accepts_once_more_ends_the_calls_when_it_stopped(tmp_path: Path) -> None:
    stopped = [BANNER, BOOTED, born(), join(1), event("Shutdown", 29, Restart="True")]
    observed = reconnected(tmp_path, stopped, [*LOGIN, event("FullyBooted", 60.4, Uptime=65), event("PeerStatus", 62)])
    assert the("restarted", observed.of(CALL)).at // SECOND - T0 == 29


# 19


def test_19_instants_are_those_of_the_pbx_to_the_microsecond_not_of_arrival(tmp_path: Path) -> None:
    path = tmp_path / "late.jsonl"
    path.write_text(as_lines([BANNER]) + "".join(Line(T0 + 50, packet).json + "\n" for packet in (born(), join(1.123456))))
    assert the("offered", Story(path).of(CALL)).at == (T0 + 1) * SECOND + 123_456


# 20


def test_20_header_values_may_be_empty_and_contain_colons_and_bars(tmp_path: Path) -> None:
    reasons = ["Reunião: 14h, sala 2", "Feedback / 1:1", "a|b"]
    pauses = [
        event("QueueMemberPause", n, Queue="vendas", **ANA, Paused=1, PausedReason=reason, AccountCode="")
        for n, reason in enumerate(reasons, 1)
    ]
    observed = story(tmp_path, [BANNER, *pauses])
    assert [fact.text for fact in observed.agent("Ana Souza")] == reasons


def test_20_a_command_answer_with_repeated_output_headers_is_no_error(tmp_path: Path) -> None:
    answer = "Response: Success\r\nMessage: Command output follows\r\nOutput: a\r\nOutput: \r\nOutput: b | c: d\r\n\r\n"
    observed = story(tmp_path, [BANNER, born(), answer, hang_up(4)])
    assert (observed.broken, observed.kinds(CALL)) == ([], ["arrived", "hung_up"])


@pytest.mark.parametrize(
    ("packet", "why"),
    [
        (event("QueueCallerJoin", 1, Queue="vendas"), "QueueCallerJoin without Uniqueid"),
        (event("Newchannel", 1, Channel="PJSIP/tronco-00000001"), "Newchannel without Uniqueid"),
        (event("AgentConnect", 1, **CALLER, Queue="vendas"), "AgentConnect without Interface"),
        (event("QueueMemberPause", 1, Queue="vendas", Interface="PJSIP/1001"), "QueueMemberPause without MemberName"),
        (event("VarSet", 1, **CALLER, Variable="QUEUESTATUS"), "VarSet without Value"),
    ],
)
def test_a_packet_that_lacks_what_its_kind_always_has_is_listed_and_the_rest_is_observed(tmp_path: Path, packet: str, why: str) -> None:
    path: Any = tmp_path / "ami"
    path.write_text(as_lines([BANNER, packet, born(), step(1, "ura", "s", "Read", "OPCAO"), *ring(1), hang_up(4)]))
    bus = RecordingBus()
    result = import_ami(bus, TELLER, path, "ami")
    assert [(broken.number, broken.why) for broken in result.broken_packets] == [(2, why)]
    assert {"arrived", "ivr_entered", "hung_up"} <= {fact.kind for fact in bus.calls[CALL]}
