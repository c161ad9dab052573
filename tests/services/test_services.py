"""The servers for development: start, find again, stop; a server that cannot run is reported with the reason."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import stat
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from services import debian
from services.debian import NotInstalled
from services.group import down, run, running, up
from services.process import Daemon, wait_for
from services.server import HOST, Server
from tests.kit import servers

SERVE = (
    "import http.server, sys; http.server.HTTPServer((sys.argv[1], int(sys.argv[2])), http.server.BaseHTTPRequestHandler).serve_forever()"
)


class Web(Server):
    """A server that runs on every machine with Python."""

    NAME = "Web"
    FOLDER = "web"
    VARIABLE = "ATENDE_WEB"
    PORT = 25_990
    PORTS = 2
    PACKAGES = ("a-package-that-is-not",)
    installed = True
    code = SERVE

    def is_installed(self) -> bool:
        return self.installed

    def launch(self) -> None:
        self.daemon.start([sys.executable, "-c", self.code, HOST, str(self.ports[0])])

    def answers(self) -> bool:
        try:
            socket.create_connection((HOST, self.ports[0]), timeout=5).close()
        except OSError:
            return False
        return True

    @property
    def address(self) -> str:
        return f"http://{HOST}:{self.ports[0]}/{self.secret}"


class Broken(Web):
    NAME = "Broken"
    FOLDER = "broken"
    VARIABLE = "ATENDE_BROKEN"
    PORT = 25_790
    code = "raise SystemExit('the disk is full')"


class Absent(Web):
    NAME = "Absent"
    FOLDER = "absent"
    VARIABLE = "ATENDE_ABSENT"
    installed = False


@pytest.fixture
def directory(tmp_path: Path) -> Iterator[Path]:
    yield tmp_path / "services"
    down(tmp_path / "services", [Web], lambda _: None)


def pid(directory: Path) -> int | None:
    return Daemon(directory / "web").pid()


def test_a_running_server_is_not_started_again_and_keeps_its_address(directory: Path) -> None:
    said: list[str] = []
    assert up(directory, [Web], {}, said.append) == []
    first, read = pid(directory), running(directory)
    assert up(directory, [Web], {}, said.append) == []
    assert (pid(directory), running(directory)) == (first, read)
    assert ["has started" in said[0], "runs already" in said[1]] == [True, True]
    assert read.env["ATENDE_MODE"] == "distributed"
    assert Web(directory, (directory / "secret").read_text()).answers()


def test_only_the_owner_can_read_the_addresses(directory: Path) -> None:
    up(directory, [Web], {}, lambda _: None)
    assert {stat.S_IMODE((directory / name).stat().st_mode) for name in ("env", "secret")} == {0o600}


def test_a_server_outlives_its_starter_and_stops_on_down(directory: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from services.group import up; from tests.services.test_services import Web; "
        f"up(Path({str(directory)!r}), [Web], {{}}, print)"
    )
    subprocess.run([sys.executable, "-c", code], check=True, cwd=Path(__file__).parents[2], capture_output=True)
    assert Web(directory, "").answers()
    said: list[str] = []
    for _ in range(2):
        down(directory, [Web], said.append)
    assert said == ["Web has ended", "Web did not run"]
    assert not Web(directory, "").answers()
    assert running(directory).env == {}


def test_a_killed_server_restarts_on_its_ports(directory: Path) -> None:
    up(directory, [Web], {}, lambda _: None)
    first, ports = pid(directory), Web(directory, "").ports
    os.kill(first, signal.SIGKILL)
    assert wait_for(lambda: pid(directory) is None, 10)
    up(directory, [Web], {}, lambda _: None)
    assert pid(directory) not in (None, first)
    assert Web(directory, "").ports == ports


def test_another_process_with_the_same_id_is_not_stopped(directory: Path) -> None:
    up(directory, [Web], {}, lambda _: None)
    real = (directory / "web" / "pid").read_text()
    (directory / "web" / "pid").write_text(f"{os.getpid()} 1\n")
    said: list[str] = []
    down(directory, [Web], said.append)
    assert said == ["Web did not run"]
    (directory / "web" / "pid").write_text(real)


def test_if_the_default_port_is_taken_the_next_one_is_used(directory: Path) -> None:
    with socket.create_server((HOST, 0)) as other:
        taken = other.getsockname()[1]
        Web.PORT, usual = taken - 1, Web.PORT
        try:
            up(directory, [Web], {}, lambda _: None)
        finally:
            Web.PORT = usual
        assert taken not in Web(directory, "").ports
        assert Web(directory, "").answers()


def free_pair() -> int:
    """The first of two free ports that no connection of another test takes by chance: they are below those that the system gives out."""
    for port in range(20_000 + os.getpid() % 4_000, 25_000, 2):
        with suppress(OSError), socket.create_server((HOST, port)), socket.create_server((HOST, port + 1)):
            return port
    raise AssertionError("no free ports")


def test_a_requested_port_is_used_or_refused(directory: Path) -> None:
    said: list[str] = []
    taken = free_pair()
    with socket.create_server((HOST, taken)):
        assert up(directory, [Web], {"web": taken}, said.append) == ["Web"]
    assert said == [f"Web is missing: port {taken} or {taken + 1} is taken"]
    assert running(directory).missing == {"Web": f"port {taken} or {taken + 1} is taken"}
    assert up(directory, [Web], {"web": taken}, said.append) == []
    assert Web(directory, "").ports == [taken, taken + 1]
    assert up(directory, [Web], {"web": taken + 2}, said.append) == ["Web"]
    assert f"runs already, on port {taken} and not on {taken + 2}" in said[-1]


def test_a_server_that_cannot_run_is_named_with_the_end_of_its_log_and_the_others_run(directory: Path) -> None:
    said: list[str] = []
    assert up(directory, [Broken, Web], {}, said.append) == ["Broken"]
    read = running(directory)
    assert "the disk is full" in read.missing["Broken"]
    assert "ATENDE_BROKEN" not in read.env
    assert Web(directory, "").answers()


def test_a_server_that_cannot_be_installed_is_reported_with_the_packages_to_install(
    directory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    assert up(directory, [Absent], {}, lambda _: None) == ["Absent"]
    assert "a-package-that-is-not" in running(directory).missing["Absent"]
    monkeypatch.setattr(shutil, "which", lambda _: None)
    with pytest.raises(NotInstalled, match="not Debian"):
        debian.install(["a-package-that-is-not"])


def test_a_test_that_needs_a_server_is_skipped_or_fails_with_the_reason(directory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    up(directory, [Broken, Web], {}, lambda _: None)
    assert servers.address(Web, directory) == running(directory).env["ATENDE_WEB"]
    for ci, outcome in (("", pytest.skip.Exception), ("true", pytest.fail.Exception)):
        monkeypatch.setenv("CI", ci)
        with pytest.raises(outcome, match=r"Broken does not run: it ended by itself.*the disk is full"):
            servers.address(Broken, directory)
        with pytest.raises(outcome, match="Absent does not run: `make services` starts it"):
            servers.address(Absent, directory)


def test_a_server_that_was_killed_has_no_address(directory: Path) -> None:
    up(directory, [Web], {}, lambda _: None)
    Daemon(directory / "web").stop(signal.SIGKILL, 10)
    with pytest.raises((pytest.skip.Exception, pytest.fail.Exception), match=r"Web does not run: .*does not answer"):
        servers.address(Web, directory)


def test_some_servers_can_be_started_and_stopped_while_the_others_run(directory: Path) -> None:
    class Second(Web):
        NAME, FOLDER, VARIABLE, PORT = "Second", "second", "ATENDE_SECOND", 25_890

    both, said = [Web, Second], []
    up(directory, both, {}, said.append, ["web"])
    assert set(running(directory).env) == {"ATENDE_MODE", "ATENDE_MASTER_KEY", "ATENDE_TOKEN_SECRET", "ATENDE_WEB"}
    up(directory, both, {}, said.append, ["second"])
    assert set(running(directory).env) == {"ATENDE_MODE", "ATENDE_MASTER_KEY", "ATENDE_TOKEN_SECRET", "ATENDE_WEB", "ATENDE_SECOND"}
    down(directory, both, said.append, ["second"])
    assert set(running(directory).env) == {"ATENDE_MODE", "ATENDE_MASTER_KEY", "ATENDE_TOKEN_SECRET", "ATENDE_WEB"}
    assert Web(directory, "").answers()


def test_run_stops_only_the_servers_that_it_started(directory: Path) -> None:
    seen = directory / "seen"
    command = [sys.executable, "-c", f"open({str(seen)!r}, 'w').write(open({str(directory / 'env')!r}).read()); raise SystemExit(3)"]
    assert run(directory, [Web], command, lambda _: None) == 3
    assert "ATENDE_WEB=http://" in seen.read_text()
    assert pid(directory) is None
    up(directory, [Web], {}, lambda _: None)
    assert run(directory, [Web], command, lambda _: None) == 3
    assert pid(directory) is not None


def test_down_does_not_create_a_missing_directory(tmp_path: Path) -> None:
    down(tmp_path / "nothing", [Web], pytest.fail)
    assert running(tmp_path / "nothing").env == {}
    assert not (tmp_path / "nothing").exists()
