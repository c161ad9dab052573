"""A center that works until it is killed: `python -m tests.kit.killed_center DIRECTORY SEED`.

One company gets its calls by commands, a few at a time, each under its own key. The client does not know which of them arrived:
it repeats those in doubt, and now and then others. Another company's queue_log is imported in parts that overlap, in any order,
some of them twice. Each run reads, saves and projects in batches of another size. The process writes what is acknowledged:
`sent N POSITION` (command N), `imported N` (part N). With an even seed no rows are made meanwhile.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

from bootstrap import Held, hold
from cli.company import caller, known_or_new
from commands.handler_context import Command
from domain.base import SECOND
from domain.errors import DomainError
from domain.ids import company_id
from projections.engine import runner
from settings import Settings
from simulator.center import busy_center
from simulator.model import Model
from simulator.queue_log import write_queue_log
from simulator.speaking import commands_of, settings_of
from telephony_adapter.queue_log import importer as importing
from tests.kit.operator_results import import_log, reported

BY_COMMANDS, BY_LOG = "Empresa", "Outra"
"""The company that gets commands, and the one whose log is imported."""

MORNING = datetime(2026, 3, 2, 12, tzinfo=UTC)
HOURS = 2
LINES = 2_400
PARTS = 12
OVERLAP = 30


def setting_up() -> list[Command]:
    """The settings of a simulated center."""
    return settings_of(busy_center())


def commands(company: str = BY_COMMANDS, hours: int = HOURS) -> list[Command]:
    """A morning of that center."""
    start = int(MORNING.timestamp()) * SECOND
    every: list[Command] = []
    for at, action in Model(busy_center(), 5, start).play():
        if at >= start + hours * 3_600 * SECOND:
            break
        every += commands_of(company_id(company), at, action)
    return every


def end_of(hours: int) -> str:
    """The end of the first `hours` hours."""
    return (MORNING + timedelta(hours=hours)).isoformat()


def parts(directory: Path) -> list[Path]:
    """A simulated queue_log in parts, each with the last lines of the one before it; written if they are missing."""
    found = [directory / f"queue_log.{number}" for number in range(PARTS)]
    if not found[-1].exists():
        whole = directory / "queue_log"
        write_queue_log(whole, seed=3, lines=LINES, scale=1.0)
        lines = whole.read_text().splitlines(keepends=True)
        each = len(lines) // PARTS
        for number, part in enumerate(found):
            part.write_text("".join(lines[max(number * each - OVERLAP, 0) : (number + 1) * each]))
    return found


class Work:
    """The commands that are left to send, according to the store."""

    def __init__(self, held: Held) -> None:
        self.held = held
        self.center = held.center
        self.commands = [*setting_up(), *commands()]
        self.caller = caller(known_or_new(self.center, BY_COMMANDS))
        known_or_new(self.center, BY_LOG)
        self.next = self._first_unsent()

    def _first_unsent(self) -> int:
        low, high = 0, len(self.commands)
        while low < high:
            middle = (low + high) // 2
            if self.center.store.receipts.find(replace(self.caller, idempotency_key=str(middle)).receipt_key, 0) is None:
                high = middle
            else:
                low = middle + 1
        return low

    def observe(self, first: int, count: int) -> list[tuple[int, int]]:
        """Execute commands from `first` on, in one transaction; their numbers and the positions of their receipts."""
        numbers = range(first, min(first + count, len(self.commands)))
        requests = [(self.commands[number], replace(self.caller, idempotency_key=str(number))) for number in numbers]
        acknowledged = []
        for number, answer in zip(numbers, self.center.bus.execute_all(requests), strict=True):
            if isinstance(answer, DomainError):
                raise answer
            acknowledged.append((number, answer.position))
        self.next = max(self.next, first + len(numbers))
        return acknowledged


def figures(held: Held) -> dict[str, Any]:
    """All reports of both companies over the time of the commands."""
    return {BY_COMMANDS: figures_of(held, BY_COMMANDS, end_of(HOURS)), BY_LOG: figures_of(held, BY_LOG)}


def figures_of(held: Held, company: str, until: str = "") -> dict[str, Any]:
    """All reports of a company."""
    found: dict[str, Any] = {
        f"{subject} {options}": reported(held, company, subject, until=until, **options) for subject, options in _REPORTS
    }
    found["interactions"] = sorted(
        (row["started_at"], row["duration_ms"], row["status"], row["queues"], row["agents"], row["from_number"])
        for row in reported(held, company, "interactions")
    )
    return found


_REPORTS: Sequence[tuple[Any, dict[str, Any]]] = [
    ("queues", {}), ("queues", {"by": "hour"}), ("queues", {"by": "agent"}), ("agents", {}), ("agents", {"by": "hour"}), ("ivr", {}),
]  # fmt: skip


def main(directory: Path, seed: int) -> None:
    chance = Random(seed)
    importing.LINES_AT_ONCE = chance.choice([1, 50, 400, 20_000])
    importing.COMMANDS_AT_ONCE = chance.choice([1, 20, 500])
    runner.BATCH = chance.choice([7, 100, 8_000])
    files = parts(directory.parent)
    say("begun")
    with hold(directory, Settings()) as held:
        work = Work(held)
        if seed % 2:
            held.center.covered()
        say("open")
        while True:
            doubtful = chance.randint(0, 9) if chance.random() < 0.2 else 0
            for number, position in work.observe(max(work.next - doubtful, 0), chance.choice([1, 1, 1, 5, 40])):
                say(f"sent {number} {position}")
            if chance.random() < 0.05:
                number = chance.randrange(len(files))
                import_log(held, BY_LOG, files[number], wait=bool(seed % 2) and chance.random() < 0.3)
                say(f"imported {number}")


def say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
