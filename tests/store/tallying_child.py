"""One of several API processes on one server: its callers count the same tallies, for the same customers, as those of the others."""

from __future__ import annotations

import asyncio
import random
import sys
from pathlib import Path
from uuid import UUID

from commands.command_bus import CommandBus
from domain.errors import DomainError
from store.event_store import Store
from store.storage_location import OnServers
from tests.commands.tally import Count, caller

CALLERS = 6
COMMANDS = 60
TALLIES = 60
PHONES = tuple(f"1198800{number:04}" for number in range(5))


async def count(bus: CommandBus, chance: random.Random, commands: int) -> list[str]:
    lines = []
    for _ in range(commands):
        tally, phone = UUID(int=chance.randrange(TALLIES)), chance.choice((*PHONES, ""))
        key = str(chance.getrandbits(64)) if chance.random() < 0.3 else ""
        try:
            receipt = await bus.execute_soon(Count(tally=tally, phone=phone, protocol=True), caller(key))
        except DomainError as refusal:
            lines.append(f"{type(refusal).__name__}")
            continue
        result = receipt.result
        values = (
            receipt.position,
            receipt.id,
            receipt.version,
            result["total"],
            result["protocol"],
            result["contact"] or "-",
            phone or "-",
        )
        lines.append("done " + " ".join(map(str, values)))
    return lines


async def main(location: OnServers, seed: int) -> None:
    with Store(location) as store:
        bus = CommandBus(store)
        each = [count(bus, random.Random(seed * CALLERS + one), COMMANDS // CALLERS) for one in range(CALLERS)]
        for lines in await asyncio.gather(*each):
            sys.stdout.write("".join(f"{line}\n" for line in lines))


if __name__ == "__main__":
    asyncio.run(main(OnServers(Path(sys.argv[1]), sys.argv[2]), int(sys.argv[3])))
