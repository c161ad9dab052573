"""A center that works until it is killed: `python -m tests.kit.killed_center DIRECTORY SEED`.

One company is told its calls by commands, a few at a time, each under a key of its own, as a client tells them that does not
know which of them arrived: those in doubt, and others now and then, again. Another one's queue_log is imported by parts that
overlap, in any order, some of them again. Each life reads, saves and projects in portions of another size. What is
acknowledged is said: `told N POSITION` (command N), `brought N` (part N). With an even seed nobody makes rows of it meanwhile.
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
from tests.kit.asked import brought, reported

TOLD, BROUGHT = "Empresa", "Outra"
"""The company that is told by commands, and the one whose log is brought in."""

MORNING = datetime(2026, 3, 2, 12, tzinfo=UTC)
HOURS = 2
LINES = 2_400
PARTS = 12
OVERLAP = 30


def setting_up() -> list[Command]:
    """The settings of a simulated center."""
    return settings_of(busy_center())


def commands(company: str = TOLD, hours: int = HOURS) -> list[Command]:
    """A morning of that center."""
    start = int(MORNING.timestamp()) * SECOND
    told: list[Command] = []
    for at, action in Model(busy_center(), 5, start).play():
        if at >= start + hours * 3_600 * SECOND:
            break
        told += commands_of(company_id(company), at, action)
    return told


def end_of(hours: int) -> str:
    """When so many hours of it have passed."""
    return (MORNING + timedelta(hours=hours)).isoformat()


def parts(directory: Path) -> list[Path]:
    """A simulated queue_log in parts, each with the last lines of the one before it; made if they are not there."""
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
    """What is left to tell, as the store knows it."""

    def __init__(self, held: Held) -> None:
        self.held = held
        self.center = held.center
        self.commands = [*setting_up(), *commands()]
        self.caller = caller(known_or_new(self.center, TOLD))
        known_or_new(self.center, BROUGHT)
        self.next = self._first_untold()

    def _first_untold(self) -> int:
        low, high = 0, len(self.commands)
        while low < high:
            middle = (low + high) // 2
            if self.center.store.receipt_for(self.caller.tenant, str(middle)) is None:
                high = middle
            else:
                low = middle + 1
        return low

    def observe(self, first: int, count: int) -> list[tuple[int, int]]:
        """Commands from `first` on, in one transaction; which ones, and the position that each was acknowledged with."""
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
    """All reports of both companies over the time that was told."""
    return {TOLD: figures_of(held, TOLD, end_of(HOURS)), BROUGHT: figures_of(held, BROUGHT)}


def figures_of(held: Held, company: str, until: str = "") -> dict[str, Any]:
    """All reports of a company."""
    found: dict[str, Any] = {
        f"{subject} {options}": reported(held, company, subject, until=until, **options) for subject, options in _ASKED
    }
    found["interactions"] = sorted(
        (row["date"], row["time"], row["duration_ms"], row["status"], row["queues"], row["agents"], row["from"])
        for row in reported(held, company, "interactions")
    )
    return found


_ASKED: Sequence[tuple[Any, dict[str, Any]]] = [
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
                say(f"told {number} {position}")
            if chance.random() < 0.05:
                number = chance.randrange(len(files))
                brought(held, BROUGHT, files[number], wait=bool(seed % 2) and chance.random() < 0.3)
                say(f"brought {number}")


def say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
