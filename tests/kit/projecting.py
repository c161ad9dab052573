"""A process that projects a generated log in small batches: `python -m tests.kit.projecting DIRECTORY SEED`, to be killed at any moment."""

from __future__ import annotations

import sys
from pathlib import Path
from random import Random

from projections.engine import runner
from projections.engine.chdb_warehouse import ChdbWarehouse
from projections.engine.rebuild import open_rows, rebuild
from store.recorded_event import RecordedEvent
from tests.kit.log import MemoryLog
from tests.kit.story import Story

EVENTS = 3_000
BATCH = 5


def log() -> MemoryLog:
    return MemoryLog(Story(Random(23)).events(EVENTS))


def main(directory: Path, seed: int) -> None:
    """Write each position that is reached; with an odd seed the rows are rebuilt again and again."""
    followed = log()
    warehouse = ChdbWarehouse(directory)
    open_rows(warehouse)
    following = runner.Runner(followed, warehouse)
    say(f"open {following.position}")
    if seed % 2:
        runner.BATCH = 100
        beginning = _Beginning(followed.events[: following.position or 200])
        while True:
            say(f"rebuilt {rebuild(beginning, warehouse, following)}")
    runner.BATCH = BATCH
    following.run_until(EVENTS, lambda position: say(f"at {position}"))


def say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


class _Beginning(MemoryLog):
    def __init__(self, events: list[RecordedEvent]) -> None:
        super().__init__()
        self.events = events


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
