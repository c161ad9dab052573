"""What is killed: a process that lets a process manager decide again all that it has set aside, and says of each that it is done."""

from __future__ import annotations

import signal
import sys
from pathlib import Path

from commands.command_bus import CommandBus
from processes.runner import LOCK, ProcessRunner
from store.event_store import Store
from store.postgres_lock import ServerLock
from tests.processes.reacting import Faulty
from tests.processes.reacting_child import URL, location_in


def faulty_runner_in(directory: Path, bus: CommandBus, *, mended: bool) -> ProcessRunner:
    """A process manager that fails at poisoned tallies, unless it was mended."""
    manager = Faulty()
    manager.mended = mended
    url = directory / URL
    return ProcessRunner(bus, [manager], ServerLock(url.read_text(), LOCK) if url.exists() else None)


def main(directory: Path) -> None:
    runner = faulty_runner_in(directory, CommandBus(Store(location_in(directory))), mended=True)
    runner.start()
    for _, failure, reason in runner.retry(runner.failures()):
        sys.stdout.write(f"{failure.position} {reason}\n")
        sys.stdout.flush()
    signal.pause()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
