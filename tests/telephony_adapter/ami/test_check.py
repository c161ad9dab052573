"""What an Asterisk lacks is named, with the line that adds it."""

from __future__ import annotations

import time
from contextlib import closing

import pytest

from settings import Asterisk
from telephony_adapter.ami import check as module
from telephony_adapter.ami.check import Finding, check
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
    said = {
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
        ({"Login": "Response: Success\r\nID\r\n\r\n" + EVENTS}, "does not say when it is ready", "read = system,call,agent,user,dialplan"),
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


def test_a_class_of_which_nothing_was_heard_is_unknown_and_not_missing() -> None:
    findings = found(events=EVENTS.replace("dialplan,all", "user,all"))
    (unknown,) = [finding for finding in findings if finding.state == "unknown"]
    assert "class dialplan" in unknown.what


def test_where_nobody_listens_it_says_so_and_ends() -> None:
    with closed_port() as port:
        (finding,) = check(Asterisk("127.0.0.1", "atende", "secret", port), 0, 0)
    assert finding.state == "missing"
    assert "no AMI" in finding.what
