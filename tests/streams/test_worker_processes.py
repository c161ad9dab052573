"""Workers as processes: what they make of the log is what the in-process runner makes of it, whatever becomes of them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from random import Random
from typing import Any
from uuid import UUID, uuid5

import pytest
from eventsourcing.persistence import StoredEvent

from domain.base import SECOND
from domain.ids import company_id
from processes.manager import Ports
from processes.restarts import Restarts
from processes.runner import ProcessRunner
from projections.engine.decisions import MOST_REFUSED
from simulator.center import busy_center
from simulator.story import Story
from store.postgres_lock import ServerLock
from streams.brokers import Brokers
from streams.topics import SLICES, partition_name, topic
from streams.write_lock import ROWS
from telephony_adapter.ami.importer import import_ami
from telephony_adapter.queue_log.importer import import_queue_log
from tests.kit.captures import NAMES, capture
from tests.kit.distributed import PARTITIONS, Deployment, distributed
from tests.kit.embedded import SAO_PAULO
from tests.kit.http import operator
from tests.kit.loads import Load, twin
from tests.kit.log import stored
from tests.kit.pasts import OPENS
from tests.kit.rows import everything
from tests.kit.stores import behind
from tests.kit.story import Story as LogStory
from tests.kit.waiting import within

TAKES_OVER_S = 10.0
"""After the death of a worker the others have its partitions within so long."""

WAITING = """
SELECT count(*) FROM pg_locks JOIN pg_database ON oid = database
WHERE datname = current_database() AND locktype = 'advisory' AND NOT granted
"""
"""How many processes have rows in their hands and wait for their turn."""


@pytest.fixture(scope="module")
def deployment(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployment]:
    with distributed(tmp_path_factory.mktemp("deployment"), workers=2) as made:
        made.wait_share(made.workers)
        yield made


@pytest.fixture(scope="module")
def load(deployment: Deployment) -> Load:
    return Load(deployment, 11)


def rows_are_those_of_one_process(deployment: Deployment) -> None:
    deployment.wait_covered()
    assert everything(deployment.warehouse) == twin(deployment)


def test_rows_by_workers_are_those_of_one_process(deployment: Deployment, load: Load) -> None:
    tenant = company_id("Empresa")
    start = int(OPENS.timestamp()) * SECOND
    story = Story(deployment.bus, tenant, busy_center(0.3), seed=3, start_us=start)
    story.set_up()
    story.tell_until(start + 2 * 3600 * SECOND)
    load.observe(2_000)
    rows_are_those_of_one_process(deployment)
    assert everything(deployment.warehouse, tenant=tenant) == twin(deployment, tenant)


class FromNowOn(Restarts):
    """What the load says of restarts is left alone: it writes its aggregates by itself."""

    NAME = "restarts from now on"


@pytest.mark.parametrize("name", NAMES)
def test_a_recorded_center_comes_out_the_same(deployment: Deployment, name: str) -> None:
    recorded, caller = capture(name), operator(name)
    reacting = ProcessRunner(deployment.bus, [FromNowOn(Ports(deployment.warehouse.query, deployment.store.end, lambda _: 0))])
    import_ami(deployment.bus, caller, recorded.timed, "ami")
    import_queue_log(deployment.bus, caller, [(recorded.queue_log, "queue_log")], timezone=SAO_PAULO)
    deployment.wait_covered()
    reacting.catch_up(deployment.store.end())
    deployment.wait_covered()
    made = everything(deployment.warehouse, tenant=caller.tenant)
    assert made["visits"]
    assert made == twin(deployment, caller.tenant)


def test_what_a_dead_worker_had_is_taken_over(deployment: Deployment, load: Load) -> None:
    dying, living = deployment.workers
    with load.going_on():
        dying.kill()
        deployment.wait_share([living], TAKES_OVER_S)
    rows_are_those_of_one_process(deployment)
    dying.start()
    deployment.wait_share(deployment.workers)


def test_one_that_stood_still_with_rows_in_its_hands_hides_nothing_newer(deployment: Deployment, load: Load) -> None:
    still, living = deployment.workers
    with ServerLock(deployment.store_url, ROWS) as swapping:
        assert swapping.take(30)
        load.observe(1_500)
        within(lambda: behind(deployment.location, WAITING) == [(2,)])
        still.pause()
    deployment.wait_share([living])
    load.observe(1_500)
    deployment.wait_covered()
    before = deployment.committed()
    still.go_on()
    deployment.wait_share(deployment.workers)
    after = deployment.committed()
    assert all(after[partition] >= offset for partition, offset in before.items())
    load.observe(500)
    rows_are_those_of_one_process(deployment)


def queue_events(count: int) -> tuple[bytes, list[StoredEvent]]:
    """What became of one queue, as it is stored."""
    story = LogStory(Random(31))
    found: dict[bytes, list[StoredEvent]] = {}
    while True:
        event = stored(0, story._queue())
        # Another queue, so that no other event is about it.
        there = found.setdefault(event.id, [])
        there.append(StoredEvent(uuid5(UUID(bytes=event.id), "another"), event.version, event.topic, event.state))
        if len(there) == count:
            return there[0].originator_id.bytes, there


def dead_letters_of(deployment: Deployment) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(deployment.run("dead-letters", "list", "--json").stdout)
    return found


def test_a_dead_letter_is_listed_and_its_rows_are_made_once_it_is_mended(deployment: Deployment, load: Load) -> None:
    id, history = queue_events(6)
    broken = replace(history[1], state=b'{"tenant":"00000000-0000-0000-0000-000000000007"}')
    load.append([history[0], broken, *history[2:4]])
    deployment.wait_covered()
    (position,) = behind(deployment.location, "SELECT position FROM stored_events WHERE originator_id = ? AND originator_version = 2", id)[
        0
    ]

    (dead_letter,) = dead_letters_of(deployment)
    assert (dead_letter["position"], dead_letter["event"]) == (position, broken.topic)
    assert dead_letter["message"].startswith(f"{deployment.prefix}.queues:")
    assert str(position) in deployment.run("dead-letters", "list").stdout
    assert "EventUnreadable" in deployment.run("dead-letters", "retry", str(position), status=1).stdout
    assert dead_letters_of(deployment) == [dead_letter]

    behind(deployment.location, "UPDATE stored_events SET state = ? WHERE position = ?", history[1].state, position)
    assert deployment.run("dead-letters", "retry", "1").stderr == "1 is no dead letter\n"
    assert deployment.run("dead-letters", "retry").stdout == f"{position} {broken.topic}: its rows are made\n"
    assert dead_letters_of(deployment) == []
    rows_are_those_of_one_process(deployment)
    # The worker that holds the queue's row goes on from the mended one.
    load.append(history[4:])
    rows_are_those_of_one_process(deployment)
    assert deployment.run("dead-letters", "retry").stdout == ""


def test_workers_that_are_stopped_leave_nothing_to_be_done_again(deployment: Deployment, load: Load) -> None:
    first, last = deployment.workers
    assert first.stop() == 0
    # A worker that was just assigned partitions may have to read again what the other had not committed.
    deployment.wait_share([last])
    load.observe(500)
    deployment.wait_covered()
    assert last.stop() == 0
    with closing(Brokers(deployment.kafka)) as brokers:
        ends = brokers.ends({topic(deployment.prefix, slice_): PARTITIONS for slice_ in SLICES})
    assert deployment.committed() == {partition_name(*partition): end for partition, end in ends.items() if end}
    for worker in deployment.workers:
        worker.start()


def test_workers_stop_at_too_many_events_that_no_rows_can_be_made_of(deployment: Deployment, load: Load) -> None:
    """Not the events are wrong then, but the program: rows stay where they are."""
    _, history = queue_events(1)
    strange = [replace(history[0], originator_id=UUID(int=99), originator_version=n) for n in range(1, MOST_REFUSED + 2)]
    load.append([replace(one, state=b'{"tenant":"00000000-0000-0000-0000-000000000007"}') for one in strange])
    for worker in deployment.workers:
        assert worker.wait_ends() == 1
        assert f"{MOST_REFUSED + 1} events could not be made rows" in worker.said
