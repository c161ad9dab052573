"""The line between two processes, both ends in this one."""

from __future__ import annotations

import logging
import socket
import stat
import threading
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest

from cli.asks import Ask, File, History, ImportQueueLog, Request, Verify
from cli.console import Console, Interrupted
from cli.holder import listening
from cli.line import LOST, SOCKET, NobodyHolds, address, ask_holder
from tests.kit.asked import Heard

DEADLINE_S = 10


def test_what_a_command_says_reaches_the_one_who_asked(tmp_path: Path) -> None:
    asked: list[Ask] = []

    def answer(ask: Ask, console: Console) -> int:
        asked.append(ask)
        console.progress("reading", 1, None, "lines")
        console.warn("line 3 is broken")
        console.out(f"width {console.width}\n")
        console.out("Almoço\n")
        return 2

    ask = ImportQueueLog(files=(File("/logs/queue_log", "queue_log"),), timezone="America/Manaus", wait=False)
    heard = Heard()
    with listening(tmp_path, answer):
        assert ask_holder(tmp_path, ask, heard) == 2
    assert asked == [ask]
    assert heard.result == "width 123\nAlmoço\n"
    assert heard.warnings == ["line 3 is broken"]
    assert heard.steps == [("reading", 1, None, "lines")]


def test_the_socket_is_for_its_owner_alone_and_goes_with_the_server(tmp_path: Path) -> None:
    with listening(tmp_path, lambda ask, console: 0):
        assert stat.S_IMODE((tmp_path / SOCKET).stat().st_mode) == 0o600
    assert not (tmp_path / SOCKET).exists()


def test_nobody_holds_a_directory_without_a_server(tmp_path: Path) -> None:
    with pytest.raises(NobodyHolds):
        ask_holder(tmp_path, Verify(), Heard())


def test_a_socket_that_a_killed_server_left_is_no_server(tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(str(tmp_path / SOCKET))
    with pytest.raises(NobodyHolds):
        ask_holder(tmp_path, Verify(), Heard())
    with listening(tmp_path, lambda ask, console: 7):
        assert ask_holder(tmp_path, Verify(), Heard()) == 7


def test_a_long_path_is_reached_too(tmp_path: Path) -> None:
    deep = tmp_path / ("d" * 90) / ("e" * 90)
    deep.mkdir(parents=True)
    with listening(deep, lambda ask, console: 5):
        assert ask_holder(deep, Verify(), Heard()) == 5
        assert (deep / SOCKET).is_socket()


def test_a_command_that_fails_says_so_and_the_server_lives_on(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    def answer(ask: Ask, console: Console) -> int:
        if ask == Verify():
            raise RuntimeError("a bug")
        return 0

    heard = Heard()
    with listening(tmp_path, answer), caplog.at_level(logging.ERROR):
        assert ask_holder(tmp_path, Verify(), heard) == 1
        assert ask_holder(tmp_path, History(interaction="1"), Heard()) == 0
    assert heard.warnings == ["the server failed; its own output says why"]
    assert "a bug" in caplog.text


def test_another_version_is_told_apart(tmp_path: Path) -> None:
    with listening(tmp_path, lambda ask, console: 0), socket.socket(socket.AF_UNIX) as line:
        with address(tmp_path) as path:
            line.connect(path)
        line.sendall(b'{"ask":{"type":"Unheard"},"width":80}\n')
        assert b"of another version" in line.makefile("rb").read()


def test_a_server_that_stops_in_the_middle_is_no_success(tmp_path: Path) -> None:
    heard = Heard()
    path = str(tmp_path / SOCKET)
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(path)
        server.listen()

        def die() -> None:
            line, _ = server.accept()
            line.recv(10_000)
            line.sendall(b'{"type":"Out","text":"a row\\n"}\n{"type":"Ou')
            line.close()

        dying = threading.Thread(target=die)
        dying.start()
        assert ask_holder(tmp_path, Verify(), heard) == 1
        dying.join(DEADLINE_S)
    assert heard.result == "a row\n"
    assert heard.warnings == [LOST]


def _until_interrupted(ended: threading.Event, began: threading.Event) -> Callable[[Ask, Console], int]:
    def answer(ask: Ask, console: Console) -> int:
        done = 0
        try:
            while True:
                done += 1
                console.progress("working", done, None, "steps")
                console.warn("still at it")
                began.set()
        except Interrupted:
            ended.set()
            raise

    return answer


def test_a_command_ends_when_the_one_who_asked_has_gone(tmp_path: Path) -> None:
    ended, began = threading.Event(), threading.Event()
    with listening(tmp_path, _until_interrupted(ended, began)):
        with socket.socket(socket.AF_UNIX) as line:
            with address(tmp_path) as path:
                line.connect(path)
            line.sendall(msgspec.json.encode(Request(Verify(), 80)) + b"\n")
            assert began.wait(DEADLINE_S)
        assert ended.wait(DEADLINE_S)


def test_a_stopping_server_interrupts_a_long_command(tmp_path: Path) -> None:
    ended, began = threading.Event(), threading.Event()
    heard = Heard()
    status: list[int] = []
    asking = threading.Thread(target=lambda: status.append(ask_holder(tmp_path, Verify(), heard)))
    with listening(tmp_path, _until_interrupted(ended, began)):
        asking.start()
        assert began.wait(DEADLINE_S)
    asking.join(DEADLINE_S)
    assert ended.is_set()
    assert status == [1]
    assert heard.warnings[-1] == LOST
