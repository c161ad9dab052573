"""A process that goes on when who started it ends, and is found again by the id that it left."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from time import monotonic, sleep

_STEP_S = 0.05


def wait_for(condition: Callable[[], bool], seconds: float) -> bool:
    """Whether `condition` holds within so long."""
    deadline = monotonic() + seconds
    while not condition():
        if monotonic() > deadline:
            return False
        sleep(_STEP_S)
    return True


class Daemon:
    """One process, known by the file `pid` in its folder; what it says goes to the file `log` beside."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.log = folder / "log"
        self._pid_file = folder / "pid"

    def start(self, command: Sequence[str], *, user: str | None = None, env: Mapping[str, str] | None = None) -> None:
        """Start it in a session of its own, so that the end of a terminal does not end it."""
        with self.log.open("ab") as log:
            process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd="/",
                env={**os.environ, **(env or {})},
                start_new_session=True,
                user=user,
                group=user,
                extra_groups=None if user is None else [],
            )
        # Nobody waits for its end here.
        process.returncode = 0
        self._pid_file.write_text(f"{process.pid} {_began(process.pid)}\n", encoding="ascii")

    def pid(self) -> int | None:
        """Its id while it runs. Ids are used again: another process that has this one now began at another time."""
        try:
            pid, _, began = self._pid_file.read_text(encoding="ascii").strip().partition(" ")
        except FileNotFoundError:
            return None
        return int(pid) if began and _began(int(pid)) == began else None

    def observe(self, how: signal.Signals) -> None:
        """Send it a signal, if it runs."""
        pid = self.pid()
        if pid is not None:
            with suppress(ProcessLookupError):
                os.kill(pid, how)

    def stop(self, how: signal.Signals, seconds: float) -> None:
        """End it: `how` it likes to be told, and by force when it does not end in so many seconds."""
        for told in (how, signal.SIGKILL):
            pid = self.pid()
            if pid is None:
                break
            os.kill(pid, told)
            wait_for(lambda: self.pid() is None, seconds)
        self._pid_file.unlink(missing_ok=True)

    def last_words(self, lines: int = 5) -> str:
        """The end of what it said."""
        said = self.log.read_text(encoding="utf-8", errors="replace").splitlines() if self.log.exists() else []
        return "\n".join(said[-lines:])


def _began(pid: int) -> str:
    """When the process with this id began, as the system counts; "" where there is none, or one that has ended."""
    try:
        # Behind the name of its program, which may be anything in parentheses.
        told = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return ""
    return "" if told[0] in "ZX" else told[19]
