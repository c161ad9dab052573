"""Each verb of a queue_log, in each of its variants, is one fact with the right fields."""

from __future__ import annotations

from pathlib import Path

import pytest
from msgspec.structs import replace

from domain.base import NOBODY, Personal
from domain.voice.facts import Fact
from tests.kit.queue_logs import import_texts
from tests.kit.recording_bus import RecordingBus

AT = 1_700_000_000 * 1_000_000


def fact(kind: str, queue: str = "vendas", agent: str = "", by: str = "", private: str | None = None, **fields: object) -> Fact:
    caller = Personal(NOBODY, private) if private is not None else None
    # The first second of a file may be cut: its lines follow those in another part.
    return Fact(kind, AT, "log", queue, agent, by, seq=1000, ref="queue_log:1", private=caller, **fields)  # type: ignore[arg-type]


def imported(tmp_path: Path, rest: str) -> RecordingBus:
    bus, result = import_texts(tmp_path, f"1700000000|{rest}\n")
    assert (result.lines, result.used, result.broken) == (1, 1, 0)
    for facts in (*bus.calls.values(), *bus.agents.values(), bus.notes):
        facts[:] = [replace(fact, mark=0) for fact in facts]
    return bus


CALLS = [
    ("vendas|NONE|ENTERQUEUE||21977000111|1", fact("offered", private="21977000111")),
    ("vendas|NONE|ENTERQUEUE|http://crm|21977000111", fact("offered", private="21977000111")),
    ("vendas|NONE|ENTERQUEUE||anonymous|1", fact("offered")),
    ("vendas|NONE|ENTERQUEUE", fact("offered")),
    ("vendas|Ana|CONNECT|8|1700000000.2|3", fact("answered", agent="Ana", wait_ms=8000, ring_ms=3000)),
    ("vendas|Ana|CONNECT|8|1700000000.2", fact("answered", agent="Ana", wait_ms=8000)),
    ("vendas|Ana|CONNECT|8", fact("answered", agent="Ana", wait_ms=8000)),
    ("vendas|NONE|CONNECT|8|1700000000.2|3", fact("answered", wait_ms=8000, ring_ms=3000)),
    ("vendas|Ana|COMPLETEAGENT|8|60|1", fact("released", agent="Ana", by="agent", wait_ms=8000, talk_ms=60_000)),
    ("vendas|Ana|COMPLETECALLER|8|60|1", fact("released", agent="Ana", by="caller", wait_ms=8000, talk_ms=60_000)),
    ("vendas|Ana|TRANSFER|4021|ramais", fact("released", agent="Ana", by="transfer", private="4021@ramais")),
    (
        "vendas|Ana|TRANSFER|4021|ramais|8|60",
        fact("released", agent="Ana", by="transfer", wait_ms=8000, talk_ms=60_000, private="4021@ramais"),
    ),
    (
        "vendas|Ana|TRANSFER|4021|ramais|8|60|1",
        fact("released", agent="Ana", by="transfer", wait_ms=8000, talk_ms=60_000, private="4021@ramais"),
    ),
    (
        "vendas|Ana|BLINDTRANSFER|4021|ramais|8|60|1",
        fact("released", agent="Ana", by="transfer", wait_ms=8000, talk_ms=60_000, private="4021@ramais"),
    ),
    (
        "vendas|Ana|ATTENDEDTRANSFER|BRIDGE|b1|8|60|1",
        fact("released", agent="Ana", by="transfer", wait_ms=8000, talk_ms=60_000, private="BRIDGE|b1"),
    ),
    (
        "vendas|Ana|ATTENDEDTRANSFER|BRIDGE|b1|8|60|",
        fact("released", agent="Ana", by="transfer", wait_ms=8000, talk_ms=60_000, private="BRIDGE|b1"),
    ),
    (
        "vendas|Ana|ATTENDEDTRANSFER|BRIDGE|b1|8|60",
        fact("released", agent="Ana", by="transfer", wait_ms=8000, talk_ms=60_000, private="BRIDGE|b1"),
    ),
    (
        "vendas|Ana|ATTENDEDTRANSFER|APP|Queue|8|60|1",
        fact("released", agent="Ana", by="transfer", wait_ms=8000, talk_ms=60_000, private="APP|Queue"),
    ),
    (
        "vendas|Ana|ATTENDEDTRANSFER|LINK|a|b|8|60|1",
        fact("released", agent="Ana", by="transfer", wait_ms=8000, talk_ms=60_000, private="LINK|a|b"),
    ),
    (
        "vendas|Ana|ATTENDEDTRANSFER|LINK|a|b|8|60|",
        fact("released", agent="Ana", by="transfer", wait_ms=8000, talk_ms=60_000, private="LINK|a|b"),
    ),
    (
        "vendas|Ana|ATTENDEDTRANSFER|THREEWAY|a|b|8|60|1",
        fact("released", agent="Ana", by="transfer", wait_ms=8000, talk_ms=60_000, private="THREEWAY|a|b"),
    ),
    (
        "vendas|Ana|ATTENDEDTRANSFER|PARK|701|8|60|1",
        fact("released", agent="Ana", by="transfer", wait_ms=8000, talk_ms=60_000, private="PARK|701"),
    ),
    ("vendas|NONE|ABANDON|1|2|15", fact("abandoned", wait_ms=15_000)),
    ("vendas|NONE|ABANDON", fact("abandoned")),
    ("vendas|NONE|EXITWITHTIMEOUT|1|2|15", fact("timed_out", wait_ms=15_000)),
    ("vendas|NONE|EXITWITHTIMEOUT|1", fact("timed_out")),
    ("vendas|NONE|EXITWITHKEY|9|1|2|15", fact("left_by_key", wait_ms=15_000, text="9")),
    ("vendas|NONE|EXITWITHKEY|9|1", fact("left_by_key", text="9")),
    ("vendas|NONE|WITHDRAW|1|2|15|por 1003", fact("withdrawn", wait_ms=15_000, private="por 1003")),
    ("vendas|NONE|WITHDRAW|1|2|15|", fact("withdrawn", wait_ms=15_000)),
    ("vendas|NONE|EXITEMPTY|1|2|15", fact("emptied", wait_ms=15_000)),
    ("vendas|NONE|LEAVEEMPTY|1|2|15", fact("emptied", wait_ms=15_000)),
    ("vendas|NONE|JOINEMPTY|", fact("turned_away", text="JOINEMPTY")),
    ("vendas|NONE|FULL|", fact("turned_away", text="FULL")),
    ("vendas|NONE|CLOSED|", fact("turned_away", text="CLOSED")),
    ("vendas|NONE|DIVERT_CA_RATIO|", fact("turned_away", text="DIVERT_CA_RATIO")),
    ("vendas|NONE|DIVERT_HOLDTIME|", fact("turned_away", text="DIVERT_HOLDTIME")),
    ("vendas|Ana|RINGNOANSWER|15000", fact("ring_no_answer", agent="Ana", ring_ms=15_000)),
    ("vendas|Ana|RINGNOANSWER", fact("ring_no_answer", agent="Ana")),
    ("vendas|Ana|RINGCANCELED|3566", fact("ring_canceled", agent="Ana", ring_ms=3566)),
    ("vendas|Ana|AGENTDUMP|", fact("agent_dumped", agent="Ana")),
    ("vendas|Ana|WRAPUPSTART|20", fact("wrap_up", agent="Ana", wrap_ms=20_000)),
    ("vendas|Ana|CALLERONHOLD|", fact("held", agent="Ana")),
    ("NONE|Ana|CALLEROFFHOLD|", fact("resumed", "", "Ana")),
    ("vendas|Ana|CALLSTATUS|VENDA", fact("tagged", agent="Ana", text="VENDA")),
    ("vendas|Ana|INFO|OBS|ligar 21988887777", fact("note", agent="Ana", text="INFO", private="Ana|OBS|ligar 21988887777")),
    ("NONE|NONE|DID|4001", fact("did", "", text="4001")),
    ("campanha|NONE|CALLOUTBOUND||21988887777|1", fact("outbound", "campanha", private="21988887777")),
    ("campanha|NONE|CALLOUTBOUND|21988887777", fact("outbound", "campanha", private="21988887777")),
    ("vendas|Ana|CONNECT|-1||x", fact("answered", agent="Ana")),
    ("vendas|Ana|CONNECT|8.9||3.5", fact("answered", agent="Ana", wait_ms=8900, ring_ms=3500)),
]


@pytest.mark.parametrize(("line", "expected"), CALLS, ids=[line for line, _ in CALLS])
def test_a_line_about_a_call(tmp_path: Path, line: str, expected: Fact) -> None:
    bus = imported(tmp_path, f"1700000000.1|{line}")
    if expected.kind == "note":  # of a call of which nothing else is known
        assert bus.notes == [expected]
    else:
        assert bus.calls == {"1700000000.1": [expected]}
    assert not bus.timeline.restarts


AGENTS = [
    ("MANAGER|vendas|PJSIP/1001|ADDMEMBER|", "PJSIP/1001", fact("logged_in", agent="PJSIP/1001", by="member")),
    ("MANAGER|vendas|PJSIP/1001|ADDMEMBER|PAUSED", "PJSIP/1001", fact("logged_in", agent="PJSIP/1001", by="member", text="PAUSED")),
    ("REALTIME|vendas|Ana|REMOVEMEMBER|", "Ana", fact("logged_out", agent="Ana", by="member")),
    ("NONE|NONE|Agent/1001|AGENTLOGIN|SIP/1001-0a", "Agent/1001", fact("logged_in", "", "Agent/1001", by="login")),
    (
        "1700000000.5|NONE|Agent/1001|AGENTLOGOFF|SIP/1001-0a|3600",
        "Agent/1001",
        fact("logged_out", "", "Agent/1001", by="login", session_ms=3_600_000),
    ),
    ("NONE|vendas|Agent/1001|AGENTCALLBACKLOGIN|1001@ramais", "Agent/1001", fact("logged_in", agent="Agent/1001", by="login")),
    (
        "NONE|NONE|Agent/1001|AGENTCALLBACKLOGOFF|1001@ramais|3600|Autologoff",
        "Agent/1001",
        fact("logged_out", "", "Agent/1001", by="login", session_ms=3_600_000),
    ),
    ("NONE|NONE|Agent/1001|AGENTCALLBACKLOGOFF|1001@ramais", "Agent/1001", fact("logged_out", "", "Agent/1001", by="login")),
    ("NONE|vendas|Ana|PAUSE|Almoço", "Ana", fact("paused", agent="Ana", text="Almoço")),
    ("NONE|vendas|Ana|PAUSE", "Ana", fact("paused", agent="Ana")),
    ("NONE|vendas|Ana|PAUSE|Reunião: 14h, sala 2|3", "Ana", fact("paused", agent="Ana", text="Reunião: 14h, sala 2|3")),
    ("NONE|NONE|Ana|PAUSE|Almoço", "Ana", fact("paused", "", "Ana", text="Almoço")),
    ("NONE|NONE|Ana|PAUSEALL|Almoço", "Ana", fact("paused", "", "Ana", text="Almoço")),
    ("NONE|NONE|Ana|PAUSEALL|||||AGENT", "Ana", fact("paused", "", "Ana")),
    ("NONE|vendas|Ana|UNPAUSE|", "Ana", fact("resumed", agent="Ana")),
    ("NONE|NONE|Ana|UNPAUSEALL|", "Ana", fact("resumed", "", "Ana")),
    ("NONE|NONE|Ana|PAUSEREASON|ALMOCO||8600|", "Ana", fact("reason", "", "Ana", by="pause", text="ALMOCO")),
    ("M123|vendas|Ana|PAUSEREASON|ALMOCO", "Ana", fact("reason", "", "Ana", by="pause", text="ALMOCO")),
    ("NONE|NONE|Ana|UNPAUSEREASON|ALMOCO", "Ana", fact("reason", "", "Ana", by="unpause", text="ALMOCO")),
]


@pytest.mark.parametrize(("line", "agent", "expected"), AGENTS, ids=[line for line, _, _ in AGENTS])
def test_a_line_about_an_agent(tmp_path: Path, line: str, agent: str, expected: Fact) -> None:
    bus = imported(tmp_path, line)
    assert bus.agents == {agent: [expected]}
    assert not bus.calls


@pytest.mark.parametrize("verb", ["CONNECT|8", "RINGNOANSWER|15000", "RINGCANCELED|3000", "AGENTDUMP|"])
def test_an_agent_whose_phone_rang_was_there(tmp_path: Path, verb: str) -> None:
    assert imported(tmp_path, f"1.1|vendas|Ana|{verb}").agents == {"Ana": [fact("seen", agent="Ana")]}


@pytest.mark.parametrize("verb", ["COMPLETEAGENT|8|60|1", "COMPLETECALLER|8|60|1", "TRANSFER|4021|ramais", "BLINDTRANSFER|4021|r|8|60|1"])
def test_an_agent_of_whom_only_the_end_of_a_talk_is_known_was_there(tmp_path: Path, verb: str) -> None:
    assert imported(tmp_path, f"1.1|vendas|Ana|{verb}").agents == {"Ana": [fact("talked", agent="Ana")]}


def test_the_end_of_a_talk_proves_nothing_about_a_known_agent(tmp_path: Path) -> None:
    bus, _ = import_texts(
        tmp_path,
        "1700000000|1.1|vendas|Ana|CONNECT|8\n1700000005|MANAGER|vendas|Ana|REMOVEMEMBER|\n1700000060|1.1|vendas|Ana|COMPLETEAGENT|8|60|1\n",
    )
    assert [fact.kind for fact in bus.agents["Ana"]] == ["seen", "logged_out"]


def test_there_is_no_agent_named_none(tmp_path: Path) -> None:
    bus = imported(tmp_path, "1.1|vendas|NONE|CONNECT|8|1.2|3")
    assert not bus.agents


def test_a_start_of_the_pbx_is_on_its_timeline(tmp_path: Path) -> None:
    bus = imported(tmp_path, "NONE|NONE|NONE|QUEUESTART|")
    assert bus.timeline.restarts == [AT]
    assert not bus.calls
    assert not bus.agents


@pytest.mark.parametrize("verb", ["CONFIGRELOAD|", "SYSCOMPAT|1", "PENALTY|5", "CONFIGRELOAD"])
def test_a_quiet_line_only_shows_that_the_log_covers_its_moment(tmp_path: Path, verb: str) -> None:
    bus = imported(tmp_path, f"MANAGER|vendas|PJSIP/1001|{verb}")
    assert not bus.calls
    assert not bus.agents
    assert [(span.from_us, span.until_us) for span in bus.timeline.spans.values()] == [(AT, AT)]


def test_calls_without_an_id_that_are_over_at_once_are_calls_of_their_own(tmp_path: Path) -> None:
    bus, _ = import_texts(
        tmp_path,
        "1700000000|NONE|vendas|NONE|JOINEMPTY|\n1700000000|NONE|vendas|NONE|JOINEMPTY|\n1700000000|NONE|suporte|NONE|FULL|\n1700000001|NONE|vendas|NONE|CLOSED|\n",
    )
    assert len(bus.calls) == 4
    assert {len(facts) for facts in bus.calls.values()} == {1}


def test_the_same_lines_again_are_the_same_calls(tmp_path: Path) -> None:
    log = "1700000000|NONE|vendas|NONE|JOINEMPTY|\n1700000000|NONE|vendas|NONE|JOINEMPTY|\n"
    bus, _ = import_texts(tmp_path, log, log)
    assert len(bus.calls) == 2


def test_with_an_id_they_belong_to_its_call(tmp_path: Path) -> None:
    bus, _ = import_texts(tmp_path, "1700000000|1.1|vendas|NONE|JOINEMPTY|\n1700000000|1.1|suporte|NONE|FULL|\n")
    assert [fact.queue for fact in bus.calls["1.1"]] == ["vendas", "suporte"]


@pytest.mark.parametrize("verb", ["WRAPUPSTART|20", "CALLERONHOLD|", "CALLSTATUS|VENDA", "DID|4001", "INFO|x", "CALLOUTBOUND||2198888"])
def test_what_is_about_a_call_but_names_none_is_kept_unchanged(tmp_path: Path, verb: str) -> None:
    bus = imported(tmp_path, f"NONE|vendas|Ana|{verb}")
    assert [fact.text for fact in bus.notes] == [verb.split("|", maxsplit=1)[0]]
    assert not bus.calls


def test_an_unknown_verb_is_kept_and_counted_by_its_name(tmp_path: Path) -> None:
    log = """\
1700000000|1.1|vendas|NONE|ENTERQUEUE||2197|1
1700000001|1.1|vendas|Ana|MYVERB|a|b
1700000002|NONE|NONE|Ana|OTHER|x
1700000003|1.9|vendas|NONE|MYVERB|c
"""
    bus, result = import_texts(tmp_path, log)
    assert result.unknown_verbs == {"MYVERB": 2, "OTHER": 1}
    assert (result.used, result.broken) == (4, 0)
    noted = bus.calls["1.1"][1]
    assert (noted.kind, noted.text) == ("note", "MYVERB")
    assert noted.private == Personal(NOBODY, "Ana|a|b")
    assert {(fact.text, fact.private) for fact in bus.notes} == {("OTHER", Personal(NOBODY, "Ana|x")), ("MYVERB", Personal(NOBODY, "c"))}
    assert set(bus.calls) == {"1.1"}


@pytest.mark.parametrize("callid", ["1700000000.1", "pbx01-1700000000.1", "NONE", "REALTIME", "MANAGER", "qualquer coisa"])
def test_any_text_in_the_field_of_the_call_identifies_it(tmp_path: Path, callid: str) -> None:
    bus, _ = import_texts(tmp_path, f"1700000000|{callid}|vendas|NONE|ENTERQUEUE||2197|1\n1700000008|{callid}|vendas|Ana|CONNECT|8\n")
    assert [fact.kind for fact in bus.calls[callid]] == ["offered", "answered"]


@pytest.mark.parametrize(
    ("line", "why"),
    [("1.1|NONE|Ana|CONNECT|8", "CONNECT names no queue"), ("NONE|vendas|NONE|PAUSE|x", "PAUSE names no agent")],
)
def test_a_line_without_a_field_that_its_verb_needs_is_broken(tmp_path: Path, line: str, why: str) -> None:
    _, result = import_texts(tmp_path, f"1700000000|{line}\n1700000001|NONE|NONE|NONE|CONFIGRELOAD|\n")
    assert (result.lines, result.used, result.broken) == (2, 1, 1)
    assert [(line.line, line.why) for line in result.broken_lines] == [(1, why)]
