"""Workers killed again and again, servers that stop and are killed: in the end the rows are those of a twin that nobody disturbed."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from random import Random

import pytest

from services.__main__ import DIRECTORY
from services.clickhouse import ClickHouse
from services.kafka import Kafka
from services.server import DoesNotRun, Server
from tests.kit.distributed import House, distributed, share
from tests.kit.loads import Load, twin
from tests.kit.rows import everything
from tests.kit.servers import address
from tests.kit.waiting import within

PATIENCE_S = 120.0


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    with distributed(tmp_path_factory.mktemp("house"), workers=2) as made:
        yield made


@pytest.fixture(scope="module")
def load(house: House) -> Load:
    return Load(house, 12)


def rows_are_those_of_one_process(house: House) -> None:
    house.wait_covered(PATIENCE_S)
    assert everything(house.warehouse) == twin(house)


def passes(seconds: float) -> None:
    threading.Event().wait(seconds)


def kill_again_and_again(house: House, load: Load, times: int) -> None:
    chance = Random(times)
    with load.going_on(100):
        for _ in range(times):
            # So that it hits anything: the start, a rebalance, reading, folding, writing, a commit.
            passes(chance.choice([chance.random(), 4 * chance.random()]))
            at_work = [worker for worker in house.workers if share(worker)]
            victim = chance.choice(at_work or house.workers)
            victim.kill()
            victim.start()
    rows_are_those_of_one_process(house)


def test_rows_survive_the_kills_of_workers(house: House, load: Load) -> None:
    kill_again_and_again(house, load, 20)


@pytest.mark.long
@pytest.mark.timeout(1800)
def test_rows_survive_many_kills_of_workers(house: House, load: Load) -> None:
    kill_again_and_again(house, load, 200)


def test_a_third_worker_comes_and_goes(house: House, load: Load) -> None:
    with load.going_on():
        third = house.worker()
        house.wait_share(house.workers)
        assert third.stop() == 0
        house.wait_share([worker for worker in house.workers if worker is not third])
    rows_are_those_of_one_process(house)


@contextmanager
def standing_still(kind: type[Server]) -> Iterator[None]:
    server = _server(kind)
    pid = server.daemon.pid()
    assert pid is not None
    os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(pid, signal.SIGCONT)


def kill(kind: type[Server]) -> None:
    """And start it again, where it was."""
    server = _server(kind)
    server.daemon.stop(signal.SIGKILL, 30)
    within(lambda: _starts(server), PATIENCE_S)


def _starts(server: Server) -> bool:
    try:
        server.start(server.ports[0])
    except DoesNotRun:
        # The port may be its for a moment longer.
        return False
    return True


def _server(kind: type[Server]) -> Server:
    address(kind)
    return kind(DIRECTORY.resolve(), (DIRECTORY / "secret").read_text(encoding="ascii"))


@pytest.mark.parametrize("kind", [ClickHouse, Kafka])
@pytest.mark.parametrize("seconds", [10, pytest.param(60, marks=[pytest.mark.long, pytest.mark.timeout(600)])])
def test_a_server_that_stands_still_is_awaited(house: House, load: Load, kind: type[Server], seconds: int) -> None:
    with load.going_on():
        with standing_still(kind):
            passes(seconds)
        passes(1)
    rows_are_those_of_one_process(house)


@pytest.mark.parametrize("kind", [ClickHouse, Kafka])
def test_a_server_that_is_killed_is_awaited(house: House, load: Load, kind: type[Server]) -> None:
    with load.going_on():
        kill(kind)
    rows_are_those_of_one_process(house)


def test_a_worker_ends_when_it_is_told_to_also_while_kafka_stands_still(house: House, load: Load) -> None:
    worker = house.workers[0]
    with standing_still(Kafka):
        assert worker.stop() == 0
    worker.start()
    load.tell(100)
    rows_are_those_of_one_process(house)
