"""`python -m services.deployment up|down`: start and stop the processes of Atende on the servers of `make services`.

The processes are two APIs, the relay, the process managers and two workers. Each has a folder under `.services/deployment` with its process id and log. This
module runs the command `atende` with the settings in `.services/env`, as an operator would, and asks each process over HTTP whether it is ready.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import sysconfig
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from signal import SIGTERM

from services.__main__ import DIRECTORY, SERVERS, say
from services.group import alone, running
from services.process import Daemon, wait_for
from services.server import HOST, free

ATENDE = (str(Path(sysconfig.get_path("scripts"), "atende")),)
FOLDER = "deployment"
URLS = "urls"
FIRST_PORT = 25_080

_SERVE = (("serve", "--port"), "/readyz")
_RELAY = (("relay", "--metrics-port"), "/metrics")
_PROCESSES = (("processes", "--metrics-port"), "/metrics")
_WORKER = (("worker", "--metrics-port"), "/metrics")
_MEMBERS = (
    ("api-1", *_SERVE),
    ("api-2", *_SERVE),
    ("relay", *_RELAY),
    ("processes", *_PROCESSES),
    ("worker-1", *_WORKER),
    ("worker-2", *_WORKER),
)

_PORTS = 100
_READY_WITHIN_S = 60.0
_PREPARED_WITHIN_S = 60.0
_ENDS_WITHIN_S = 20.0
_ASKED_S = 5.0

Say = Callable[[str], object]


class DidNotComeUp(Exception):
    """The deployment does not run. The message names the process and has the last lines of its log."""


@dataclass(frozen=True)
class Member:
    """One process of the deployment. `ready`: the HTTP path that answers 200 once the process is ready."""

    name: str
    words: tuple[str, ...]
    daemon: Daemon
    port: int
    ready: str

    @property
    def url(self) -> str:
        """The base URL of the process."""
        return f"http://{HOST}:{self.port}"

    @property
    def is_api(self) -> bool:
        """Whether it serves the HTTP API."""
        return self.words[0] == "serve"

    def is_ready(self) -> bool:
        """Whether it runs and answers that it is ready."""
        return self.daemon.pid() is not None and _answers(self.port, self.ready)

    def failed(self, how: str) -> DidNotComeUp:
        """The error that names this process, with the last lines of its log."""
        return DidNotComeUp(f"{self.name} {how}; the end of {self.daemon.log}:\n{self.daemon.last_words(15)}")


def up(directory: Path, say: Say, command: Sequence[str] = ATENDE, within_s: float = _READY_WITHIN_S) -> None:
    """Start all processes that do not run yet. Raises DidNotComeUp after stopping the processes that this call started."""
    env = _settings(directory)
    started: list[Member] = []
    with alone():
        for word in ("topics", "migrate"):
            _prepare(word, command, env)
        members = _members(directory)
        try:
            for member in members:
                if member.daemon.pid() is None:
                    member.daemon.start([*command, *member.words], env=env)
                    started.append(member)
            _await(members, within_s)
        except BaseException:
            _end(started)
            raise
        urls = directory / FOLDER / URLS
        urls.write_text("".join(f"{member.url}\n" for member in members if member.is_api), encoding="ascii")
    for member in members:
        at = member.url if member.is_api else f"metrics {member.url}/metrics"
        what = "has started" if member in started else "runs already"
        say(f"{member.name} {what}: {at}, process {member.daemon.pid()}, log {member.daemon.log}")


def down(directory: Path, say: Say) -> None:
    """Stop all processes of the deployment. The servers keep running."""
    if not (directory / FOLDER).exists():
        return
    with alone():
        members = [member for member in _members(directory) if member.daemon.pid() is not None]
        _end(members)
        (directory / FOLDER / URLS).unlink(missing_ok=True)
    for member in members:
        say(f"{member.name} has ended")


def _settings(directory: Path) -> Mapping[str, str]:
    """The settings of all processes, as environment variables."""
    env = running(directory).env
    missing = [server.NAME for server in SERVERS if server.VARIABLE not in env]
    if missing:
        raise DidNotComeUp(f"{', '.join(missing)} does not run: `make services` starts it")
    return {**env, "ATENDE_HOST": HOST, "ATENDE_DATA": str((directory / FOLDER / "data").resolve())}


def _prepare(word: str, command: Sequence[str], env: Mapping[str, str]) -> None:
    """Run a command and wait for its end. Raises DidNotComeUp if it fails."""
    try:
        ran = subprocess.run(
            [*command, word], capture_output=True, text=True, check=False, cwd="/", env={**os.environ, **env}, timeout=_PREPARED_WITHIN_S
        )
    except subprocess.TimeoutExpired as error:
        raise DidNotComeUp(f"`atende {word}` has not ended within {_PREPARED_WITHIN_S:.0f} s") from error
    if ran.returncode:
        raise DidNotComeUp(f"`atende {word}` failed: {ran.stderr.strip() or ran.stdout.strip()}")


def _members(directory: Path) -> list[Member]:
    """All processes of the deployment, running or not. Each keeps its port."""
    parent = (directory / FOLDER).resolve()
    parent.mkdir(exist_ok=True)
    taken: set[int] = set()
    members = []
    for name, words, ready in _MEMBERS:
        folder = parent / name
        folder.mkdir(exist_ok=True)
        daemon = Daemon(folder)
        port = _port(daemon, taken)
        taken.add(port)
        members.append(Member(name, (*words, str(port)), daemon, port, ready))
    return members


def _port(daemon: Daemon, taken: set[int]) -> int:
    """The port that it listens on or last listened on; otherwise the next free port from FIRST_PORT."""
    kept = daemon.folder / "port"
    last = int(kept.read_text(encoding="ascii")) if kept.exists() else 0
    if last and last not in taken and (daemon.pid() is not None or free([last])):
        return last
    for port in range(FIRST_PORT, FIRST_PORT + _PORTS):
        if port not in taken and free([port]):
            kept.write_text(f"{port}\n", encoding="ascii")
            return port
    raise DidNotComeUp(f"no port from {FIRST_PORT} on is free")


def _await(members: Sequence[Member], within_s: float) -> None:
    """Wait until all are ready. Raises DidNotComeUp as soon as one has ended."""

    def settled() -> bool:
        return any(member.daemon.pid() is None for member in members) or all(member.is_ready() for member in members)

    wait_for(settled, within_s)
    for member in members:
        if member.daemon.pid() is None:
            raise member.failed("has ended by itself")
    for member in members:
        if not member.is_ready():
            raise member.failed(f"was not ready within {within_s:.0f} s")


def _answers(port: int, path: str) -> bool:
    connection = HTTPConnection(HOST, port, timeout=_ASKED_S)
    try:
        connection.request("GET", path)
        return connection.getresponse().status == HTTPStatus.OK
    except (OSError, HTTPException):
        return False
    finally:
        connection.close()


def _end(members: Sequence[Member]) -> None:
    """Signal all processes first, then wait for each."""
    for member in members:
        member.daemon.send_signal(SIGTERM)
    for member in members:
        member.daemon.stop(SIGTERM, _ENDS_WITHIN_S)


def main(arguments: list[str]) -> int:
    """Run one command. Returns the exit status: 1 if the deployment could not be started."""
    parser = argparse.ArgumentParser(
        prog="python -m services.deployment", description="Atende's own processes on the servers of `make services`"
    )
    parser.add_argument("what", choices=["up", "down"])
    parser.add_argument("--directory", type=Path, default=DIRECTORY, help="the directory of the servers")
    options = parser.parse_args(arguments)
    if options.what == "down":
        down(options.directory, say)
        return 0
    try:
        up(options.directory, say)
    except DidNotComeUp as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
