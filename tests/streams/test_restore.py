"""A lost store comes back from Kafka byte for byte, or what is wrong with the log there is named and nobody can use it."""

from __future__ import annotations

import random
import subprocess
import sys
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from msgspec import structs

from commands.command_bus import CommandBus
from domain.base import Event
from domain.contacts import ContactAppeared
from domain.voice.interaction_events import InteractionEvent
from processes.execution import Execution
from processes.manager import Send
from store import process_progress, recorder
from store.chain import ChainBroken, Head
from store.event_store import Store
from store.key_backup import NoBackup, back_up_keys
from store.log_restore import NotTheSameLog, Occupied, Stopped
from store.master_key import WrongMasterKey
from store.postgres_lock import ServerLock
from store.process_progress import ProcessProgress
from store.recorded_event import RecordedEvent
from store.storage_location import OnServers
from streams import bulk
from streams.messages import KafkaMessage, message
from streams.relay_progress import RelayProgress
from streams.restore import Restored, Source, restore
from tests.commands.tally import Count, Counted, caller
from tests.kit.kafka import send
from tests.kit.simulated import Past, log_of, simulated
from tests.kit.stores import behind
from tests.processes.reacting import Echo, echo_of


@pytest.fixture(scope="module")
def past(tmp_path_factory: pytest.TempPathFactory) -> Past:
    return simulated(tmp_path_factory.mktemp("past"))


@pytest.fixture(autouse=True)
def small_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bulk, "AT_ONCE", 70)


@dataclass(frozen=True)
class Lost:
    """A center that has lost its store: `past` is what it was."""

    past: Past
    location: OnServers
    kafka: str
    topics: str
    backup: Path

    def send(self, *events: RecordedEvent | tuple[RecordedEvent, KafkaMessage]) -> None:
        """Let Kafka have these."""
        send(self.kafka, self.topics, events)

    def restore(self, **changes: Any) -> Restored:
        return restore(self.location, self.past.master, replace(Source(self.kafka, self.topics), **changes))

    def stopped(self, match: str, **changes: Any) -> None:
        """It is not restored, and what is there cannot be used."""
        with pytest.raises(Stopped, match=match):
            self.restore(**changes)
        if log_of(self.location):
            with pytest.raises(ChainBroken, match="has not ended"):
                Store(self.location)


@pytest.fixture
def lost(past: Past, on_server: OnServers, kafka: str, topics: str, tmp_path: Path) -> Lost:
    back_up_keys(past.location, tmp_path / "keys.backup")
    return Lost(past, on_server, kafka, topics, tmp_path / "keys.backup")


def test_the_store_comes_back_byte_for_byte(lost: Lost) -> None:
    lost.send(*lost.past.log)
    restored = lost.restore(keys=lost.backup)
    assert (restored.head, restored.events, restored.proof) == (lost.past.head, len(lost.past.log), lost.past.head)
    assert log_of(lost.location) == lost.past.log
    verdict = lost.location.verify()
    assert (verdict.events, verdict.flaw) == (len(lost.past.log), None)
    for table in ("about", "keys", "names"):
        statement = f"SELECT * FROM {table}"
        assert sorted(behind(lost.location, statement, keys=True)) == sorted(behind(lost.past.location, statement, keys=True))


def test_the_restored_store_goes_on_where_the_log_ends(lost: Lost) -> None:
    lost.send(*lost.past.log)
    lost.restore(keys=lost.backup)
    with Store(lost.past.location) as before, Store(lost.location, master=lost.past.master) as store:
        tenant = store.companies()[0]
        given = {
            head.protocol
            for recorded in store.read(0, 10**6)
            if isinstance(recorded.event, InteractionEvent) and (head := recorded.event.change.call)
        }
        assert store.protocols.next(tenant) == max(given) + 1
        assert (store.keyring.knows(lost.past.called), store.keyring.knows(lost.past.forgotten)) == (True, False)
        (event,) = [event for event in store.stream(lost.past.called) if isinstance(event, ContactAppeared)]
        assert store.keyring.open(event.phone) == before.keyring.open(event.phone)
        CommandBus(store)
    with closing(RelayProgress(lost.location.relay(), lost.topics)) as relay_progress:
        position, reached = next(relay_progress.newest())
        assert (relay_progress.position(), position, max(reached.values())) == (len(lost.past.log), len(lost.past.log), len(lost.past.log))


class EchoOfAll(Echo):
    """Sends a command for every event that there is."""

    REACTS_TO = (Event,)

    def react(self, event: Event, state: None) -> list[Send]:
        return [] if isinstance(event, Counted) and not event.by else [Send(Count(tally=echo_of(event.originator_id), by=0))]


def test_a_restored_store_sends_nothing_again(lost: Lost) -> None:
    with closing(lost.location.events()) as log:
        # As `atende migrate` leaves an empty store.
        log.define(recorder.SCHEMA)
        log.define(process_progress.SCHEMA)
        ProcessProgress(log, EchoOfAll.NAME).register()
    lost.send(*lost.past.log)
    lost.restore(keys=lost.backup)
    with Store(lost.location, master=lost.past.master) as store:
        bus = CommandBus(store)
        reacts = Execution(EchoOfAll(), bus)
        reacts.round()
        assert (store.head(), reacts.figures.sent, reacts.figures.position) == (len(lost.past.log), 0, len(lost.past.log))
        bus.execute(Count(tally=uuid4()), caller())
        reacts.round()
        assert reacts.figures.sent == 1


def test_without_the_keys_everyone_reads_anonymous(lost: Lost) -> None:
    lost.send(*lost.past.log)
    assert lost.restore().proof is None
    assert log_of(lost.location) == lost.past.log
    with Store(lost.location) as store:
        assert not store.keyring.knows(lost.past.called)


def test_what_a_relay_sent_again_is_written_once(lost: Lost) -> None:
    events = lost.past.log
    lost.send(*events[:300], *events[200:400], *events[380:], *events[-100:-50])
    assert lost.restore(head=lost.past.head).events == len(events)
    assert log_of(lost.location) == events


def test_an_empty_log_is_restored_as_one(lost: Lost) -> None:
    assert lost.restore().head == Head()
    Store(lost.location).close()


# What is not as it was written


def test_a_removed_message_is_named(lost: Lost) -> None:
    lost.send(*lost.past.log[:200], *lost.past.log[201:])
    lost.stopped("event 201 was removed; 200 events are in the store, which cannot be opened")
    assert log_of(lost.location) == lost.past.log[:200]


def test_a_changed_byte_is_named(lost: Lost) -> None:
    sent = message(lost.past.log[200])
    forged = replace(sent, value=sent.value[:-2] + b" " + sent.value[-1:])
    lost.send(*lost.past.log[:200], (lost.past.log[200], forged), *lost.past.log[201:])
    lost.stopped(r"event 201 \(.*\) was changed; \d+ events are in the store")


def test_a_swapped_pair_is_named(lost: Lost) -> None:
    one, other = lost.past.log[200], lost.past.log[201]
    swapped = [structs.replace(other, position=one.position), structs.replace(one, position=other.position)]
    lost.send(*lost.past.log[:200], *swapped, *lost.past.log[202:])
    lost.stopped(r"event 201 \(.*\) was moved to position 202|event 201 \(.*\) was changed")


def test_messages_in_another_order_are_named(lost: Lost) -> None:
    of_one = [event for event in lost.past.log if event.id == lost.past.log[200].id]
    first, second = (lost.past.log.index(event) for event in of_one[-2:])
    turned = list(lost.past.log)
    turned[first], turned[second] = turned[second], turned[first]
    lost.send(*turned)
    lost.stopped(f"event {first + 1} was removed")


def test_a_message_that_is_damaged_is_named(lost: Lost) -> None:
    sent = message(lost.past.log[200])
    lost.send(*lost.past.log[:200], (lost.past.log[200], replace(sent, headers=sent.headers[:2])), *lost.past.log[201:])
    lost.stopped("event 201 was removed; message [0-9]+ of .*: a header is missing .*; 200 events are in the store")


def test_a_message_of_somebody_else_is_in_nobodys_way(lost: Lost) -> None:
    sent = message(lost.past.log[200])
    lost.send(*lost.past.log, (lost.past.log[200], replace(sent, headers=sent.headers[:2])))
    assert lost.restore(head=lost.past.head).proof == lost.past.head


@pytest.mark.parametrize("by", ["head", "keys"])
def test_a_missing_end_is_named_before_anything_is_written(lost: Lost, by: str) -> None:
    lost.send(*lost.past.log[:400])
    lost.stopped(
        "event 401 and all after it are missing; the store is empty",
        **({"head": lost.past.head} if by == "head" else {"keys": lost.backup}),
    )
    assert log_of(lost.location) == []
    assert lost.restore(head=Head(400, lost.past.log[399].hash)).proof == Head(400, lost.past.log[399].hash)


def test_a_head_of_another_log_is_named(lost: Lost) -> None:
    lost.send(*lost.past.log)
    lost.stopped(r"event 400 \(.*\) is not the event", head=Head(400, lost.past.head.hash))


def test_the_head_noted_in_keys_that_were_not_lost_proves_the_end(lost: Lost) -> None:
    with Store(lost.location, master=lost.past.master) as store:
        store.recorder.insert_events(store.recorder.select_events(lost.past.called))
    lost.location.keys().close()
    behind(lost.location, "UPDATE head SET position = ?, hash = ?", lost.past.head.position, lost.past.head.hash, keys=True)
    lost.send(*lost.past.log[:-1])
    lost.stopped(f"event {len(lost.past.log)} and all after it are missing")
    lost.send(*lost.past.log[-1:])
    assert lost.restore().proof == lost.past.head


# What is there already


def test_after_it_was_stopped_it_goes_on(lost: Lost) -> None:
    lost.send(*lost.past.log[:200])
    with pytest.raises(Stopped):
        lost.restore(head=lost.past.head)
    assert lost.restore().events == 200
    lost.send(*lost.past.log[200:])
    restored = lost.restore(keys=lost.backup)
    assert (restored.events, restored.proof) == (len(lost.past.log) - 200, lost.past.head)
    assert log_of(lost.location) == lost.past.log
    assert lost.restore().events == 0


def test_a_store_that_has_lost_its_end_is_brought_forward(lost: Lost) -> None:
    """A standby that lagged, or the backup of yesterday."""
    lost.send(*lost.past.log)
    lost.restore(keys=lost.backup)
    behind(lost.location, "DELETE FROM stored_events WHERE position > 300")
    behind(lost.location, "UPDATE head SET position = 300, hash = ?", lost.past.log[299].hash, keys=True)
    restored = lost.restore(head=lost.past.head)
    assert (restored.events, restored.proof) == (len(lost.past.log) - 300, lost.past.head)
    assert log_of(lost.location) == lost.past.log
    with Store(lost.location, master=lost.past.master) as store:
        assert store.keyring.knows(lost.past.called)


def test_a_store_of_another_log_is_left_as_it_is(lost: Lost, tmp_path: Path) -> None:
    other = simulated(tmp_path / "other", days=0.02)
    lost.send(*other.log)
    lost.restore()
    lost.send()
    before = behind(lost.location, "SELECT * FROM head", keys=True)
    behind(lost.location, "UPDATE stored_events SET hash = ? WHERE position = ?", bytes(31) + b"1", len(other.log))
    with pytest.raises(NotTheSameLog):
        lost.restore()
    assert behind(lost.location, "SELECT * FROM head", keys=True) == before


def test_keys_that_are_there_are_not_replaced(lost: Lost) -> None:
    lost.send(*lost.past.log)
    lost.restore(keys=lost.backup)
    with pytest.raises(Occupied, match="keys that were destroyed since"):
        lost.restore(keys=lost.backup)
    Store(lost.location, master=lost.past.master).close()


def test_nobody_else_may_use_the_store_meanwhile(lost: Lost, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("store.log_restore._LEFT_WITHIN_S", 0.0)
    with Store(lost.location), pytest.raises(Occupied, match="connections of other processes"):
        lost.restore()


def test_a_relay_that_runs_keeps_it_off(lost: Lost, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("store.log_restore._must_be_unused", lambda _: None)
    monkeypatch.setattr("streams.restore._TURN_S", 0.1)
    with ServerLock(lost.location.store_url, "relay") as relay:
        assert relay.take(1)
        with pytest.raises(Occupied, match="a relay runs"):
            lost.restore()


def test_another_master_key_is_refused_before_anything_is_written(lost: Lost) -> None:
    with pytest.raises(WrongMasterKey):
        restore(lost.location, "0" * 64, Source(lost.kafka, lost.topics, lost.backup))
    assert not lost.location.exists()


def test_a_file_that_is_no_backup_is_refused(lost: Lost, tmp_path: Path) -> None:
    for name, said in (("nothing", "No such file"), (lost.past.location.directory.name, "no file"), ("log", "is no backup of a key store")):
        (tmp_path / "log").write_text("a log")
        with pytest.raises(NoBackup, match=said):
            lost.restore(keys=lost.past.location.directory if "no file" in said else tmp_path / name)


# Kills


def _killed(lost: Lost, seed: int) -> None:
    """Restore in a process of its own, which is killed after some steps."""
    arguments = lost.location.directory, lost.location.store_url, lost.past.master, lost.kafka, lost.topics, lost.backup
    with subprocess.Popen([sys.executable, "-m", "tests.kit.restoring", *map(str, arguments)], stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout is not None
        for _ in range(random.Random(seed).randint(1, 12)):
            child.stdout.readline()
        child.kill()


def test_killed_at_any_moment_it_goes_on(lost: Lost) -> None:
    lost.send(*lost.past.log)
    for seed in range(6):
        _killed(lost, seed)
        written = log_of(lost.location) if lost.location.exists() else []
        assert written == lost.past.log[: len(written)]
    if behind(lost.location, "SELECT hash FROM head WHERE one = 1", keys=True) != [(lost.past.head.hash,)]:
        assert lost.restore(keys=lost.backup).proof == lost.past.head
    assert log_of(lost.location) == lost.past.log
    with Store(lost.location, master=lost.past.master) as store:
        assert store.keyring.knows(lost.past.called)
