"""Workers as processes: what they make of the log is what the in-process runner makes of it, whatever becomes of them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from commands.postgres_lock import ServerLock
from domain.base import SECOND
from domain.ids import company_id
from simulator.center import busy_center
from simulator.story import Story
from streams.turns import ROWS
from tests.kit.distributed import House, distributed
from tests.kit.loads import Load, twin
from tests.kit.pasts import OPENS
from tests.kit.rows import everything
from tests.kit.stores import behind
from tests.kit.waiting import within

TAKES_OVER_S = 10.0
"""After the death of a worker the others have its partitions within so long."""

WAITING = """
SELECT count(*) FROM pg_locks JOIN pg_database ON oid = database
WHERE datname = current_database() AND locktype = 'advisory' AND NOT granted
"""
"""How many processes have rows in their hands and wait for their turn."""


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    with distributed(tmp_path_factory.mktemp("house"), workers=2) as made:
        made.wait_share(made.workers)
        yield made


@pytest.fixture(scope="module")
def load(house: House) -> Load:
    return Load(house, 11)


def rows_are_those_of_one_process(house: House) -> None:
    house.wait_covered()
    assert everything(house.warehouse) == twin(house)


def test_rows_by_workers_are_those_of_one_process(house: House, load: Load) -> None:
    tenant = company_id("Empresa")
    start = int(OPENS.timestamp()) * SECOND
    story = Story(house.door, tenant, busy_center(0.3), seed=3, start_us=start)
    story.set_up()
    story.tell_until(start + 2 * 3600 * SECOND)
    load.tell(2_000)
    rows_are_those_of_one_process(house)
    assert everything(house.warehouse, tenant=tenant) == twin(house, tenant)


def test_what_a_dead_worker_had_is_taken_over(house: House, load: Load) -> None:
    dying, living = house.workers
    with load.going_on():
        dying.kill()
        house.wait_share([living], TAKES_OVER_S)
    rows_are_those_of_one_process(house)
    dying.start()
    house.wait_share(house.workers)


def test_one_that_stood_still_with_rows_in_its_hands_hides_nothing_newer(house: House, load: Load) -> None:
    still, living = house.workers
    with ServerLock(house.store_url, ROWS) as swapping:
        assert swapping.take(30)
        load.tell(1_500)
        within(lambda: behind(house.place, WAITING) == [(2,)])
        still.pause()
    house.wait_share([living])
    load.tell(1_500)
    house.wait_covered()
    before = house.committed()
    still.go_on()
    house.wait_share(house.workers)
    after = house.committed()
    assert all(after[partition] >= offset for partition, offset in before.items())
    load.tell(500)
    rows_are_those_of_one_process(house)
