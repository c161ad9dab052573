"""Servers of a test's own, which it may kill without disturbing anybody."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from signal import SIGKILL, Signals

from services.__main__ import DIRECTORY
from services.group import down, up
from services.kafka import Kafka
from services.server import DoesNotRun, Server
from tests.kit.servers import address
from tests.kit.waiting import within


@contextmanager
def own_servers(directory: Path, kinds: Sequence[type[Server]]) -> Iterator[list[Server]]:
    """They run, in `directory`, until this is left. The test is skipped, or fails, as by `address`, where they cannot."""
    jars = DIRECTORY.resolve() / Kafka.FOLDER / "jars"
    if jars.exists():
        (directory / Kafka.FOLDER).mkdir(parents=True)
        (directory / Kafka.FOLDER / "jars").symlink_to(jars, target_is_directory=True)
    try:
        up(directory, kinds, {}, lambda _: None)
        for kind in kinds:
            address(kind, directory)
        secret = (directory / "secret").read_text(encoding="ascii")
        yield [kind(directory.resolve(), secret) for kind in kinds]
    finally:
        down(directory, kinds, lambda _: None)
        # What another user's server has may lie elsewhere.
        for kind in kinds:
            shutil.rmtree((directory / kind.FOLDER / "data").resolve(), ignore_errors=True)


def kill(server: Server, how: Signals = SIGKILL) -> None:
    """As a power cut would, or as its operator does; it has ended when this returns."""
    pid = server.daemon.pid()
    assert pid is not None
    os.kill(pid, how)
    # It is this process's own child, which nobody else takes note of; one that lingers would be taken for a running one.
    os.waitpid(pid, 0)


def start_again(server: Server) -> None:
    """Where it was."""
    within(lambda: _starts(server))


def _starts(server: Server) -> bool:
    try:
        server.start(server.ports[0])
    except DoesNotRun:
        # The port may be its for a moment longer.
        return False
    return True
