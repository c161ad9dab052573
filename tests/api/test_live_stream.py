"""Every client of the live stream gets each event of its company once, in order, from wherever it resumes."""

import asyncio
import random
from dataclasses import dataclass
from uuid import UUID, uuid5

import msgspec
import pytest

from api import live_stream as live
from api.live_stream import Feed, Message, Quiet, render
from domain.base import Event, Personal
from domain.queues import QueueActivated, QueueRegistered, QueueSettings

OURS, THEIRS = UUID(int=1), UUID(int=2)


@dataclass(frozen=True)
class Row:
    position: int
    event: Event


class Log:
    """A log in memory whose reads take a page at most."""

    def __init__(self):
        self.rows = []
        self.callbacks = []

    def read(self, after, limit):
        return self.rows[after : after + limit]

    def head(self):
        return len(self.rows)

    def subscribe(self, callback):
        self.callbacks.append(callback)
        return lambda: self.callbacks.remove(callback)

    def write(self, *tenants):
        for tenant in tenants:
            position = len(self.rows) + 1
            fields = {"actor": "", "occurred_at": position, "recorded_at": position}
            event = QueueActivated(originator_id=uuid5(tenant, "q"), originator_version=position, tenant=tenant, **fields)
            self.rows.append(Row(position, event))
        for callback in self.callbacks:
            callback(len(self.rows))


async def following(feed, tenant, after, wanted, seen):
    """Collect the positions of a client's messages until it has `wanted`, resuming as after a broken line."""
    while len(seen) < wanted:
        async for message in feed.after(tenant, after, 15.0):
            assert isinstance(message, Message)
            seen.append(message.position)
            after = message.position
            if len(seen) >= wanted or random.random() < 0.01:
                break


@pytest.mark.parametrize("seed", range(5))
def test_no_gap_and_no_double_whatever_the_pace(monkeypatch, seed):
    monkeypatch.setattr(live, "_KEPT", 20)
    monkeypatch.setattr(live, "_PAGE", 7)
    random.seed(seed)
    log = Log()
    log.write(*random.choices([OURS, THEIRS], k=50))

    async def story():
        feed = Feed(log)
        feed.start()
        tenants = random.choices([OURS, THEIRS], k=900)
        starts = [0, 0, 13, 50]
        expected = [*(row.event.tenant for row in log.rows), *tenants]
        wanted = [[n for n, tenant in enumerate(expected, 1) if tenant == OURS and n > start] for start in starts]
        seen = [[] for _ in starts]
        clients = [
            asyncio.create_task(following(feed, OURS, start, len(want), got)) for start, want, got in zip(starts, wanted, seen, strict=True)
        ]
        while tenants:
            count = random.randrange(1, 60)
            log.write(*tenants[:count])
            del tenants[:count]
            await asyncio.sleep(0)
        await asyncio.wait_for(asyncio.gather(*clients), 20)
        await feed.stop()
        return wanted, seen

    wanted, seen = asyncio.run(story())
    assert seen == wanted


def test_silence_is_told_with_the_position_reached():
    log = Log()
    log.write(OURS, THEIRS, THEIRS)

    async def story():
        feed = Feed(log)
        feed.start()
        stream = feed.after(OURS, 0, quiet_s=0.01)
        told = [await anext(stream), await anext(stream)]
        await stream.aclose()
        assert feed.listeners == 0
        await feed.stop()
        return told

    message, quiet = asyncio.run(story())
    assert message.position == 1
    assert quiet == Quiet(3)


def test_nothing_is_read_while_nobody_listens():
    log = Log()

    async def story():
        feed = Feed(log)
        feed.start()
        log.read = None
        log.write(OURS)
        await asyncio.sleep(0)
        await feed.stop()

    asyncio.run(story())


def test_a_message_holds_no_personal_datum():
    fields = {"originator_id": UUID(int=3), "originator_version": 1, "tenant": OURS, "actor": "", "occurred_at": 0, "recorded_at": 1_500}
    shown = render(Row(4, QueueRegistered(name="vendas", settings=QueueSettings(), **fields)))
    assert shown is not None
    body = msgspec.json.decode(shown.data)
    assert body["what"]["name"] == "vendas"
    assert body["what"]["settings"]["sla_ms"] == 20_000
    assert (body["position"], body["topic"], body["recorded_at"]) == (4, "queue.registered", "1970-01-01T00:00:00.001Z")
    hidden = live.plain({"caller": Personal(UUID(int=9), "+5511987654321"), "facts": (Personal(UUID(int=9), sealed="sealed:x"),)})
    assert hidden == {"caller": None, "facts": [None]}


def test_what_concerns_users_and_contacts_is_not_shown():
    class UserNamed(Event, frozen=True, kw_only=True):
        name: str = ""

    UserNamed.TOPIC = "user.named"
    fields = {"originator_id": UUID(int=3), "originator_version": 1, "tenant": OURS, "actor": "", "occurred_at": 0, "recorded_at": 0}
    assert render(Row(4, UserNamed(name="Ana", **fields))) is None
