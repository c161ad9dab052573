"""Who answers: the server that holds the directory, or else this process, under the directory's lock. On servers: this process at once."""

from __future__ import annotations

import shutil
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bootstrap import DirectoryHeld, hold, is_data_directory, reach
from cli.answers import MAKE_DIRECTORY, answer
from cli.asks import Ask, File
from cli.console import Console, Interrupted, Mistake, terminal
from cli.line import NobodyHolds, ask_holder
from settings import Settings

STDIN = "-"
INTERRUPTED = 130
_PATIENCE_S = 0.05


def run(directory: Path, ask: Ask, settings: Settings) -> int:
    """Have `ask` answered, in the terminal of this process; its exit status."""
    if isinstance(ask, MAKE_DIRECTORY):
        from cli import imports

        imports.look(ask)
    elif settings.mode == "embedded" and not is_data_directory(directory):
        raise Mistake(f"{directory} is no data directory: nothing was ever imported or served there")
    with terminal() as console:
        try:
            if settings.mode == "distributed":
                with reach(directory, settings) as held:
                    return answer(ask, held, console)
            return _by_holder_or_here(directory, ask, settings, console)
        except (KeyboardInterrupt, Interrupted):
            return INTERRUPTED


def _by_holder_or_here(directory: Path, ask: Ask, settings: Settings, console: Console) -> int:
    patience = Patience(directory, console)
    while True:
        try:
            return ask_holder(directory, ask, console)
        except NobodyHolds:
            pass
        try:
            with hold(directory, settings) as held:
                return answer(ask, held, console)
        except DirectoryHeld as taken:
            patience.wait(taken)


class Patience:
    """Waits for another process to let go of the directory, and says so once."""

    def __init__(self, directory: Path, console: Console) -> None:
        self._directory = directory
        self._console = console
        self._told = False

    def wait(self, taken: DirectoryHeld) -> None:
        """Wait a moment for the process that has taken the directory."""
        if not self._told:
            self._console.warn(f"waiting for process {taken.process}, which uses {self._directory}")
            self._told = True
        time.sleep(_PATIENCE_S)


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
