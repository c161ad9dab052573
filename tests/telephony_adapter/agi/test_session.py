"""The AGI protocol: whatever the other side sends, a session ends or answers, within its bounds."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from telephony_adapter.agi import session as module
from telephony_adapter.agi.session import LONGEST_LINE, MOST_LINES, MOST_VARIABLES, BrokenAgi, HungUp, Reply, Session

REQUEST = b"agi_network: yes\nagi_request: agi://atende:4573/principal?company=A%20B\nagi_uniqueid: 17.1\nagi_callerid: 11987654321\n\n"


class Sent:
    """A writer that keeps what it is given."""

    def __init__(self) -> None:
        self.data = b""

    def write(self, data: bytes) -> None:
        self.data += data

    async def drain(self) -> None:
        """Nothing waits."""


def talk(received: bytes, do: Callable[[Session], Awaitable[Any]], *, ends: bool = True) -> tuple[Any, bytes]:
    """What comes of `do` with a session that receives these bytes, and what it sent."""

    async def run() -> tuple[Any, bytes]:
        reader = asyncio.StreamReader(limit=LONGEST_LINE)
        reader.feed_data(received)
        if ends:
            reader.feed_eof()
        sent = Sent()
        return await do(Session(reader, sent)), sent.data  # type: ignore[arg-type]

    return asyncio.run(run())


async def begin(session: Session) -> Session:
    await session.begin()
    return session


def test_a_request_says_the_call_the_number_and_what_is_asked_for() -> None:
    found, _ = talk(REQUEST, begin)
    assert (found.call, found.number, found.asked) == ("17.1", "11987654321", ("principal", {"company": "A B"}))


def test_a_withheld_number_is_none() -> None:
    found, _ = talk(REQUEST.replace(b"11987654321", b"unknown"), begin)
    assert found.number == ""


@pytest.mark.parametrize(
    "received",
    [
        b"GET / HTTP/1.1\n\n",
        b"agi_network: yes\n\n",
        b"x" * (LONGEST_LINE + 1) + b"\n",
        b"agi_arg: 1\n" * (MOST_VARIABLES + 1),
    ],
    ids=["http", "no call", "a long line", "many lines"],
)
def test_what_is_no_request_is_refused(received: bytes) -> None:
    with pytest.raises(BrokenAgi):
        talk(received, begin)


def test_a_request_that_does_not_end_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "BEGINS_WITHIN_S", 0.01)
    with pytest.raises(BrokenAgi):
        talk(b"agi_network: yes\n", begin, ends=False)


@pytest.mark.parametrize(
    ("answer", "reply"),
    [
        (b"200 result=0\n", Reply("0")),
        (b"200 result=49\n", Reply("49")),
        (b"200 result=1 (4)\n", Reply("1", "4")),
        (b"200 result=1 (a) b)\n", Reply("1", "a) b")),
        (b"200 result= (timeout)\n", Reply("", "timeout")),
        (b"200 result=0 endpos=5600\n", Reply("0", samples=5_600)),
        (b"100 result=0 Trying...\n200 result=0\n", Reply("0")),
        (b"HANGUP\n200 result=0\n", Reply("0")),
    ],
)
def test_an_answer_is_its_result_and_its_value(answer: bytes, reply: Reply) -> None:
    assert talk(answer, lambda session: session.command("NOOP"))[0] == reply


@pytest.mark.parametrize("answer", [b"200 result=-1\n", b"HANGUP\n511 result=-1 Command Not Permitted\n", b"", b"200 res"])
def test_a_hang_up_is_one_however_it_is_said(answer: bytes) -> None:
    with pytest.raises(HungUp):
        talk(answer, lambda session: session.command("NOOP"))


@pytest.mark.parametrize(
    "answer",
    [
        b"510 Invalid or unknown command\n",
        b"520-Invalid command syntax.  Proper usage follows:\n Usage: NOOP\n520 End of proper usage.\n",
        b"\n" * (MOST_LINES + 1),
        b"x" * (LONGEST_LINE + 1),
    ],
    ids=["unknown", "usage", "many lines", "a long line"],
)
def test_a_refused_command_is_an_error(answer: bytes) -> None:
    with pytest.raises(BrokenAgi):
        talk(answer, lambda session: session.command("NOOP"))


def test_a_command_that_is_not_answered_in_time_is_an_error() -> None:
    with pytest.raises(BrokenAgi):
        talk(b"", lambda session: session.command("NOOP", within_s=0.01), ends=False)


def test_words_are_quoted_and_control_characters_refused() -> None:
    _, sent = talk(b"200 result=0\n", lambda session: session.command("EXEC", "Queue", 'a "b" \\c', ""))
    assert sent == b'EXEC Queue "a \\"b\\" \\\\c" ""\n'
    with pytest.raises(BrokenAgi):
        talk(b"200 result=0\n", lambda session: session.command("EXEC", "a\nHANGUP"))


def test_only_keys_are_keys() -> None:
    assert [Reply(result).key for result in ("49", "35", "42", "0", "1", "", "-5", "65", "9" * 30)] == [
        "1",
        "#",
        "*",
        "",
        "",
        "",
        "",
        "",
        "",
    ]


LINES = st.lists(
    st.one_of(
        st.binary(max_size=40),
        st.sampled_from([b"HANGUP", b"200 result=0", b"200 result=-1", b"100 result=0", b"520-usage", b"520 End", b"511 x", b"agi_a: b", b"agi_uniqueid: 1", b""]),
    ),
    max_size=150,
)  # fmt: skip


@given(LINES, st.booleans())
def test_whatever_is_received_the_session_answers_hangs_up_or_breaks(lines: list[bytes], has_end: bool) -> None:
    async def whole(session: Session) -> None:
        await session.begin()
        assert isinstance(session.asked[0], str)
        for _ in range(5):
            assert (await session.command("NOOP")).key in "0123456789*#"

    with contextlib.suppress(HungUp, BrokenAgi):
        talk(b"\n".join(lines) + (b"\n" if has_end else b""), whole)
