"""One Faust process of the benchmark: `python -m bench.worker_child ours|nothing BROKERS PREFIX GROUP CLICKHOUSE_URL`.

It prints its number of partitions, starts when it reads a line, and then prints how many messages it has processed.
"""

from __future__ import annotations

import asyncio
import gc
import sys
import tempfile
from collections.abc import Awaitable, Callable, Iterable, Sequence
from contextlib import closing
from typing import Any

import uvloop

from cli.main import SEARCHES_FOR_GARBAGE
from projections.engine.clickhouse_warehouse import ClickhouseWarehouse
from streams.consumed_message import ConsumedMessage
from streams.faust_app import FaustApp, app_of
from streams.topics import SLICES, topic
from streams.worker import Worker

_SAYS_EVERY_S = 0.02


class Counting:
    """Counts processed messages. No message is processed before `begun` is set."""

    def __init__(self) -> None:
        self.done = 0
        self.begun = asyncio.Event()

    async def follow(self) -> None:
        """Print the count until the end of the process."""
        await asyncio.to_thread(sys.stdin.readline)
        self.begun.set()
        printed = -1
        while True:
            if printed != self.done:
                printed = self.done
                say(f"done {printed}")
            await asyncio.sleep(_SAYS_EVERY_S)


def say(line: str) -> None:
    """Print a line for the benchmark."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


class Gated(Worker):
    """The worker of Atende, which waits for the start signal."""

    counting: Counting

    async def take(self, messages: Iterable[ConsumedMessage]) -> None:
        """Process messages as the worker does."""
        if not self.counting.begun.is_set():
            await self.counting.begun.wait()
        await super().take(messages)


async def ours(brokers: str, prefix: str, group: str, url: str, directory: str) -> None:
    """Run the worker of Atende."""
    counting = Counting()
    with closing(ClickhouseWarehouse(url)) as warehouse:

        def make(app: FaustApp) -> Worker:
            def ack(messages: Sequence[ConsumedMessage]) -> None:
                app.ack(messages)
                counting.done += len(messages)

            made = Gated(warehouse, lambda _: None, ack, app.begins_at)
            made.counting = counting
            return made

        app = FaustApp(brokers, prefix, directory, make, group=group)
        app.assigned = lambda partitions: say(f"share {partitions}")
        await asyncio.gather(app.run(asyncio.Event()), counting.follow())


async def nothing(brokers: str, prefix: str, group: str, directory: str) -> None:
    """Run agents that do nothing, as in Faust's manual, in Faust's default loop and with the same settings."""
    counting = Counting()
    app = app_of(brokers, group, directory)

    def agent(name: str) -> Callable[[Any], Awaitable[None]]:
        messages = app.topic(name, key_type=bytes, value_type=bytes, allow_empty=True)

        async def pass_over(stream: Any) -> None:
            async for _ in stream:
                if not counting.begun.is_set():
                    await counting.begun.wait()
                counting.done += 1

        made: Callable[[Any], Awaitable[None]] = app.agent(messages, name=name)(pass_over)
        return made

    agents = [agent(topic(prefix, slice_)) for slice_ in SLICES]
    assert agents

    async def assigned(_app: Any, assigned: Any, **_: Any) -> None:
        say(f"share {len(assigned)}")

    app.on_partitions_assigned.connect(assigned)
    await app.start()
    await counting.follow()


def main(kind: str, brokers: str, prefix: str, group: str, url: str) -> None:
    """Run until the process is killed."""
    with tempfile.TemporaryDirectory(prefix="bench-") as directory:
        if kind == "ours":
            gc.set_threshold(*SEARCHES_FOR_GARBAGE)
            uvloop.run(ours(brokers, prefix, group, url, directory))
        else:
            asyncio.run(nothing(brokers, prefix, group, directory))


if __name__ == "__main__":
    main(*sys.argv[1:])
