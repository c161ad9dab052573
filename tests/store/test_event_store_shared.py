"""Several API processes on one server: one log, in the order of the commits, nothing lost and nothing doubled."""

from __future__ import annotations

import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any, ClassVar
from uuid import UUID, uuid4

import pytest
from msgspec.structs import astuple

from commands.command_bus import CommandBus
from commands.handler_context import Command, Done, HandlerContext, handles
from domain.base import Event
from domain.errors import Refused
from store.event_store import Store
from store.recorded_event import RecordedEvent
from store.storage_location import OnServers
from tests.commands.tally import LIMIT, Count, Counted, Noon, Tally, asked_while, caller
from tests.kit.stores import behind
from tests.kit.waiting import within
from tests.store.tallying_child import COMMANDS, PHONES

ROOT = Path(__file__).parents[2]
PROCESSES = 8

pytestmark = pytest.mark.parametrize("location", ["postgresql"], indirect=True)


def test_eight_processes_append_at_once(location: OnServers) -> None:
    with Store(location) as store:
        heads: list[int] = []
        store.subscribe(heads.append)
        seen = _seen_while(location, store)
        printed = [line.split(" ") for lines in seen for line in lines]
        within(lambda: store.head() == store.recorder.max_notification_id())
        assert heads == sorted(set(heads))
        log = {recorded.position: recorded.event for recorded in store.read(0, 10**6)}
        assert list(log) == list(range(1, len(log) + 1))
        _check_what_was_acknowledged(log, printed)
        _check_that_a_number_has_one_contact(store, printed)
    verdict = location.verify()
    assert (verdict.events, verdict.flaw) == (len(log), None)


def _seen_while(location: OnServers, store: Store) -> list[list[str]]:
    """What the processes printed. Meanwhile the log is read again and again, and never has a gap."""
    children = [
        subprocess.Popen(
            [sys.executable, "-m", "tests.store.tallying_child", str(location.directory), location.store_url, str(number)],
            stdout=subprocess.PIPE,
            text=True,
            cwd=ROOT,
        )
        for number in range(PROCESSES)
    ]
    position = 0
    while any(child.poll() is None for child in children):
        for recorded in store.read(position, 1000):
            position += 1
            assert recorded.position == position
    printed = [child.communicate()[0].splitlines() for child in children]
    assert [child.returncode for child in children] == [0] * PROCESSES
    return printed


def _check_what_was_acknowledged(log: dict[int, Event], printed: list[list[str]]) -> None:
    counted = Counter(event.originator_id for event in log.values() if isinstance(event, Counted))
    done = [line for line in printed if line[0] == "done"]
    assert len(printed) == PROCESSES * COMMANDS
    assert len({position for _, position, *_ in done}) == len(done) == sum(counted.values())
    for _, position, id, version, total, *_ in done:
        event = log[int(position)]
        assert (event.originator_id, event.originator_version) == (UUID(id), int(version))
        assert int(total) <= LIMIT
    assert len({protocol for *_, protocol, _, _ in done}) == len(done)
    totals: Counter[UUID] = Counter()
    for event in log.values():
        if isinstance(event, Counted):
            totals[event.originator_id] += event.by
    assert max(totals.values()) <= LIMIT


def _check_that_a_number_has_one_contact(store: Store, printed: list[list[str]]) -> None:
    contacts = {phone: {line[6] for line in printed if line[0] == "done" and line[7] == phone} for phone in PHONES}
    assert all(len(found) == 1 for found in contacts.values())
    secrets = {
        store.keyring.open(event.secret)
        for recorded in store.read(0, 10**6)
        if isinstance(event := recorded.event, Counted) and event.secret
    }
    assert secrets == set(PHONES)


@pytest.fixture
def beside(location: OnServers, bus: CommandBus) -> Iterator[CommandBus]:
    """The command bus of another process."""
    with Store(location) as opened:
        yield CommandBus(opened, Noon())


def test_the_events_of_another_process_are_followed(bus: CommandBus, beside: CommandBus) -> None:
    heads: list[int] = []
    bus.store.subscribe(heads.append)
    receipt = beside.execute(Count(tally=uuid4()), caller())
    within(lambda: bus.store.head() == receipt.position)
    assert heads == [1]


class CountWhileFew(Command, frozen=True, kw_only=True):
    permission: ClassVar[str] = "count"
    tally: UUID
    other: UUID


@handles(CountWhileFew)
def count_while_few(command: CountWhileFew, context: HandlerContext) -> Done:
    """A command whose events depend on an aggregate that it only reads."""
    tally = context.get(Tally, command.tally)
    if context.get(Tally, command.other).total > 1:
        raise Refused("queue-active", "the other one has grown")
    tally.count(1, None, context.metadata)
    return Done(tally)


def test_what_a_command_only_read_may_not_have_changed_when_it_is_saved(
    bus: CommandBus, beside: CommandBus, monkeypatch: pytest.MonkeyPatch
) -> None:
    tally, other = uuid4(), uuid4()
    bus.execute_all([(Count(tally=id), caller()) for id in (tally, other)])
    sealed = bus.store.sealed

    def meanwhile(events: list[Event]) -> list[RecordedEvent]:
        monkeypatch.undo()
        beside.execute(Count(tally=other), caller())
        return sealed(events)

    monkeypatch.setattr(bus.store, "sealed", meanwhile)
    with pytest.raises(Refused, match="grown"):
        bus.execute(CountWhileFew(tally=tally, other=other), caller())
    assert len(bus.store.stream(tally)) == 1


def test_a_cached_aggregate_follows_the_changes_of_another_process(bus: CommandBus, beside: CommandBus) -> None:
    tally, other = uuid4(), uuid4()
    bus.execute_all([(Count(tally=id), caller()) for id in (tally, other)])
    receipt = beside.execute(Count(tally=other), caller())
    within(lambda: bus.store.head() == receipt.position)
    with pytest.raises(Refused, match="grown"):
        bus.execute(CountWhileFew(tally=tally, other=other), caller())


def test_the_event_loop_goes_on_while_another_process_holds_the_write_lock(bus: CommandBus, beside: CommandBus) -> None:
    done_meanwhile, receipt = asked_while(bus, beside.store.recorder.transaction())
    assert not done_meanwhile
    assert receipt.position == 1


# Lost connections


def _cut(location: OnServers) -> None:
    """End all connections to the store, as a server restart does."""
    own = behind(location, "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()")
    for (pid,) in own:
        behind(location, "SELECT pg_terminate_backend(?)", pid)


def test_after_the_server_was_away_everything_goes_on(bus: CommandBus, beside: CommandBus, location: OnServers) -> None:
    tally = uuid4()
    bus.execute(Count(tally=tally), caller())
    _cut(location)
    assert bus.store.stream(tally)
    assert bus.execute(Count(tally=tally), caller()).version == 2
    heads: list[int] = []
    bus.store.subscribe(heads.append)
    beside.execute(Count(tally=tally), caller())
    within(lambda: heads == [3])


def test_a_command_whose_connection_is_lost_before_the_commit_is_done_once(
    bus: CommandBus, location: OnServers, monkeypatch: pytest.MonkeyPatch
) -> None:
    tally = uuid4()
    insert = bus.store.recorder.db.insert

    def cut(*arguments: Any) -> None:
        monkeypatch.undo()
        insert(*arguments)
        _cut(location)

    monkeypatch.setattr(bus.store.recorder.db, "insert", cut)
    assert bus.execute(Count(tally=tally), caller()).position == 1
    assert len(bus.store.stream(tally)) == 1


@pytest.mark.parametrize("moment", ["before", "after"])
def test_a_commit_whose_answer_is_lost_is_done_once(
    bus: CommandBus, location: OnServers, monkeypatch: pytest.MonkeyPatch, moment: str
) -> None:
    tally = uuid4()
    db = bus.store.recorder.db
    commit = db.commit

    def cut(*, notify: bool = False) -> None:
        monkeypatch.undo()
        if moment == "after":
            commit(notify=notify)
        _cut(location)
        db._open = True
        commit(notify=notify)

    monkeypatch.setattr(db, "commit", cut)
    receipt = bus.execute(Count(tally=tally), caller("key"))
    assert (receipt.version, receipt.position) == (1, 1)
    assert astuple(bus.execute(Count(tally=tally), caller("key"))) == astuple(receipt)
    assert len(bus.store.stream(tally)) == 1
    assert location.verify().flaw is None
