"""The connection to AMI, with another side that does what no well-behaved Asterisk does: each fault of pyst2's own reader, and that it is none here."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterator
from contextlib import closing

import pytest

from telephony_adapter.ami import connection as module
from telephony_adapter.ami.connection import Connection, ConnectionEnded, ManagerAuthException, NoAnswer
from telephony_adapter.ami.translator import NOISE, VARIABLES
from tests.kit.pbx import Answering, Pbx
from tests.kit.waiting import within


def said(text: str) -> Answering:
    """Every action gets this answer."""
    return lambda action: "\r\n".join([*text.split("\n"), f"ActionID: {action.get('ActionID', '')}", "", ""])


SUCCESS = said("Response: Success")


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, seconds in (("CONNECTS_WITHIN_S", 1.0), ("ANSWERS_WITHIN_S", 0.3), ("PING_AFTER_S", 0.05), ("SILENT_S", 0.3)):
        monkeypatch.setattr(module, name, seconds)


@pytest.fixture
def talk() -> Iterator[Callable[..., tuple[Pbx, Connection, list[str]]]]:
    opened: list[closing[Pbx] | closing[Connection]] = []

    def connected(answering: Answering = SUCCESS) -> tuple[Pbx, Connection, list[str]]:
        received: list[str] = []
        pbx, connection = Pbx(answering), Connection(received.append)
        opened.extend((closing(connection), closing(pbx)))
        connection.connect("127.0.0.1", pbx.port)
        return pbx, connection, received

    yield connected
    for each in opened:
        each.__exit__(None, None, None)


def test_a_response_belongs_to_the_action_with_its_id_whatever_the_order(talk) -> None:
    held: list[str] = []

    def swapped(action: dict[str, str]) -> str:
        if "Number" not in action:
            return ""
        held.append(action["ActionID"])
        if len(held) < 2:
            return ""
        pbx.send("".join(f"Response: Success\r\nMessage: for {id}\r\nActionID: {id}\r\n\r\n" for id in reversed(held)))
        return ""

    pbx, connection, _ = talk(swapped)
    found: dict[int, str] = {}

    def ask(number: int) -> None:
        answer = connection.send_action(Action="Ping", Number=number)
        found[number] = answer.headers["Message"].removeprefix("for ")

    threads = [threading.Thread(target=ask, args=(number,)) for number in (1, 2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
    assert {
        int(action["Number"]): action["ActionID"] for action in pbx.actions if action["Action"] == "Ping" and "Number" in action
    } == found


def test_a_list_is_read_to_its_end_and_every_line_of_output_is_kept(talk) -> None:
    def answering(action: dict[str, str]) -> str:
        id = action.get("ActionID")
        if action["Action"] == "Command":
            return said("Response: Success\nOutput: one\nOutput: two")(action)
        if action["Action"] == "QueueStatus":
            rows = "".join(f"Event: QueueParams\r\nActionID: {id}\r\nQueue: {queue}\r\n\r\n" for queue in "abc")
            pbx.send(f"Response: Success\r\nActionID: {id}\r\nEventList: start\r\nMessage: Queue status will follow\r\n\r\n{rows}")
            return said("Event: QueueStatusComplete\nEventList: Complete")(action)
        return ""

    pbx, connection, received = talk(answering)
    assert [item["Queue"] for item in connection.list("QueueStatus").items] == ["a", "b", "c"]
    assert connection.command("queue show").output == ["one", "two"]
    assert sum(raw.startswith("Event: QueueParams") for raw in received) == 3
    assert [item["Queue"] for item in connection.list_apart("QueueStatus").items] == ["a", "b", "c"]
    assert sum(raw.startswith("Event: QueueParams") for raw in received) == 3


def test_without_an_answer_the_wait_ends(talk) -> None:
    _, connection, _ = talk(lambda action: SUCCESS(action) if action["Action"] == "Ping" else "")
    with pytest.raises(NoAnswer, match="no answer to Mute"):
        connection.send_action(Action="Mute")
    assert connection.connected()


def test_an_end_is_noticed_and_ends_the_waits(talk) -> None:
    pbx, connection, _ = talk(lambda action: pbx.hang_up() or "")
    with pytest.raises(ConnectionEnded, match="closed the connection"):
        connection.send_action(Action="Anything")
    assert not connection.connected()
    assert connection.reason == "the other side closed the connection"
    with pytest.raises(ConnectionEnded):
        connection.send_action(Action="Anything")


def test_one_that_just_falls_silent_is_pinged_and_then_given_up(talk) -> None:
    pbx, connection, _ = talk(lambda action: "")
    within(lambda: not connection.connected(), 10)
    assert "nothing was received" in connection.reason
    assert {action["Action"] for action in pbx.actions} == {"Ping"}


def test_a_ping_that_is_answered_keeps_it(talk) -> None:
    pbx, connection, received = talk()
    within(lambda: len(pbx.actions) > 10, 10)
    assert connection.connected()
    assert received


def test_whatever_happens_to_one_packet_the_next_ones_are_read() -> None:
    received: list[str] = []

    def fails(raw: str) -> None:
        received.append(raw)
        raise RuntimeError(raw)

    with closing(Pbx(SUCCESS)) as pbx, closing(Connection(fails)) as connection:
        connection.connect("127.0.0.1", pbx.port)
        pbx.send(
            "Event: A\r\n\r\nEvent: Newstate\r\nChanVariable(PJSIP/1): X=1\r\nChanVariable: Y=2\r\n\r\nEvent: B\r\nname: Jos\udce9\r\n\r\n"
        )
        within(lambda: len(received) >= 3, 10)
        assert connection.connected()
    assert any(raw.endswith("Jos\udce9") for raw in received)


def test_it_waits_for_FullyBooted(talk) -> None:
    pbx, connection, _ = talk()
    assert not connection.wait_until_booted(0.01)
    pbx.send("Event: FullyBooted\r\nUptime: 1\r\n\r\n")
    assert connection.wait_until_booted(10)


def test_one_that_ends_before_it_is_booted_is_not_booted(talk) -> None:
    pbx, connection, _ = talk()
    pbx.hang_up()
    assert not connection.wait_until_booted(10)


def test_a_refused_login_says_so(talk) -> None:
    _, connection, _ = talk(said("Response: Error\nMessage: Authentication failed"))
    with pytest.raises(ManagerAuthException, match="Authentication failed"):
        connection.login("atende", "wrong")


def test_what_is_not_ami_is_refused() -> None:
    for banner in (b"HTTP/1.1 400 Bad Request\r\n", b"SSH-2.0\r\n"):
        with closing(Pbx(SUCCESS, banner)) as pbx, closing(Connection()) as connection, pytest.raises(ConnectionEnded, match="not AMI"):
            connection.connect("127.0.0.1", pbx.port)
    with closing(Pbx(SUCCESS, b"")) as pbx, closing(Connection()) as connection, pytest.raises((NoAnswer, ConnectionEnded)):
        connection.connect("127.0.0.1", pbx.port)


def test_a_line_end_in_a_value_is_refused_so_that_nobody_adds_an_action(talk) -> None:
    _, connection, _ = talk()
    with pytest.raises(ValueError, match="one line"):
        connection.send_action(Action="Ping", Name="a\r\n\r\nAction: Logoff")


def test_events_are_filtered_by_asterisk_in_lines_that_it_can_read(talk) -> None:
    pbx, connection, _ = talk()
    assert connection.only([f"Event{number:03}" for number in range(200)])
    filters = [action["Filter"] for action in pbx.actions if action["Action"] == "Filter"]
    assert len(filters) > 1
    assert max(map(len, filters)) < 900
    assert all(f"Event{number:03}" in "".join(filters) for number in range(200))


def test_variables_without_interest_are_left_out_by_asterisk_and_those_of_interest_are_not(talk) -> None:
    pbx, connection, _ = talk()
    assert connection.only(["VarSet"], NOISE)
    left_out = [action["Filter"] for action in pbx.actions if action.get("Filter", "").startswith("!")]
    assert max(map(len, left_out)) < 900
    patterns = [re.compile(pattern[1:].replace("[[:cntrl:]]", "[\\r\\n]")) for pattern in left_out]

    def is_sent(variable: str) -> bool:
        return not any(pattern.search(f"Event: VarSet\r\nVariable: {variable}\r\nValue: 1\r\n") for pattern in patterns)

    assert not any(map(is_sent, NOISE))
    assert all(map(is_sent, {*VARIABLES, "OPCAO"}))


def test_a_user_who_may_not_filter_gets_all_events(talk) -> None:
    _, connection, _ = talk(said("Response: Error\nMessage: Permission denied"))
    assert not connection.only(["Hangup"])


def test_an_event_that_is_expected_is_met_once_and_one_that_nobody_expects_any_more_harms_nothing(talk) -> None:
    pbx, connection, _ = talk(said("Response: Success"))
    met, other, dropped = (connection.expect("Hangup", "Uniqueid", id) for id in ("1.1", "1.2", "1.3"))
    dropped.cancel()
    for id in ("1.10", "1.3", "1.1"):
        pbx.send(f"Event: Hangup\r\nUniqueid: {id}\r\nCause: 16\r\n\r\n")
    met.result(10)
    assert not other.done()
    assert connection.send_action(Action="Ping").succeeded
    pbx.hang_up()
    with pytest.raises(ConnectionEnded):
        other.result(10)
