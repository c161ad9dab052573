"""What an Asterisk lacks is named, with the line that adds it."""

from __future__ import annotations

import time
from contextlib import closing
from pathlib import Path

import pytest

from settings import Asterisk
from telephony_adapter.ami import check as module
from telephony_adapter.ami.check import check
from telephony_adapter.ami.findings import Finding
from tests.kit.pbx import Pbx
from tests.kit.ports import closed_port

EVENTS = "".join(
    f"Event: Some\r\nPrivilege: {name},all\r\nTimestamp: 1795409000.1\r\n\r\n" for name in ("call", "agent", "dialplan", "system")
)


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "BOOTS_WITHIN_S", 0.2)


def whole(action: dict[str, str], **differs: str) -> str:
    """As an Asterisk that lacks nothing; differs: another answer to these actions, "" = refused, or to all events."""
    name, id = action["Action"], f"ActionID: {action.get('ActionID', '')}"
    listed = f"Response: Success\r\n{id}\r\nEventList: start\r\n\r\n{{}}Event: Complete\r\n{id}\r\nEventList: Complete\r\n\r\n"
    said = {
        "QueueStatus": listed.format(differs.get("members", "").replace("ID", id)),
        "ExtensionStateList": listed.format(differs.get("hints", "").replace("ID", id)),
        "Login": f"Response: Success\r\n{id}\r\n\r\nEvent: FullyBooted\r\nPrivilege: system,all\r\nUptime: 9\r\n\r\n{differs.get('events', EVENTS)}",
        "Ping": f"Response: Success\r\n{id}\r\nTimestamp: {differs.get('now', f'{time.time():.6f}')}\r\n\r\n",
        "CoreSettings": f"Response: Success\r\n{id}\r\nAsteriskVersion: {differs.get('version', '22.1.0')}\r\nSystemName: {differs.get('system', '')}\r\n\r\n",
    }
    if name in differs:
        return differs[name].replace("ID", id) or f"Response: Error\r\n{id}\r\nMessage: Permission denied\r\n\r\n"
    return said.get(name, f"Response: Success\r\n{id}\r\n\r\n")


def found(**differs: str) -> list[Finding]:
    with closing(Pbx(lambda action: whole(action, **differs))) as pbx:
        return list(check(Asterisk("127.0.0.1", "atende", "secret", pbx.port), time.time_ns() // 1000, 1))


def test_one_that_lacks_nothing_is_ok_in_every_point() -> None:
    findings = found()
    assert {finding.state for finding in findings} == {"ok"}
    assert len(findings) > 10


@pytest.mark.parametrize(
    ("differs", "says", "line"),
    [
        ({"Login": ""}, "refuses the user", "[atende]"),
        (
            {"Login": "Response: Success\r\nID\r\n\r\n" + EVENTS},
            "does not say when it is ready",
            "read = system,call,agent,user,dialplan,reporting",
        ),
        ({"QueueStatus": ""}, "does not list its queues", "write = system,reporting"),
        ({"Filter": ""}, "sends every event", "write = system,reporting"),
        ({"now": "1795409000.1"}, "its clock differs", ""),
        ({"version": "11.25.3"}, "13 and newer", ""),
        ({"system": "pbx01"}, "its systemname is 'pbx01'", "/pbx01"),
        ({"events": EVENTS.replace("Timestamp: 1795409000.1\r\n", "")}, "events have no instant", "timestampevents = yes"),
    ],
)
def test_what_is_missing_is_named_with_the_line_that_adds_it(differs: dict[str, str], says: str, line: str) -> None:
    (missing,) = [finding for finding in found(**differs) if finding.state == "missing"]
    assert says in missing.what
    assert line in "\n".join(missing.lines)


MEMBER = "Event: QueueMember\r\nID\r\nQueue: vendas\r\nName: Ana\r\nLocation: {}\r\nStateInterface: {}\r\n\r\n"
HINT = "Event: ExtensionStatus\r\nID\r\nExten: {}\r\nContext: {}\r\nHint: {}\r\nStatus: 0\r\n\r\n"
LOCAL = "Local/1001@from-queue/n"


@pytest.mark.parametrize(
    ("location", "watched", "hint", "known"),
    [
        ("PJSIP/1001", "PJSIP/1001", "", True),
        (LOCAL, "PJSIP/1001", "", True),
        (LOCAL, "hint:1001@ext-local", "PJSIP/1001&Custom:DND1001", True),
        (LOCAL, "hint:1001@ext-local", "Custom:DND1001", False),
        (LOCAL, "hint:1001@other", "PJSIP/1001", False),
        (LOCAL, LOCAL, "", False),
    ],
)
def test_a_member_whose_telephone_cannot_be_known_is_named(location: str, watched: str, hint: str, known: bool) -> None:
    findings = found(members=MEMBER.format(location, watched), hints=HINT.format("1001", "ext-local", hint) if hint else "")
    missing = [finding for finding in findings if finding.state == "missing"]
    assert [finding.what.count("Ana (Local/1001@from-queue/n)") for finding in missing] == ([] if known else [1])
    assert known or "exten => 1001,hint,PJSIP/1001" in missing[0].lines


def test_a_class_of_which_nothing_was_heard_is_unknown_and_not_missing() -> None:
    findings = found(events=EVENTS.replace("dialplan,all", "user,all"))
    (unknown,) = [finding for finding in findings if finding.state == "unknown"]
    assert "class dialplan" in unknown.what


def test_where_nobody_listens_it_says_so_and_ends() -> None:
    with closed_port() as port:
        (finding,) = check(Asterisk("127.0.0.1", "atende", "secret", port), 0, 0)
    assert finding.state == "missing"
    assert "no AMI" in finding.what


def of_control(allowed: str, **setting: str | Path) -> dict[str, list[str]]:
    """What is found besides for an Asterisk that is to be driven, whose user may send these actions: the states by what they say, with their lines."""
    listed = "Response: Success\r\nID\r\n" + "".join(f"{name}: x  (Priv: y)\r\n" for name in allowed.split()) + "\r\n"
    with closing(Pbx(lambda action: whole(action, ListCommands=listed))) as pbx:
        asterisk = Asterisk("127.0.0.1", "atende", "secret", pbx.port, control=True, **setting)  # type: ignore[arg-type]
        findings = list(check(asterisk, time.time_ns() // 1000, 1))
    known = {finding.what for finding in found()}
    return {finding.what: [finding.state, *finding.lines] for finding in findings if finding.what not in known}


def test_what_control_needs_is_found_by_what_the_user_may_send() -> None:
    said = of_control(
        "QueueAdd QueuePause Hangup Redirect PlayDTMF Originate GetConfig UpdateConfig MixMonitor", trunk="tronco", context="ramais"
    )
    assert [state for state, *_ in said.values()] == ["ok", "ok", "ok", "ok", "ok", "ok", "unknown", "unknown"]
    said = of_control("QueueAdd Command")
    missing = {what: lines for what, (state, *lines) in said.items() if state == "missing"}
    assert {what.rpartition("(")[2] for what in missing} == {
        "write = agent)",
        "write = call)",
        "write = originate)",
        "write = config)",
        "write = system)",
    }
    assert {line for lines in missing.values() for line in lines} == {"write = system,reporting,call,agent,originate,config"}
    assert any("Atende needs none" in what for what in said)
    assert any("agents cannot dial out" in what for what in said)
    assert any("no call is recorded" in what for what in said)


def test_the_folder_of_recordings_must_be_there(tmp_path: Path) -> None:
    for folder, state in ((tmp_path, "ok"), (tmp_path / "none", "missing")):
        said = of_control("MixMonitor", recordings=folder)
        assert [found for what, (found, *_) in said.items() if "folder" in what and "recordings" in what] == [state]


def test_an_ari_that_does_not_answer_is_missing() -> None:
    with closed_port() as port:
        said = of_control("", ari=f"http://127.0.0.1:{port}", ari_user="a", ari_secret="b")
    assert [state for what, (state, *_) in said.items() if "does not answer" in what] == ["missing"]
