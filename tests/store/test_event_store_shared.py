"""API processes beside one another on one server: one log, in the order of the commits, nothing lost and nothing doubled."""

from __future__ import annotations

import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any, ClassVar
from uuid import UUID, uuid4

import pytest

from commands.command_bus import Door
from commands.handler_context import Command, Desk, Done, handles
from domain.base import Event
from domain.errors import Refused
from store.chain import Stored
from store.event_store import Store
from store.storage_location import OnServers
from tests.commands.tally import LIMIT, Count, Counted, Noon, Tally, asked_while, caller
from tests.kit.stores import behind
from tests.kit.waiting import within
from tests.store.tallying_child import COMMANDS, PHONES

ROOT = Path(__file__).parents[2]
PROCESSES = 8

pytestmark = pytest.mark.parametrize("place", ["postgresql"], indirect=True)


def test_eight_processes_append_at_once(place: OnServers) -> None:
    with Store(place) as store:
        heads: list[int] = []
        store.subscribe(heads.append)
        seen = _seen_while(place, store)
        said = [line.split(" ") for lines in seen for line in lines]
        within(lambda: store.head() == store.recorder.max_notification_id())
        assert heads == sorted(set(heads))
        log = {recorded.position: recorded.event for recorded in store.read(0, 10**6)}
        assert list(log) == list(range(1, len(log) + 1))
        _check_what_was_acknowledged(log, said)
        _check_that_a_number_has_one_contact(store, said)
    verdict = place.verify()
    assert (verdict.events, verdict.flaw) == (len(log), None)


def _seen_while(place: OnServers, store: Store) -> list[list[str]]:
    """What the processes said; meanwhile the log is read again and again, and never has a hole."""
    children = [
        subprocess.Popen(
            [sys.executable, "-m", "tests.store.tallying_child", str(place.directory), place.store_url, str(number)],
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
    told = [child.communicate()[0].splitlines() for child in children]
    assert [child.returncode for child in children] == [0] * PROCESSES
    return told


def _check_what_was_acknowledged(log: dict[int, Event], said: list[list[str]]) -> None:
    counted = Counter(event.originator_id for event in log.values() if isinstance(event, Counted))
    done = [line for line in said if line[0] == "done"]
    assert len(said) == PROCESSES * COMMANDS
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


def _check_that_a_number_has_one_contact(store: Store, said: list[list[str]]) -> None:
    contacts = {phone: {line[6] for line in said if line[0] == "done" and line[7] == phone} for phone in PHONES}
    assert all(len(found) == 1 for found in contacts.values())
    secrets = {
        store.keyring.open(event.secret)
        for recorded in store.read(0, 10**6)
        if isinstance(event := recorded.event, Counted) and event.secret
    }
    assert secrets == set(PHONES)


@pytest.fixture
def beside(place: OnServers, door: Door) -> Iterator[Door]:
    """The door of another process."""
    with Store(place) as opened:
        yield Door(opened, Noon())


def test_what_another_process_did_is_followed(door: Door, beside: Door) -> None:
    heads: list[int] = []
    door.store.subscribe(heads.append)
    receipt = beside.execute(Count(tally=uuid4()), caller())
    within(lambda: door.store.head() == receipt.position)
    assert heads == [1]


class CountWhileFew(Command, frozen=True, kw_only=True):
    permission: ClassVar[str] = "count"
    tally: UUID
    other: UUID


@handles(CountWhileFew)
def count_while_few(command: CountWhileFew, desk: Desk) -> Done:
    """What it writes depends on what it only reads."""
    tally = desk.get(Tally, command.tally)
    if desk.get(Tally, command.other).total > 1:
        raise Refused("the other one has grown")
    tally.count(1, None, desk.stamp)
    return Done(tally)


def test_what_a_command_only_read_may_not_have_changed_when_it_is_saved(door: Door, beside: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    tally, other = uuid4(), uuid4()
    door.execute_all([(Count(tally=id), caller()) for id in (tally, other)])
    sealed = door.store.sealed

    def meanwhile(events: list[Event]) -> list[Stored]:
        monkeypatch.undo()
        beside.execute(Count(tally=other), caller())
        return sealed(events)

    monkeypatch.setattr(door.store, "sealed", meanwhile)
    with pytest.raises(Refused, match="grown"):
        door.execute(CountWhileFew(tally=tally, other=other), caller())
    assert len(door.store.stream(tally)) == 1


def test_what_is_at_hand_is_what_another_process_made_of_it(door: Door, beside: Door) -> None:
    tally, other = uuid4(), uuid4()
    door.execute_all([(Count(tally=id), caller()) for id in (tally, other)])
    receipt = beside.execute(Count(tally=other), caller())
    within(lambda: door.store.head() == receipt.position)
    with pytest.raises(Refused, match="grown"):
        door.execute(CountWhileFew(tally=tally, other=other), caller())


def test_the_loop_goes_on_while_another_process_has_its_turn(door: Door, beside: Door) -> None:
    done_meanwhile, receipt = asked_while(door, beside.store.recorder.transaction())
    assert not done_meanwhile
    assert receipt.position == 1


# Lost connections


def _cut(place: OnServers) -> None:
    """End all connections to the store, as a server that is started anew does."""
    own = behind(place, "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()")
    for (pid,) in own:
        behind(place, "SELECT pg_terminate_backend(?)", pid)


def test_after_the_server_was_away_everything_goes_on(door: Door, beside: Door, place: OnServers) -> None:
    tally = uuid4()
    door.execute(Count(tally=tally), caller())
    _cut(place)
    assert door.store.stream(tally)
    assert door.execute(Count(tally=tally), caller()).version == 2
    heads: list[int] = []
    door.store.subscribe(heads.append)
    beside.execute(Count(tally=tally), caller())
    within(lambda: heads == [3])


def test_a_command_whose_connection_is_lost_before_the_commit_is_done_once(
    door: Door, place: OnServers, monkeypatch: pytest.MonkeyPatch
) -> None:
    tally = uuid4()
    insert = door.store.recorder.db.insert

    def cut(*told: Any) -> None:
        monkeypatch.undo()
        insert(*told)
        _cut(place)

    monkeypatch.setattr(door.store.recorder.db, "insert", cut)
    assert door.execute(Count(tally=tally), caller()).position == 1
    assert len(door.store.stream(tally)) == 1


@pytest.mark.parametrize("moment", ["before", "after"])
def test_a_commit_whose_answer_is_lost_is_done_once(door: Door, place: OnServers, monkeypatch: pytest.MonkeyPatch, moment: str) -> None:
    tally = uuid4()
    db = door.store.recorder.db
    commit = db.commit

    def cut(*, tell: bool = False) -> None:
        monkeypatch.undo()
        if moment == "after":
            commit(tell=tell)
        _cut(place)
        db._open = True
        commit(tell=tell)

    monkeypatch.setattr(db, "commit", cut)
    receipt = door.execute(Count(tally=tally), caller("key"))
    assert (receipt.version, receipt.position) == (1, 1)
    assert door.execute(Count(tally=tally), caller("key")) == receipt
    assert len(door.store.stream(tally)) == 1
    assert place.verify().flaw is None
