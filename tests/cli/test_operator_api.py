"""The operator client and the operator API, both ends in this process."""

from __future__ import annotations

import logging
import socket
import stat
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import httpx
import msgspec
import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from cli.console import Console, Interrupted
from cli.operator_api import operator_api
from cli.operator_client import LOST, OTHER_VERSION, ROUTE, SOCKET, NoServer, address, connect, run_on_server
from cli.operator_commands import File, History, ImportQueueLog, OperatorCommand, Verify
from cli.serve import Server
from tests.kit.operator_results import RecordingConsole

DEADLINE_S = 10
PUBLIC = Starlette(routes=[Route("/healthz", lambda _: PlainTextResponse("well"))])

Execute = Callable[[OperatorCommand, Console], int]


async def _nothing() -> None:
    """What goes on alongside the server here."""


@contextmanager
def serving(directory: Path, execute: Execute) -> Iterator[int]:
    """Run a server as `atende serve` does, on a port of TCP, which is the value, and on the socket of `directory`."""
    with ExitStack() as stack:
        bound = stack.enter_context(socket.create_server(("127.0.0.1", 0)))
        app, listener = stack.enter_context(operator_api(directory, PUBLIC, execute, lambda: server.should_exit))
        server = Server(uvicorn.Config(app, log_config=None, access_log=False, timeout_graceful_shutdown=1), _nothing, lambda: None)
        thread = threading.Thread(target=server.run, args=([bound, listener],))
        thread.start()
        stack.callback(thread.join)
        stack.callback(setattr, server, "should_exit", True)
        yield bound.getsockname()[1]


@contextmanager
def http(directory: Path) -> Iterator[httpx.Client]:
    """Any HTTP client on the socket of `directory`."""
    with address(directory) as path, httpx.Client(transport=httpx.HTTPTransport(uds=path), base_url="http://localhost") as client:
        yield client


def test_the_output_of_a_command_reaches_the_client(tmp_path: Path) -> None:
    received: list[OperatorCommand] = []

    def execute(command: OperatorCommand, console: Console) -> int:
        received.append(command)
        console.progress("reading", 1, None, "lines")
        console.warn("line 3 is broken")
        console.out(f"width {console.width}\n")
        console.out("Almoço\n")
        return 2

    command = ImportQueueLog(files=(File("/logs/queue_log", "queue_log"),), timezone="America/Manaus", wait=False)
    console = RecordingConsole()
    with serving(tmp_path, execute):
        assert run_on_server(tmp_path, command, console) == 2
    assert received == [command]
    assert console.result == "width 123\nAlmoço\n"
    assert console.warnings == ["line 3 is broken"]
    assert console.steps == [("reading", 1, None, "lines")]


def test_a_long_result_arrives_whole(tmp_path: Path) -> None:
    text = "".join(f"{row};Almoço\n" for row in range(300_000))

    def execute(_: OperatorCommand, console: Console) -> int:
        console.out(text)
        return 0

    console = RecordingConsole()
    with serving(tmp_path, execute):
        assert run_on_server(tmp_path, Verify(), console) == 0
    assert console.result == text


def test_several_commands_run_at_once(tmp_path: Path) -> None:
    all_run = threading.Barrier(8)

    def execute(_: OperatorCommand, __: Console) -> int:
        all_run.wait(DEADLINE_S)
        return 3

    status: list[int] = []
    with serving(tmp_path, execute):
        running = [threading.Thread(target=lambda: status.append(run_on_server(tmp_path, Verify(), RecordingConsole()))) for _ in range(8)]
        for thread in running:
            thread.start()
        for thread in running:
            thread.join(DEADLINE_S)
    assert status == [3] * 8


def test_the_socket_is_for_its_owner_alone_and_goes_with_the_server(tmp_path: Path) -> None:
    with serving(tmp_path, lambda command, console: 0):
        assert stat.S_IMODE((tmp_path / SOCKET).stat().st_mode) == 0o600
    assert not (tmp_path / SOCKET).exists()


def test_the_public_api_is_on_the_socket_too(tmp_path: Path) -> None:
    with serving(tmp_path, lambda command, console: 0), http(tmp_path) as client:
        assert client.get("/healthz").text == "well"


def test_the_operator_api_is_on_the_socket_alone(tmp_path: Path) -> None:
    def execute(_: OperatorCommand, __: Console) -> int:
        raise AssertionError("a command came over TCP")

    with serving(tmp_path, execute) as port:
        for headers in ({}, {"Host": str(tmp_path / SOCKET)}, {"X-Forwarded-For": "unix:"}, {"Forwarded": "for=unix:"}):
            refused = httpx.post(f"http://127.0.0.1:{port}{ROUTE}", content=b'{"command":"Verify"}', headers=headers)
            assert refused.status_code == 404


def test_there_is_no_server_in_a_directory_without_one(tmp_path: Path) -> None:
    with pytest.raises(NoServer):
        run_on_server(tmp_path, Verify(), RecordingConsole())


def test_a_socket_that_a_killed_server_left_is_no_server(tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(str(tmp_path / SOCKET))
    with pytest.raises(NoServer):
        run_on_server(tmp_path, Verify(), RecordingConsole())
    with serving(tmp_path, lambda command, console: 7):
        assert run_on_server(tmp_path, Verify(), RecordingConsole()) == 7


def test_a_long_path_is_reached_too(tmp_path: Path) -> None:
    deep = tmp_path / ("d" * 90) / ("e" * 90)
    deep.mkdir(parents=True)
    with serving(deep, lambda command, console: 5):
        assert run_on_server(deep, Verify(), RecordingConsole()) == 5
        assert (deep / SOCKET).is_socket()


def test_a_command_that_fails_is_reported_and_the_server_lives_on(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    def execute(command: OperatorCommand, _: Console) -> int:
        if command == Verify():
            raise RuntimeError("a bug")
        return 0

    console = RecordingConsole()
    with serving(tmp_path, execute), caplog.at_level(logging.ERROR):
        assert run_on_server(tmp_path, Verify(), console) == 1
        assert run_on_server(tmp_path, History(interaction="1"), RecordingConsole()) == 0
    assert console.warnings == ["the server failed; its own output says why"]
    assert "a bug" in caplog.text


class Unknown(Verify, frozen=True, tag="Unknown"):
    """A command of another version."""


class Extended(Verify, frozen=True, tag="Verify"):
    """A command of this version with an option of another."""

    deeply: bool = False


@pytest.mark.parametrize("command", [Unknown(), Extended(deeply=True)])
def test_a_command_of_another_version_is_refused(tmp_path: Path, command: OperatorCommand) -> None:
    console = RecordingConsole()
    with serving(tmp_path, lambda command, console: 0), http(tmp_path) as client:
        assert run_on_server(tmp_path, command, console) == 1
        refused = client.post(ROUTE, content=msgspec.json.encode(command))
    assert console.warnings == [OTHER_VERSION]
    assert (refused.status_code, refused.headers["content-type"]) == (422, "application/problem+json")


@pytest.mark.parametrize("body", [b"", b"{", b"\xff", b"[]", b"{}", b'{"command":"Verify","company":1}'])
def test_a_body_that_is_no_command_is_a_problem(tmp_path: Path, body: bytes) -> None:
    with serving(tmp_path, lambda command, console: 0), http(tmp_path) as client:
        assert client.post(ROUTE, content=body).status_code in {400, 422}


def test_a_server_that_stops_in_the_middle_is_no_success(tmp_path: Path) -> None:
    console = RecordingConsole()
    record = b'{"type":"stdout","text":"a row\\n"}\n'
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(tmp_path / SOCKET))
        server.listen()

        def die() -> None:
            connection, _ = server.accept()
            received = b""
            while not received.endswith(b"}"):
                received += connection.recv(10_000)
            connection.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n%x\r\n%b\r\n20\r\n" % (len(record), record))
            connection.sendall(b'{"type":"st')
            connection.close()

        dying = threading.Thread(target=die)
        dying.start()
        assert run_on_server(tmp_path, Verify(), console) == 1
        dying.join(DEADLINE_S)
    assert console.result == "a row\n"
    assert console.warnings == [LOST]


def _until_interrupted(ended: threading.Event, began: threading.Event) -> Execute:
    def execute(_: OperatorCommand, console: Console) -> int:
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

    return execute


def _send_without_reading(directory: Path) -> socket.socket:
    connection = connect(directory)
    connection.sendall(b"POST /operator HTTP/1.1\r\nHost: localhost\r\nContent-Length: 20\r\n\r\n" + b'{"command":"Verify"}')
    return connection


def test_a_command_ends_when_the_client_is_gone(tmp_path: Path) -> None:
    ended, began = threading.Event(), threading.Event()
    with serving(tmp_path, _until_interrupted(ended, began)):
        with _send_without_reading(tmp_path):
            assert began.wait(DEADLINE_S)
        assert ended.wait(DEADLINE_S)


def test_a_client_that_reads_no_more_keeps_no_server_from_stopping(tmp_path: Path) -> None:
    began, ended = threading.Event(), threading.Event()

    def execute(_: OperatorCommand, console: Console) -> int:
        began.set()
        try:
            while True:
                console.out("a long report\n" * 10_000)
        finally:
            ended.set()

    with serving(tmp_path, execute):
        unread = _send_without_reading(tmp_path)
        assert began.wait(DEADLINE_S)
    assert ended.is_set()
    unread.close()


def test_a_stopping_server_interrupts_a_long_command(tmp_path: Path) -> None:
    ended, began = threading.Event(), threading.Event()
    console = RecordingConsole()
    status: list[int] = []
    running = threading.Thread(target=lambda: status.append(run_on_server(tmp_path, Verify(), console)))
    with serving(tmp_path, _until_interrupted(ended, began)):
        running.start()
        assert began.wait(DEADLINE_S)
    running.join(DEADLINE_S)
    assert ended.is_set()
    assert status == [1]
    assert console.warnings[-1] == LOST
