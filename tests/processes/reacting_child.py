"""What is killed: a process that counts tallies and lets process managers react to them, each tally printed when it is acknowledged."""

from __future__ import annotations

import random
import sys
from pathlib import Path
from uuid import UUID

from commands.command_bus import CommandBus
from processes.runner import LOCK, ProcessRunner
from store.event_store import Store
from store.postgres_lock import ServerLock
from store.storage_location import InDirectory, OnServers, StorageLocation
from tests.commands.tally import Count, caller
from tests.processes.reacting import ECHOED, TIMED, Echo

URL = "store_url"
"""The file that names the server; without it the log lies in the directory."""


def location_in(directory: Path) -> StorageLocation:
    url = directory / URL
    return OnServers(directory / "data", url.read_text()) if url.exists() else InDirectory(directory / "data")


def runner_in(directory: Path, bus: CommandBus) -> ProcessRunner:
    url = directory / URL
    return ProcessRunner(bus, [Echo()], ServerLock(url.read_text(), LOCK) if url.exists() else None)


def main(directory: Path, seed: int) -> None:
    chance = random.Random(seed)
    bus = CommandBus(Store(location_in(directory)))
    runner_in(directory, bus).start()
    while True:
        tally, by = UUID(int=chance.getrandbits(128)), chance.choice((0, ECHOED, TIMED))
        bus.execute(Count(tally=tally, by=by), caller())
        sys.stdout.write(f"{tally} {by}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
