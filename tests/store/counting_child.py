"""The process that the tests kill: 8 callers count tallies at once through one command bus and print each acknowledgement."""

from __future__ import annotations

import asyncio
import random
import sys
from pathlib import Path
from uuid import UUID

from commands.command_bus import CommandBus
from domain.errors import DomainError
from store.event_store import Store
from tests.commands.tally import Count, caller

CALLERS = 8
TALLIES = 40


async def count(bus: CommandBus, chance: random.Random) -> None:
    while True:
        tally = UUID(int=chance.randrange(TALLIES))
        by = chance.choice((0, 0, 0, 1, 9))
        key = str(chance.getrandbits(64)) if chance.random() < 0.2 else ""
        phone = f"119880{chance.randrange(10_000):05}" if chance.random() < 0.3 else ""
        try:
            receipt = await bus.execute_soon(Count(tally=tally, by=by, phone=phone, protocol=True), caller(key))
        except DomainError:
            continue
        printed = (
            receipt.position,
            receipt.id,
            receipt.version,
            receipt.result["total"],
            receipt.result["protocol"],
            receipt.result["contact"] or "-",
            phone or "-",
        )
        sys.stdout.write(" ".join(map(str, printed)) + "\n")
        sys.stdout.flush()


async def main(directory: Path, seed: int) -> None:
    bus = CommandBus(Store(directory))
    await asyncio.gather(*(count(bus, random.Random(seed * CALLERS + one)) for one in range(CALLERS)))


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), int(sys.argv[2])))
