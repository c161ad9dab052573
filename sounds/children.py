"""Programs that this process runs to make sound, which it ends when it ends itself: nobody waits for what they make then."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping, Sequence

_running: set[subprocess.Popen[bytes]] = set()


def run(
    arguments: Sequence[str], data: bytes, within_s: float, environment: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[bytes]:
    """Run a program that reads `data` from its standard input, until it ends. Raises OSError, subprocess.TimeoutExpired. Thread-safe."""
    # Callers pass programs of this release or of the operator's setting, and no shell reads the arguments.
    with subprocess.Popen(  # noqa: S603
        arguments, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=environment
    ) as child:
        _running.add(child)
        try:
            made, _ = child.communicate(data, within_s)
        except BaseException:
            child.kill()
            raise
        finally:
            _running.discard(child)
    return subprocess.CompletedProcess(arguments, child.returncode, made)


def end_all() -> None:
    """End every program that runs now."""
    for child in tuple(_running):
        child.kill()
