"""Servers of a test's own, which it may kill without disturbing other tests."""

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
    """Servers that run in `directory` until the block ends. If they cannot run, the test is skipped or fails, as by `address`."""
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
        # The data of a server that runs as another user may be in another folder.
        for kind in kinds:
            shutil.rmtree((directory / kind.FOLDER / "data").resolve(), ignore_errors=True)


def kill(server: Server, how: Signals = SIGKILL) -> None:
    """Send SIGKILL or another signal, and wait for the server's end."""
    pid = server.daemon.pid()
    assert pid is not None
    os.kill(pid, how)
    # It is this process's own child: without this wait its zombie would count as a running server.
    os.waitpid(pid, 0)


def start_again(server: Server) -> None:
    """Start the server again on its port."""
    within(lambda: _starts(server))


def _starts(server: Server) -> bool:
    try:
        server.start(server.ports[0])
    except DoesNotRun:
        # Its port may be in use for a moment longer.
        return False
    return True
