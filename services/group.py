"""The servers together: what is missing is installed, all start at once, and the files for their users are written."""

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
    """The servers as `up` left them. `env`: the settings of the house; `missing`: why a server does not run, by its name."""

    env: Mapping[str, str]
    missing: Mapping[str, str]


def running(directory: Path) -> Running:
    """What the files of the last `up` say; nothing after `down`."""
    return Running(_pairs(directory / ENV, "="), _pairs(directory / MISSING, ": "))


def _pairs(path: Path, between: str) -> dict[str, str]:
    lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
    return {name: value for name, found, value in (line.partition(between) for line in lines) if found}


def up(directory: Path, kinds: Sequence[type[Server]], asked: Mapping[str, int], say: Say, only: Collection[str] = ()) -> list[str]:
    """Let all run that can; the names of those that cannot. asked: ports; only: which, all without it; both by the servers' folders."""
    directory.mkdir(exist_ok=True)
    with alone():
        everyone = _servers(directory, kinds)
        servers = [server for server in everyone if not only or server.FOLDER in only]
        missing = _install(servers, say)
        there = [server for server in servers if server.NAME not in missing]
        with ThreadPoolExecutor(len(kinds)) as threads:
            for server, why in zip(there, threads.map(lambda server: _start(server, asked.get(server.FOLDER), say), there), strict=True):
                if why:
                    missing[server.NAME] = why
        for name, why in missing.items():
            say(f"{name} is missing: {why}")
        _write(directory, everyone, missing)
    return list(missing)


def down(directory: Path, kinds: Sequence[type[Server]], say: Say, only: Collection[str] = ()) -> None:
    """End all, or `only` some; their data stays."""
    if not directory.exists():
        return
    with alone(), ThreadPoolExecutor(len(kinds)) as threads:
        everyone = _servers(directory, kinds)
        servers = [server for server in everyone if not only or server.FOLDER in only]
        for server, ended in zip(servers, threads.map(lambda server: server.stop(), servers), strict=True):
            say(f"{server.NAME} {'has ended' if ended else 'did not run'}")
        _write(directory, everyone, {})


def run(directory: Path, kinds: Sequence[type[Server]], command: Sequence[str], say: Say, only: Collection[str] = ()) -> int:
    """Let `command` run beside the servers; those that did not run before are ended with it. Its exit status."""
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
    """Install what is not here; why that cannot be, by the servers' names."""
    missing = {}
    for server in servers:
        if not server.is_installed():
            say(f"{server.NAME} is being installed")
            try:
                install(server.PACKAGES)
            except NotInstalled as error:
                missing[server.NAME] = str(error)
    return missing


def _start(server: Server, asked: int | None, say: Say) -> str:
    """Start a server; why it does not run, or ""."""
    began = monotonic()
    try:
        fresh = server.start(asked)
    except DoesNotRun as error:
        return str(error)
    what = f"has started in {monotonic() - began:.1f} s" if fresh else "runs already"
    say(f"{server.NAME} {what}: port {server.ports[0]}, process {server.daemon.pid()}, log {server.daemon.log}")
    return ""


def _write(directory: Path, servers: Sequence[Server], missing: Mapping[str, str]) -> None:
    """The files for whoever uses the servers; none where none runs or is missing."""
    there = [server for server in servers if server.NAME not in missing and server.daemon.pid() is not None]
    env = [*_settings(directory), *(f"{server.VARIABLE}={server.address}" for server in there)] if there else []
    # One line a reason.
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
    """What the processes of one house must have in common, whatever directory they are started in."""
    return [_MODE, *(f"{variable}={_kept_secret(directory / file, length)}" for variable, (file, length) in _SECRETS.items())]


def _kept_secret(path: Path, length: int = 16) -> str:
    """So many random bytes as hex, made at first start."""
    if not path.exists():
        path.touch(mode=0o600)
    if not path.read_text(encoding="ascii"):
        path.write_text(secrets.token_hex(length), encoding="ascii")
    return path.read_text(encoding="ascii")


@contextmanager
def alone() -> Iterator[None]:
    """One at a time on this machine: two that look for a free port at once would find the same."""
    lock = os.open(Path(tempfile.gettempdir(), f"atende-services-{os.getuid()}.lock"), os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
    finally:
        os.close(lock)
