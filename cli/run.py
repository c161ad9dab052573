"""Where a command runs: in the server that holds the directory, else in this process, under the directory's lock; on servers, in this process at once."""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from bootstrap import DirectoryHeld, Unusable, hold, is_data_directory, location, reach
from cli.console import Console, Interrupted, Mistake, terminal
from cli.execution import execute
from cli.exit_status import TAMPERED
from cli.operator_client import NoServer, run_on_server
from cli.operator_commands import File, ImportAmi, ImportQueueLog, OperatorCommand, Verify
from cli.verify import tampered
from settings import Settings

STDIN = "-"
INTERRUPTED = 130
_WAIT_S = 0.05


def run(directory: Path, command: OperatorCommand, settings: Settings) -> int:
    """Run `command`, for the terminal of this process; its exit status."""
    if isinstance(command, ImportAmi | ImportQueueLog):
        # An import makes a directory that does not exist yet.
        from cli import imports

        imports.check(command)
    elif settings.mode == "embedded" and not is_data_directory(directory):
        raise Mistake(f"{directory} is no data directory: nothing was ever imported or served there")
    with terminal() as console:
        try:
            if settings.mode == "distributed":
                with reach(directory, settings) as held:
                    return execute(command, held, console)
            return _by_server_or_here(directory, command, settings, console)
        except (KeyboardInterrupt, Interrupted):
            return INTERRUPTED


def _by_server_or_here(directory: Path, command: OperatorCommand, settings: Settings, console: Console) -> int:
    wait = patience(directory, console)
    while True:
        with suppress(NoServer):
            return run_on_server(directory, command, console)
        try:
            with hold(directory, settings) as held:
                return execute(command, held, console)
        except DirectoryHeld as taken:
            wait(taken)
        except Unusable:
            if not isinstance(command, Verify) or os.access(directory, os.W_OK):
                raise
            # A copy on a read-only medium: nobody writes to it, so nothing needs the lock.
            return TAMPERED if tampered(location(directory, settings), console) else 0


def patience(directory: Path, console: Console) -> Callable[[DirectoryHeld], None]:
    """A function that waits a moment for the process that holds `directory`; the first time it names that process."""
    announced: list[str] = []

    def wait(taken: DirectoryHeld) -> None:
        if not announced:
            console.warn(f"waiting for process {taken.process}, which uses {directory}")
            announced.append(taken.process)
        time.sleep(_WAIT_S)

    return wait


@contextmanager
def readable(names: list[str]) -> Iterator[tuple[File, ...]]:
    """Files, each where any process of this user can read it; `-` is standard input, copied."""
    with tempfile.TemporaryDirectory(prefix="atende-") as private:
        yield tuple(_readable(name, Path(private)) for name in names)


def _readable(name: str, private: Path) -> File:
    if name == STDIN:
        copy = private / "stdin"
        with copy.open("wb") as file:
            shutil.copyfileobj(sys.stdin.buffer, file)
        return File(str(copy), STDIN)
    path = Path(name)
    try:
        with path.open("rb"):
            return File(str(path.absolute()), name)
    except OSError as error:
        raise Mistake(f"{name}: {error.strerror}") from error
