"""Every client of the live stream gets each event of its company once, in order, from wherever it resumes."""

import asyncio
import random
import threading
from dataclasses import dataclass
from uuid import UUID, uuid5

import msgspec
import pytest

from api import live_stream as live
from api.http_metrics import Instruments
from api.live_stream import Feed, Quiet, RenderedMessage, render
from commands.agents import LogIn
from commands.queues import RegisterQueue, RenameQueue
from domain.base import Event, Personal
from domain.companies import CompanySettingsSet
from domain.contacts import ContactAppeared
from domain.known_before import Before
from domain.queues import QueueActivated
from domain.users import UserActivated
from domain.voice.calls import Call, Change
from domain.voice.facts import Fact
from domain.voice.interaction_events import InteractionObserved
from store.database import StoreUnavailable
from tests.kit.http import operator

OURS, THEIRS = UUID(int=1), UUID(int=2)


@dataclass(frozen=True)
class Row:
    position: int
    event: Event


class Log:
    """A log in memory whose reads take a page at most. threads: in which it was read."""

    def __init__(self):
        self.rows = []
        self.callbacks = []
        self.threads = set()

    def read(self, after, limit, companies):
        self.threads.add(threading.get_ident())
        return [row for row in self.rows[after : after + limit] if row.event.tenant in companies]

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
        async for messages in feed.after(tenant, after, 15.0):
            assert all(isinstance(message, RenderedMessage) for message in messages)
            seen += [message.position for message in messages]
            after = messages[-1].position
            if len(seen) >= wanted or random.random() < 0.05:
                break


@pytest.mark.parametrize("seed", range(5))
def test_no_gap_and_no_double_whatever_the_pace(monkeypatch, seed):
    monkeypatch.setattr(live, "_KEPT", 20)
    monkeypatch.setattr(live, "_PAGE", 7)
    random.seed(seed)
    log = Log()
    log.write(*random.choices([OURS, THEIRS], k=50))

    async def story():
        feed = Feed(log, Instruments())
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


def test_a_keep_alive_has_the_position_reached():
    log = Log()
    log.write(OURS, THEIRS, THEIRS)

    async def story():
        feed = Feed(log, Instruments())
        feed.start()
        stream = feed.after(OURS, 0, quiet_s=0.01)
        received = [await anext(stream), await anext(stream)]
        await stream.aclose()
        assert feed.listeners == 0
        await feed.stop()
        return received

    messages, quiet = asyncio.run(story())
    assert [message.position for message in messages] == [1]
    assert quiet == Quiet(3)


def test_a_stream_ends_when_its_listener_may_not_listen_any_more(monkeypatch):
    monkeypatch.setattr(live, "CHECK_S", 0.01)
    log = Log()
    log.write(OURS)
    may = [True]

    async def may_listen():
        return may[0]

    async def story():
        feed = Feed(log, Instruments())
        feed.start()
        stream = feed.after(OURS, 0, quiet_s=60.0, may_listen=may_listen)
        first = await anext(stream)
        may[0] = False
        log.write(OURS)
        async with asyncio.timeout(20):
            rest = [message async for message in stream]
        assert feed.listeners == 0
        await feed.stop()
        return first, rest

    first, rest = asyncio.run(story())
    assert first[0].position == 1
    assert rest == []


async def until(condition):
    """Go on as soon as it is true in this event loop; fail when it never is."""
    async with asyncio.timeout(20):
        while not condition():  # noqa: ASYNC110 - the condition has no event of its own
            await asyncio.sleep(0)


def test_nothing_is_read_while_nobody_listens():
    """The first thing that is read is what comes after the end of the log at the time when the first client came."""
    log = Log()
    reads = []
    read = log.read
    log.read = lambda after, limit, companies: (reads.append(after), read(after, limit, companies))[1]

    async def story():
        feed = Feed(log, Instruments())
        feed.start()
        log.write(OURS, OURS)
        await until(lambda: not feed._written.is_set())
        stream = feed.after(OURS, 2, quiet_s=15.0)
        coming = asyncio.create_task(anext(stream))
        await until(lambda: feed.listeners)
        log.write(OURS)
        message = await coming
        await stream.aclose()
        await feed.stop()
        return message

    assert [message.position for message in asyncio.run(story())] == [3]
    assert reads[0] == 2
    assert 0 not in reads


def test_the_log_is_read_and_its_messages_are_made_outside_the_event_loop(monkeypatch):
    """Both for clients that are behind and for those that follow: others' requests are answered meanwhile."""
    rendered = set()
    monkeypatch.setattr(live, "render", lambda recorded, before: (rendered.add(threading.get_ident()), render(recorded, before))[1])
    log = Log()
    log.write(OURS)

    async def story():
        feed = Feed(log, Instruments())
        feed.start()
        stream = feed.after(OURS, 0, quiet_s=15.0)
        await anext(stream)
        log.write(OURS)
        await anext(stream)
        await stream.aclose()
        await feed.stop()

    asyncio.run(story())
    assert threading.get_ident() not in log.threads | rendered
    assert log.threads
    assert rendered


def test_only_events_of_companies_with_clients_are_read(monkeypatch):
    asked = []
    log = Log()
    read = log.read
    log.read = lambda after, limit, companies: (asked.append(set(companies)), read(after, limit, companies))[1]
    log.write(THEIRS, OURS)

    async def story():
        feed = Feed(log, Instruments())
        feed.start()
        stream = feed.after(OURS, 0, quiet_s=15.0)
        await anext(stream)
        log.write(THEIRS, OURS)
        await anext(stream)
        await stream.aclose()
        await feed.stop()

    asyncio.run(story())
    assert asked
    assert all(companies == {OURS} for companies in asked)


def test_those_who_are_behind_read_a_page_in_turn(monkeypatch):
    """One reads at a time, and whoever listens to little waits for one page of each other who listens, not for all of theirs."""
    monkeypatch.setattr(live, "_PAGE", 1)
    log = Log()
    log.write(*[OURS] * 30, THEIRS)
    reading, most, order = 0, 0, []
    counted = threading.Lock()
    read = log.read

    def counting(after, limit, companies):
        nonlocal reading, most
        with counted:
            reading += 1
            most = max(most, reading)
            order.append(next(iter(companies)))
        try:
            return read(after, limit, companies)
        finally:
            with counted:
                reading -= 1

    log.read = counting

    async def story():
        feed = Feed(log, Instruments())
        crowd = [feed.after(OURS, 0, quiet_s=15.0, who="crowd") for _ in range(10)]
        feed.start()

        async def take(stream, count):
            for _ in range(count):
                await anext(stream)

        everybody = [asyncio.create_task(take(stream, 30)) for stream in crowd]
        other = feed.after(THEIRS, 30, quiet_s=15.0, who="other")
        await until(lambda: len(order) > 5)
        begun = len(order)
        await anext(other)
        waited = len(order) - begun
        await asyncio.gather(*everybody)
        for stream in [*crowd, other]:
            await stream.aclose()
        await feed.stop()
        return waited

    assert asyncio.run(story()) <= 5
    assert most == 1


def test_a_client_that_comes_while_a_page_is_read_for_other_companies_misses_nothing():
    log = Log()
    started, go = threading.Event(), threading.Event()
    read = log.read

    def slowly(after, limit, companies):
        if set(companies) == {OURS}:
            started.set()
            assert go.wait(20)
        return read(after, limit, companies)

    log.read = slowly

    async def story():
        feed = Feed(log, Instruments())
        feed.start()
        ours = feed.after(OURS, 0, quiet_s=15.0)
        first = asyncio.create_task(anext(ours))
        await until(lambda: feed.listeners)
        log.write(OURS, THEIRS)
        await until(started.is_set)
        theirs = feed.after(THEIRS, 0, quiet_s=15.0)
        coming = asyncio.create_task(anext(theirs))
        await until(lambda: feed.listeners == 2)
        go.set()
        seen = [await asyncio.wait_for(first, 20), await asyncio.wait_for(coming, 20)]
        await ours.aclose()
        await theirs.aclose()
        await feed.stop()
        return [[message.position for message in messages] for messages in seen]

    assert asyncio.run(story()) == [[1], [2]]


class FailingLog(Log):
    """Reads fail so long as `error` is one."""

    error = None

    def read(self, after, limit, companies):
        if self.error is not None:
            raise self.error
        return super().read(after, limit, companies)


@pytest.mark.parametrize(("error", "cause"), [(ValueError("a fault of our own"), "error"), (StoreUnavailable("away"), "store")])
def test_a_follower_that_fails_is_started_again_and_seen(monkeypatch, error, cause):
    monkeypatch.setattr(live, "RESTART_S", 0.001)
    log, instruments = FailingLog(), Instruments()

    def restarts():
        return instruments.live_restarts.labels(cause)._value.get()

    async def story():
        feed = Feed(log, instruments)
        feed.start()
        heard = []

        async def listen():
            heard.extend([news async for news in feed.after(OURS, 0, quiet_s=0.001)])

        listening = asyncio.create_task(listen())
        await until(lambda: feed.listeners)
        log.error = error
        log.write(OURS)
        await asyncio.wait_for(listening, 20)
        assert all(isinstance(news, Quiet) for news in heard)
        await until(lambda: restarts() > 0)
        log.error = None
        await until(lambda: not feed.failed)
        stream = feed.after(OURS, 0, quiet_s=15.0)
        message = await asyncio.wait_for(anext(stream), 20)
        await stream.aclose()
        await feed.stop()
        return message

    assert [message.position for message in asyncio.run(story())] == [1]
    assert restarts() > 0


def test_a_follower_that_has_ended_sends_no_keep_alive():
    log = Log()

    async def story():
        feed = Feed(log, Instruments())
        feed.start()
        feed._follower.cancel()
        await until(feed._follower.done)
        assert feed.failed
        return [news async for news in feed.after(OURS, 0, quiet_s=0.001)]

    assert asyncio.run(story()) == []


def test_the_lag_of_the_follower_is_measured_while_there_are_clients():
    log = Log()

    async def story():
        feed = Feed(log, Instruments())
        log.write(OURS, OURS)
        assert feed.lag == 0
        stream = feed.after(OURS, 2, quiet_s=0.001)
        feed.start()
        await anext(stream)
        await feed.stop()
        log.write(OURS, OURS, OURS)
        assert feed.lag == 3
        await stream.aclose()
        assert feed.lag == 0

    asyncio.run(story())


def test_an_event_of_which_no_message_can_be_made_says_so(caplog):
    log = Log()
    log.write(OURS)
    row = Row(1, msgspec.structs.replace(log.rows[0].event, originator_id="no id"))
    message = render(row, Before())
    assert (message.message.type, message.position) == ("unreadable", 1)
    assert "position=1 topic=queue.activated" in caplog.text


def test_a_message_holds_no_personal_datum_and_nothing_of_how_the_event_is_stored():
    fields = {
        "originator_id": UUID(int=3),
        "originator_version": 1,
        "tenant": OURS,
        "actor": "user:x",
        "occurred_at": 1_500,
        "recorded_at": 1_500,
    }
    number = Personal(UUID(int=9), "+5511987654321")
    facts = (Fact("arrived", 1_500, text="551140028922", private=number), Fact("offered", 1_500, queue="vendas", private=number))
    call = Call(call="crm-1", protocol=7, origin="Portal", direction="inbound", started_ms=1, number=number)
    shown = render(Row(4, InteractionObserved(facts=facts, change=Change(call=call), **fields)), Before())
    assert shown is not None
    id, event, data = shown.sent.decode().rstrip().split("\n")
    assert (id, event) == ("id: 4", "event: interaction")
    said = msgspec.json.decode(data.removeprefix("data: "))
    said["steps"] = [{name: value for name, value in step.items() if value is not None} for step in said["steps"]]
    assert said == {
        "version": 1,
        "position": 4,
        "occurred_at": "1970-01-01T00:00:00.001Z",
        "type": "interaction",
        "interaction_id": str(UUID(int=3)),
        "call": "crm-1",
        "protocol": 7,
        "steps": [{"kind": "arrived", "to_number": "551140028922"}, {"kind": "offered", "queue": "vendas"}],
    }


@pytest.mark.parametrize("kind", [UserActivated, CompanySettingsSet, ContactAppeared])
def test_events_of_users_companies_and_contacts_are_left_out(kind):
    fields = {"originator_id": UUID(int=3), "originator_version": 1, "tenant": OURS, "actor": "", "occurred_at": 0, "recorded_at": 0}
    more = {field.name: None for field in msgspec.structs.fields(kind) if field.required and field.name not in fields}
    assert render(Row(4, kind(**fields, **more)), Before()) is None


def test_an_agent_is_told_of_in_a_renamed_queue_by_its_name_of_now(center):
    caller, company = operator("Empresa"), operator("Empresa").tenant
    queue = center.bus.execute(RegisterQueue(name="vendas"), caller).id
    center.bus.execute(RenameQueue(queue=queue, name="Comercial"), caller)
    begun = center.store.head()
    center.bus.execute(LogIn(agent="Ana", queues=("Comercial",)), caller)

    async def told():
        feed = Feed(center.store, Instruments())
        feed.start()
        messages = await anext(feed.after(company, begun, 15.0))
        await feed.stop()
        return [one.message for one in messages]

    (message,) = asyncio.run(told())
    assert (message.queues, [(step.kind, step.queue) for step in message.steps]) == (["Comercial"], [("logged_in", "Comercial")])
