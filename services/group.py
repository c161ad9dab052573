"""All servers together: install what is missing, start them in parallel, and write the files with their addresses."""

from __future__ import annotations

import fcntl
import os
import secrets
import subprocess
import tempfile
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from time import monotonic

from services.debian import NotInstalled, install
from services.server import DoesNotRun, Server

ENV = "env"
MISSING = "missing"
_SECRET = "secret"  # noqa: S105 - the name of a file
_MODE = "ATENDE_MODE=distributed"
_SECRETS = {"ATENDE_MASTER_KEY": ("master.key", 32), "ATENDE_TOKEN_SECRET": ("token.secret", 32)}

Say = Callable[[str], object]


@dataclass(frozen=True)
class Running:
    """The servers as `up` left them. `env`: settings of Atende; `missing`: the reason why a server does not run, by its name."""

    env: Mapping[str, str]
    missing: Mapping[str, str]


def running(directory: Path) -> Running:
    """Read the files of the last `up`. Empty after `down`."""
    return Running(_pairs(directory / ENV, "="), _pairs(directory / MISSING, ": "))


def _pairs(path: Path, between: str) -> dict[str, str]:
    lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
    return {name: value for name, found, value in (line.partition(between) for line in lines) if found}


def up(directory: Path, kinds: Sequence[type[Server]], ports: Mapping[str, int], say: Say, only: Collection[str] = ()) -> list[str]:
    """Start the servers. Returns the names of those that cannot run.

    `ports` maps a server's folder to the port that it must use. `only` limits the call to these folders; empty means all.
    """
    directory.mkdir(exist_ok=True)
    with alone():
        everyone = _servers(directory, kinds)
        servers = [server for server in everyone if not only or server.FOLDER in only]
        missing = _install(servers, say)
        there = [server for server in servers if server.NAME not in missing]
        with ThreadPoolExecutor(len(kinds)) as threads:
            for server, why in zip(there, threads.map(lambda server: _start(server, ports.get(server.FOLDER), say), there), strict=True):
                if why:
                    missing[server.NAME] = why
        for name, why in missing.items():
            say(f"{name} is missing: {why}")
        _write(directory, everyone, missing)
    return list(missing)


def down(directory: Path, kinds: Sequence[type[Server]], say: Say, only: Collection[str] = ()) -> None:
    """Stop all servers, or those in `only`. Their data stays."""
    if not directory.exists():
        return
    with alone(), ThreadPoolExecutor(len(kinds)) as threads:
        everyone = _servers(directory, kinds)
        servers = [server for server in everyone if not only or server.FOLDER in only]
        for server, ended in zip(servers, threads.map(lambda server: server.stop(), servers), strict=True):
            say(f"{server.NAME} {'has ended' if ended else 'did not run'}")
        _write(directory, everyone, {})


def run(directory: Path, kinds: Sequence[type[Server]], command: Sequence[str], say: Say, only: Collection[str] = ()) -> int:
    """Run `command` while the servers run, then stop the servers that this call started. Returns the command's exit status."""
    before = {server.FOLDER for server in _servers(directory, kinds) if server.daemon.pid() is not None} if directory.exists() else set()
    up(directory, kinds, {}, say, only)
    try:
        return subprocess.run(command, check=False).returncode
    finally:
        began = [kind.FOLDER for kind in kinds if kind.FOLDER not in before and (not only or kind.FOLDER in only)]
        if began:
            down(directory, kinds, say, began)


def _servers(directory: Path, kinds: Sequence[type[Server]]) -> list[Server]:
    secret = _kept_secret(directory / _SECRET)
    return [kind(directory.resolve(), secret) for kind in kinds]


def _install(servers: Sequence[Server], say: Say) -> dict[str, str]:
    """Install missing servers. Returns the reason for each one that cannot be installed, by its name."""
    missing = {}
    for server in servers:
        if not server.is_installed():
            say(f"{server.NAME} is being installed")
            try:
                install(server.PACKAGES)
            except NotInstalled as error:
                missing[server.NAME] = str(error)
    return missing


def _start(server: Server, port: int | None, say: Say) -> str:
    """Start a server. Returns the reason why it does not run, or ""."""
    began = monotonic()
    try:
        fresh = server.start(port)
    except DoesNotRun as error:
        return str(error)
    what = f"has started in {monotonic() - began:.1f} s" if fresh else "runs already"
    say(f"{server.NAME} {what}: port {server.ports[0]}, process {server.daemon.pid()}, log {server.daemon.log}")
    return ""


def _write(directory: Path, servers: Sequence[Server], missing: Mapping[str, str]) -> None:
    """Write the files `env` and `missing`. A file without content is deleted."""
    there = [server for server in servers if server.NAME not in missing and server.daemon.pid() is not None]
    env = [*_settings(directory), *(f"{server.VARIABLE}={server.address}" for server in there)] if there else []
    # A reason is one line of the file.
    reasons = [f"{name}: {' | '.join(why.splitlines())}" for name, why in missing.items()]
    for name, lines in ((ENV, env), (MISSING, reasons)):
        if not lines:
            (directory / name).unlink(missing_ok=True)
            continue
        new = directory / f"{name}.new"
        new.touch(mode=0o600)
        new.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
        new.rename(directory / name)


def _settings(directory: Path) -> list[str]:
    """The settings that all processes of the deployment share, whatever directory they are started in."""
    return [_MODE, *(f"{variable}={_kept_secret(directory / file, length)}" for variable, (file, length) in _SECRETS.items())]


def _kept_secret(path: Path, length: int = 16) -> str:
    """`length` random bytes as hex, created on the first call and kept in `path`."""
    if not path.exists():
        path.touch(mode=0o600)
    if not path.read_text(encoding="ascii"):
        path.write_text(secrets.token_hex(length), encoding="ascii")
    return path.read_text(encoding="ascii")


@contextmanager
def alone() -> Iterator[None]:
    """Hold a lock of this machine: two processes that look for a free port at the same time would find the same one."""
    lock = os.open(Path(tempfile.gettempdir(), f"atende-services-{os.getuid()}.lock"), os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
    finally:
        os.close(lock)
