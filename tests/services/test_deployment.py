"""`make up`: all processes of a deployment start, or none."""

from __future__ import annotations

import http.client
import os
import signal
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from services import deployment
from services.__main__ import SERVERS
from services.deployment import DidNotComeUp, down, up
from services.process import Daemon, wait_for

STAND_IN = """
import http.server, os, sys
word = sys.argv[1]
with open({said!r}, "a") as said:
    print(word, os.environ["ATENDE_STORE_URL"], file=said)
if word == {fails!r}:
    sys.exit("the disk is full")
class Readiness(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response({status})
        self.end_headers()
if word in ("serve", "relay", "processes", "worker"):
    http.server.HTTPServer(("127.0.0.1", int(sys.argv[3])), Readiness).serve_forever()
"""
"""A stand-in for the command `atende`: it starts processes that answer HTTP and do nothing else."""

NAMES = ("api-1", "api-2", "relay", "processes", "worker-1", "worker-2")


@pytest.fixture
def directory(tmp_path: Path) -> Iterator[Path]:
    """A directory as `make services` leaves it."""
    (tmp_path / "env").write_text("".join(f"{server.VARIABLE}=there\n" for server in SERVERS))
    yield tmp_path
    down(tmp_path, lambda _: None)


def command(directory: Path, fails: str = "", status: int = 200) -> list[str]:
    return [sys.executable, "-c", STAND_IN.format(said=str(directory / "said"), fails=fails, status=status)]


def said(directory: Path) -> list[str]:
    return sorted((directory / "said").read_text().splitlines())


def pids(directory: Path) -> dict[str, int | None]:
    return {name: Daemon(directory / deployment.FOLDER / name).pid() for name in NAMES}


def test_all_start_with_the_settings_of_the_servers_and_their_urls_are_written(directory: Path) -> None:
    printed: list[str] = []
    up(directory, printed.append, command(directory))
    assert said(directory) == [
        f"{word} there" for word in ("migrate", "processes", "relay", "serve", "serve", "topics", "worker", "worker")
    ]
    assert [line.split()[0] for line in printed] == list(NAMES)
    urls = (directory / deployment.FOLDER / "urls").read_text().split()
    assert len(set(urls)) == 2
    for url in urls:
        connection = http.client.HTTPConnection(url.removeprefix("http://"), timeout=10)
        connection.request("GET", "/readyz")
        assert connection.getresponse().status == 200
        connection.close()


def test_a_second_up_starts_nothing_and_a_killed_process_restarts_on_its_port(directory: Path) -> None:
    up(directory, lambda _: None, command(directory))
    first, urls = pids(directory), (directory / deployment.FOLDER / "urls").read_text()
    up(directory, lambda _: None, command(directory))
    assert pids(directory) == first
    killed = first["api-2"]
    assert killed is not None
    os.kill(killed, signal.SIGKILL)
    assert wait_for(lambda: pids(directory)["api-2"] is None, 10)
    up(directory, lambda _: None, command(directory))
    now = pids(directory)
    assert {name for name in NAMES if now[name] != first[name]} == {"api-2"}
    assert None not in now.values()
    assert (directory / deployment.FOLDER / "urls").read_text() == urls


def test_down_stops_all_processes_and_can_be_repeated(directory: Path) -> None:
    up(directory, lambda _: None, command(directory))
    printed: list[str] = []
    for _ in range(2):
        down(directory, printed.append)
    assert printed == [f"{name} has ended" for name in NAMES]
    assert set(pids(directory).values()) == {None}
    assert not (directory / deployment.FOLDER / "urls").exists()


@pytest.mark.parametrize("fails", ["topics", "migrate"])
def test_a_failed_preparation_starts_nothing(directory: Path, fails: str) -> None:
    with pytest.raises(DidNotComeUp, match=f"`atende {fails}` failed: the disk is full"):
        up(directory, lambda _: None, command(directory, fails))
    assert set(pids(directory).values()) == {None}


def test_a_process_that_ends_is_named_with_the_end_of_its_log_and_the_others_are_stopped(directory: Path) -> None:
    with pytest.raises(DidNotComeUp, match=r"relay has ended by itself; the end of .*relay/log:\nthe disk is full"):
        up(directory, lambda _: None, command(directory, "relay"))
    assert set(pids(directory).values()) == {None}


def test_a_process_that_is_never_ready_is_named_and_the_earlier_ones_keep_running(directory: Path) -> None:
    up(directory, lambda _: None, command(directory))
    before = pids(directory)
    Daemon(directory / deployment.FOLDER / "api-1").stop(signal.SIGKILL, 10)
    with pytest.raises(DidNotComeUp, match="api-1 was not ready within 1 s"):
        up(directory, lambda _: None, command(directory, status=503), within_s=1)
    assert pids(directory) == {**before, "api-1": None}


def test_without_its_servers_nothing_starts(directory: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (directory / "env").write_text(f"{SERVERS[0].VARIABLE}=there\n")
    assert deployment.main(["up", "--directory", str(directory)]) == 1
    assert capsys.readouterr().err == "Kafka, ClickHouse does not run: `make services` starts it\n"
    assert deployment.main(["down", "--directory", str(directory / "nowhere")]) == 0
