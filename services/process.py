"""A background process that outlives its starter and is found again by its process id file."""

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
    """Wait until `condition` holds, at most `seconds`. Returns whether it holds."""
    deadline = monotonic() + seconds
    while not condition():
        if monotonic() > deadline:
            return False
        sleep(_STEP_S)
    return True


class Daemon:
    """One background process. Its folder has a file `pid` and a file `log` with its output."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.log = folder / "log"
        self._pid_file = folder / "pid"

    def start(self, command: Sequence[str], *, user: str | None = None, env: Mapping[str, str] | None = None) -> None:
        """Start it in its own session, so that it survives the end of the terminal."""
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
        # Popen must not warn that nobody waits for the process.
        process.returncode = 0
        self._pid_file.write_text(f"{process.pid} {_began(process.pid)}\n", encoding="ascii")

    def pid(self) -> int | None:
        """Its process id, or None if it does not run. Ids are reused: another process with the same id has another start time."""
        try:
            pid, _, began = self._pid_file.read_text(encoding="ascii").strip().partition(" ")
        except FileNotFoundError:
            return None
        return int(pid) if began and _began(int(pid)) == began else None

    def send_signal(self, number: signal.Signals) -> None:
        """Send it a signal, if it runs."""
        pid = self.pid()
        if pid is not None:
            with suppress(ProcessLookupError):
                os.kill(pid, number)

    def stop(self, number: signal.Signals, seconds: float) -> None:
        """Stop it with this signal, and with SIGKILL if it has not ended within `seconds`."""
        for each in (number, signal.SIGKILL):
            pid = self.pid()
            if pid is None:
                break
            os.kill(pid, each)
            wait_for(lambda: self.pid() is None, seconds)
        self._pid_file.unlink(missing_ok=True)

    def last_words(self, lines: int = 5) -> str:
        """The last lines of its log."""
        logged = self.log.read_text(encoding="utf-8", errors="replace").splitlines() if self.log.exists() else []
        return "\n".join(logged[-lines:])


def _began(pid: int) -> str:
    """The start time of the process with this id, in clock ticks since boot; "" if it does not exist or has ended."""
    try:
        # The program name in parentheses may hold any character, so the fields after it are split.
        fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return ""
    return "" if fields[0] in "ZX" else fields[19]
