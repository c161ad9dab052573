"""Programs that this process runs to make sound, which it ends when it ends itself: nobody waits for what they make then."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping, Sequence
from threading import Lock


class Stopping(Exception):
    """The process ends, and with it what makes sound: nothing is wrong with what it was to be made of."""

    def __init__(self) -> None:
        super().__init__("the server stops")


class Children:
    """The programs of one center. Thread-safe."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._running: set[subprocess.Popen[bytes]] = set()
        self._ended = False

    def run(
        self, arguments: Sequence[str], data: bytes, within_s: float, environment: Mapping[str, str] | None = None
    ) -> subprocess.CompletedProcess[bytes]:
        """Run a program that reads `data` from its standard input, until it ends. Raises OSError, subprocess.TimeoutExpired; Stopping."""
        with self._begun(arguments, environment) as child:
            try:
                made, _ = child.communicate(data, within_s)
            except BaseException:
                child.kill()
                raise
            finally:
                with self._lock:
                    self._running.discard(child)
                    ended = self._ended
        if ended:
            raise Stopping
        return subprocess.CompletedProcess(arguments, child.returncode, made)

    def end_all(self) -> None:
        """End every program that runs now, and run no more."""
        with self._lock:
            self._ended = True
            for child in self._running:
                child.kill()

    def _begun(self, arguments: Sequence[str], environment: Mapping[str, str] | None) -> subprocess.Popen[bytes]:
        with self._lock:
            if self._ended:
                raise Stopping
            # Callers pass programs of this release or of the operator's setting, and no shell reads the arguments.
            child = subprocess.Popen(  # noqa: S603
                arguments, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=environment
            )
            self._running.add(child)
            return child
