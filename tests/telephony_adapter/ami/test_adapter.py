"""The adapter of one Asterisk, with another side that plays a recording, ends, refuses, or comes faster than anything is saved."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from pathlib import Path

import pytest

from commands.handler_context import Caller, Command, Receipt
from commands.observations import ObserveCall, ObserveTimeline
from domain.base import Event
from domain.errors import DomainError, VersionConflict
from domain.voice.timeline import Gap
from settings import Asterisk
from store.database import NoRoom
from store.event_store import Store
from telephony_adapter.ami import adapter as module
from telephony_adapter.ami import inbox
from telephony_adapter.ami.adapter import Adapter, Ports
from telephony_adapter.ami.last_known import LastKnown, OpenCall
from telephony_adapter.control.effects import Effect
from telephony_adapter.control.follower import Driving
from telephony_adapter.control.pbx import Pbx as DrivenPbx
from tests.kit.captures import capture
from tests.kit.pbx import Pbx
from tests.kit.recording_bus import CALLER, RecordingBus
from tests.kit.waiting import within

BOOTED = "Event: FullyBooted\r\nUptime: 100000\r\n\r\n"
GREETED = 11
"""Packets until the lists have come: six answers, that it is booted, and the ends of two lists."""


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, seconds in (("_GATHERS_S", 0.0), ("_QUIET_S", 0.02), ("_FIRST_PAUSE_S", 0.01), ("_LEADS_S", 0.05), ("_SETTLED_S", 0.0)):
        monkeypatch.setattr(module, name, seconds)


class Bus(RecordingBus):
    """Keeps every command; may fail, or wait."""

    def __init__(self) -> None:
        super().__init__()
        self.sent: list[Command] = []
        self.fails: list[Exception] = []
        self.open = threading.Event()
        self.open.set()

    def execute_all(self, requests: Sequence[tuple[Command, Caller]]) -> list[Receipt | DomainError]:
        self.open.wait(60)
        if self.fails:
            failure = self.fails.pop()
            if isinstance(failure, VersionConflict):
                return [failure for _ in requests]
            raise failure
        self.sent += [command for command, _ in requests]
        return super().execute_all(requests)

    def gaps(self) -> list[Gap]:
        return [command.gap for command in self.sent if isinstance(command, ObserveTimeline) and command.gap is not None]


def greets(action: dict[str, str]) -> str:
    """As an Asterisk that is booted and has neither queues nor channels."""
    id = action.get("ActionID", "")
    ends = {
        "QueueStatus": "QueueStatusComplete",
        "ExtensionStateList": "ExtensionStateListComplete",
        "CoreShowChannels": "CoreShowChannelsComplete",
    }
    if action["Action"] == "Login":
        return f"Response: Success\r\nActionID: {id}\r\n\r\n{BOOTED}"
    if action["Action"] in ends:
        return f"Response: Success\r\nActionID: {id}\r\nEventList: start\r\n\r\nEvent: {ends[action['Action']]}\r\nActionID: {id}\r\nEventList: Complete\r\nListItems: 0\r\n\r\n"
    return f"Response: Success\r\nActionID: {id}\r\n\r\n"


@pytest.fixture
def pbx() -> Iterator[Pbx]:
    with closing(Pbx(greets)) as made:
        yield made


@pytest.fixture
def bus() -> Bus:
    return Bus()


def now_us() -> int:
    return time.time_ns() // 1000


Following = Callable[..., Adapter]


@pytest.fixture
def follow(pbx: Pbx, bus: Bus) -> Iterator[Following]:
    started: list[Adapter] = []

    def begin(ports: Ports | None = None, **more: object) -> Adapter:
        options = {name: more.pop(name) for name in ("queue_log", "control") if name in more}
        asterisk = Asterisk("127.0.0.1", "atende", "secret", pbx.port, **options)  # type: ignore[arg-type]
        adapter = Adapter(asterisk, bus, CALLER, ports or Ports(now_us), **more)  # type: ignore[arg-type]
        adapter.start()
        started.append(adapter)
        return adapter

    yield begin
    bus.open.set()
    for adapter in started:
        adapter.close()


def played(pbx: Pbx, name: str) -> int:
    """Send the events of a recording; returns their number."""
    events = [line.raw for line in capture(name).lines if line.raw.startswith("Event: ")]
    pbx.send("".join(events))
    return len(events)


def offered(bus: Bus) -> int:
    return sum(len(call.state.visits) for call in bus.interactions.values())


def test_a_live_stream_gives_the_facts_of_its_recording_at_more_than_300_events_a_second(pbx: Pbx, bus: Bus, follow: Following) -> None:
    adapter = follow()
    within(lambda: adapter.figures.connected)
    began = time.monotonic()
    count = played(pbx, "run-b")
    within(lambda: adapter.figures.packets >= count)
    assert count / (time.monotonic() - began) > 300
    within(lambda: sum(adapter.figures.lags.counts) >= count)
    adapter.close()
    visits = [visit for call in bus.interactions.values() for visit in call.state.visits]
    true = capture("run-b").queues()
    assert {queue: sum(visit.queue == queue for visit in visits) for queue in true} == {
        queue: row["offered"] for queue, row in true.items()
    }
    for end in ("answered", "abandoned"):
        assert sum(visit.end == end for visit in visits) == sum(row[end] for row in true.values())
    assert adapter.figures.broken == 0


def test_a_lost_connection_is_a_gap_that_begins_at_once_and_ends_with_the_next_one(pbx: Pbx, bus: Bus, follow: Following) -> None:
    adapter = follow()
    within(lambda: adapter.figures.connected)
    pbx.send("Event: UserEvent\r\nUserEvent: x\r\n\r\n")
    within(lambda: adapter.figures.packets > 4)
    pbx.refuses = True
    pbx.hang_up()
    within(lambda: bool(bus.gaps()))
    (gap,) = bus.gaps()
    assert gap.closed_us is None
    pbx.refuses = False
    within(lambda: adapter.figures.sessions == 2)
    within(lambda: bus.gaps()[-1].closed_us is not None)
    assert {one.opened_us for one in bus.gaps()} == {gap.opened_us}


def test_connections_are_tried_less_and_less_often_and_soon_again_after_one_that_came_about(
    pbx: Pbx, follow: Following, monkeypatch: pytest.MonkeyPatch
) -> None:
    pauses: list[float] = []

    def pause(adapter: Adapter, seconds: float) -> None:
        pauses.append(seconds)
        adapter._must_go_on()

    monkeypatch.setattr(Adapter, "_pause", pause)
    pbx.refuses = True
    adapter = follow()
    within(lambda: len(pauses) > 14)
    assert pauses[:14] == [min(module._LONGEST_PAUSE_S, module._FIRST_PAUSE_S * 2**tries) for tries in range(1, 15)]
    pbx.refuses = False
    within(lambda: adapter.figures.connected)
    tried = len(pauses)
    pbx.hang_up()
    within(lambda: len(pauses) > tried)
    assert pauses[tried] == module._FIRST_PAUSE_S


def test_a_process_that_stops_leaves_the_beginning_of_the_gap_to_the_next_one(pbx: Pbx, bus: Bus, follow: Following) -> None:
    adapter = follow()
    within(lambda: adapter.figures.connected)
    adapter.close()
    assert bus.gaps() == []


def test_what_is_open_in_the_log_and_no_longer_up_ends_unseen(pbx: Pbx, bus: Bus, follow: Following) -> None:
    until = now_us() - 60_000_000
    known = LastKnown(until - 60_000_000, until, [OpenCall("1795409001.7", "vendas", until - 5_000_000), OpenCall("1795409001.8")])
    follow(Ports(now_us, lambda: known))
    closed = {"1795409001.7", "1795409001.8"}

    def ended() -> bool:
        return closed == {
            command.call
            for command in bus.sent
            if isinstance(command, ObserveCall) and any(fact.kind == "hung_up" for fact in command.facts)
        }

    within(ended)
    within(lambda: bus.gaps()[-1].closed_us is not None)
    assert bus.gaps()[-1].opened_us == until


def test_while_nothing_can_be_saved_memory_is_bounded_and_nothing_is_lost(
    pbx: Pbx, bus: Bus, follow: Following, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(inbox, "CAPACITY", 200)
    monkeypatch.setattr(inbox.Inbox.__init__, "__defaults__", (200,))
    adapter = follow()
    within(lambda: adapter.figures.packets == GREETED)
    bus.open.clear()
    counts: list[int] = []
    sending = threading.Thread(target=lambda: counts.append(played(pbx, "run-a")), daemon=True)
    sending.start()
    within(lambda: len(adapter._inbox) == 200)
    bus.open.set()
    sending.join(60)
    within(lambda: adapter.figures.packets >= counts[0])
    adapter.close()
    assert offered(bus) == sum(row["offered"] for row in capture("run-a").queues().values())
    assert adapter.figures.waiting == 0
    assert adapter.figures.sessions == 1


def test_a_full_disk_and_another_writer_delay_an_observation_and_lose_none(pbx: Pbx, bus: Bus, follow: Following) -> None:
    adapter = follow()
    within(lambda: adapter.figures.connected)
    bus.fails = [VersionConflict("another"), NoRoom("full"), NoRoom("full")]
    count = played(pbx, "run-a")
    within(lambda: adapter.figures.packets >= count and not bus.fails)
    adapter.close()
    assert offered(bus) == sum(row["offered"] for row in capture("run-a").queues().values())


class Lock:
    """A leadership that a test gives and takes."""

    def __init__(self) -> None:
        self.mine = False

    def take(self, timeout_s: float) -> bool:
        return self.mine

    def still_held(self) -> bool:
        return self.mine

    def release(self) -> bool:
        return True


def test_only_the_process_that_leads_follows_and_one_that_has_lost_the_lock_says_nothing_more(
    pbx: Pbx, bus: Bus, follow: Following
) -> None:
    lock = Lock()
    adapter = follow(leadership=lock)
    assert not adapter.figures.leads
    lock.mine = True
    within(lambda: adapter.figures.connected)
    lock.mine = False
    within(lambda: not adapter.figures.leads)
    within(lambda: not adapter.figures.connected)
    assert bus.gaps() == []
    lock.mine = True
    within(lambda: adapter.figures.sessions == 2)


def test_a_restart_of_one_of_several_asterisks_ends_no_call_of_the_others(pbx: Pbx, bus: Bus, follow: Following) -> None:
    adapter = follow(shared=True)
    within(lambda: adapter.figures.connected)
    pbx.send("Event: UserEvent\r\nUserEvent: x\r\n\r\n")
    within(lambda: bool(bus.sent))
    adapter.close()
    assert [command for command in bus.sent if isinstance(command, ObserveTimeline) and command.restart_at] == []


def test_a_log_that_lacks_what_the_events_have_shown_fills_no_gap(pbx: Pbx, bus: Bus, follow: Following, tmp_path: Path) -> None:
    log = tmp_path / "queue_log"
    log.write_text("1795409000|x|vendas|NONE|ENTERQUEUE||1|1\n")
    adapter = follow(queue_log=log)
    within(lambda: adapter.figures.connected)
    at = time.time()
    channel = f"Channel: PJSIP/tronco-00000001\r\nUniqueid: {at:.0f}.1\r\nLinkedid: {at:.0f}.1\r\n"
    pbx.send(f"Event: QueueCallerJoin\r\nTimestamp: {at:.6f}\r\n{channel}Queue: vendas\r\nPosition: 1\r\nCount: 1\r\n\r\n")
    within(lambda: any(isinstance(command, ObserveCall) for command in bus.sent))
    pbx.hang_up()
    within(lambda: adapter.figures.sessions == 2 and not adapter.figures.unfilled)
    assert adapter.figures.tails == 0
    assert not [
        command for command in bus.sent if isinstance(command, ObserveTimeline) and command.span and command.span.source == "queue_log"
    ]


class Equal(Effect):
    """Makes the PBX equal by one action."""

    TOPICS = ()
    EXPIRES_US = None

    def perform(self, event: Event, pbx: DrivenPbx) -> tuple[Command, ...]:
        raise AssertionError(event)

    def resynchronise(self, pbx: DrivenPbx) -> tuple[Command, ...]:
        pbx.action("QueueAdd", Queue="vendas")
        return ()


@pytest.mark.parametrize("control", [True, False])
def test_only_an_asterisk_with_control_is_made_equal_and_that_before_its_lists_are_read(
    pbx: Pbx, follow: Following, tmp_path: Path, control: bool
) -> None:
    with closing(Store(tmp_path)) as store:
        adapter = follow(Ports(now_us, driving=Driving(store, now_us, effects=lambda: [Equal()])), control=control)
        for sessions in (1, 2):
            within(lambda sessions=sessions: adapter.figures.sessions == sessions and adapter.figures.connected)  # type: ignore[misc]
            within(lambda: "CoreShowChannels" in [action["Action"] for action in pbx.actions])
            asked = [action["Action"] for action in pbx.actions if action["Action"] in ("QueueAdd", "QueueStatus")]
            assert asked == (["QueueAdd", "QueueStatus"] if control else ["QueueStatus"])
            pbx.actions.clear()
            pbx.hang_up()
        adapter.close()
