"""Where a command writes: its result to standard output; progress and warnings to standard error.

A command gets a `Console`, whether it runs in the terminal's own process or in the server that holds the directory.
"""

from __future__ import annotations

import re
import sys
import time
from contextlib import closing
from typing import Protocol

from rich.console import Console as Screen
from rich.progress import BarColumn, Progress, ProgressColumn, Task, TextColumn, TimeRemainingColumn
from rich.text import Text

from projections.queries.report import printable

PIPE_WIDTH = 400
"""Columns of a table that goes to a file or a pipe: nothing is cut there."""

_QUIET_S = 2.0

_OBEYED = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]|\r(?!\n)")
"""What a terminal obeys, but for tabs and ends of lines: control characters, and those that turn the direction of a text."""


class Interrupted(Exception):
    """The client is gone, or the process stops: a long command ends between two steps."""


class Mistake(Exception):
    """The command cannot be run: an unknown name, a wrong value, a file of another kind. One line, exit status 2."""


class Console(Protocol):
    """The output of a command. `width`: columns of the terminal that shows it."""

    @property
    def width(self) -> int: ...

    def out(self, text: str) -> None:
        """Write a part of the result. It may be a file (CSV): of it only the characters are changed that a terminal would obey."""

    def warn(self, text: str) -> None:
        """Write a line about the run, which is not part of the result."""

    def progress(self, label: str, done: int, total: int | None, unit: str) -> None:
        """Show how much is done; raises Interrupted when the client is gone."""


class Terminal:
    """The console of this process: its own standard output and standard error."""

    def __init__(self) -> None:
        self._screen = Screen(stderr=True, highlight=False)
        self._bar: Progress | None = None
        self._printed_at = time.monotonic()

    @property
    def width(self) -> int:
        """Columns of the terminal, or PIPE_WIDTH where there is none."""
        return Screen().width if sys.stdout.isatty() else PIPE_WIDTH

    def out(self, text: str) -> None:
        """Write a part of the result."""
        self.close()
        sys.stdout.write(_OBEYED.sub(lambda found: printable(found.group()), text))
        sys.stdout.flush()

    def warn(self, text: str) -> None:
        """Write a line on standard error. It may have texts from elsewhere, as the names of files in an archive: a terminal must not obey them."""
        self._screen.print(printable(text, but="\n"), markup=False, soft_wrap=True)

    def progress(self, label: str, done: int, total: int | None, unit: str) -> None:
        """Move the bar; without a terminal write a line every few seconds."""
        if not self._screen.is_terminal:
            self._print_progress(label, done, total, unit)
            return
        if self._bar is None or self._bar.tasks[0].description != label:
            self._bar = self._begin(label, unit)
        self._bar.update(self._bar.task_ids[0], completed=done, total=total)

    def close(self) -> None:
        """Remove the bar."""
        if self._bar is not None:
            self._bar.stop()
            self._bar = None

    def _begin(self, label: str, unit: str) -> Progress:
        self.close()
        columns = TextColumn("{task.description}"), BarColumn(), _Rate(unit), TimeRemainingColumn()
        bar = Progress(*columns, console=self._screen, transient=True)
        bar.add_task(label, total=None)
        bar.start()
        return bar

    def _print_progress(self, label: str, done: int, total: int | None, unit: str) -> None:
        now = time.monotonic()
        if now - self._printed_at < _QUIET_S:
            return
        self._printed_at = now
        share = f" ({100 * done // total} %)" if total else ""
        self.warn(f"{label}: {_amount(done, unit)}{share}")


class _Rate(ProgressColumn):
    """How much is done, and the rate per second."""

    def __init__(self, unit: str) -> None:
        super().__init__()
        self._unit = unit

    def render(self, task: Task) -> Text:
        """As "12.3 MB, 4.5 MB/s"."""
        rate = f", {_amount(int(task.speed), self._unit)}/s" if task.speed else ""
        return Text(_amount(int(task.completed), self._unit) + rate)


def _amount(count: int, unit: str) -> str:
    return f"{count / 1_000_000:.1f} MB" if unit == "bytes" else f"{count:,} {unit}"


def terminal() -> closing[Terminal]:
    """A terminal whose bar is removed at the end."""
    return closing(Terminal())
