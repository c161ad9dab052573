"""APIs and workers killed again and again, servers that stop and are killed: in the end all is as in a twin that nobody disturbed.

The servers are this file's own: others would feel what is done to them.
"""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from random import Random

import pytest

from services.clickhouse import ClickHouse
from services.kafka import Kafka
from services.postgresql import PostgreSQL
from services.server import Server
from tests.kit.clients import Clients
from tests.kit.distributed import Deployment, distributed, share
from tests.kit.loads import Load, twin
from tests.kit.own_servers import kill, own_servers, start_again
from tests.kit.rows import everything
from tests.kit.waiting import within

PATIENCE_S = 120.0


Servers = dict[type[Server], Server]


@pytest.fixture(scope="module")
def servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Servers]:
    with own_servers(tmp_path_factory.mktemp("servers"), [ClickHouse, Kafka, PostgreSQL]) as started:
        yield {type(server): server for server in started}


@pytest.fixture(scope="module")
def deployment(servers: Servers, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployment]:
    directory = servers[Kafka].folder.parent
    with distributed(tmp_path_factory.mktemp("deployment"), workers=2, apis=2, servers=directory) as made:
        yield made


@pytest.fixture(scope="module")
def load(deployment: Deployment) -> Load:
    return Load(deployment, 12)


@pytest.fixture(scope="module")
def clients(deployment: Deployment) -> Clients:
    return Clients(deployment)


def rows_are_those_of_one_process(deployment: Deployment) -> None:
    deployment.wait_covered(PATIENCE_S)
    assert everything(deployment.warehouse) == twin(deployment)


def passes(seconds: float) -> None:
    threading.Event().wait(seconds)


def kill_again_and_again(deployment: Deployment, load: Load, times: int) -> None:
    chance = Random(times)
    with load.going_on(100):
        for _ in range(times):
            # So that it hits anything: the start, a rebalance, reading, folding, writing, a commit.
            passes(chance.choice([chance.random(), 4 * chance.random()]))
            at_work = [worker for worker in deployment.workers if share(worker)]
            victim = chance.choice(at_work or deployment.workers)
            victim.kill()
            victim.start()
    rows_are_those_of_one_process(deployment)


def test_rows_survive_the_kills_of_workers(deployment: Deployment, load: Load) -> None:
    kill_again_and_again(deployment, load, 6)


@pytest.mark.long
@pytest.mark.timeout(1800)
def test_rows_survive_many_kills_of_workers(deployment: Deployment, load: Load) -> None:
    kill_again_and_again(deployment, load, 200)


def test_a_third_worker_comes_and_goes(deployment: Deployment, load: Load) -> None:
    with load.going_on():
        third = deployment.worker()
        deployment.wait_share(deployment.workers)
        assert third.stop() == 0
        deployment.wait_share([worker for worker in deployment.workers if worker is not third])
    rows_are_those_of_one_process(deployment)


@pytest.mark.timeout(1800)
@pytest.mark.parametrize("times", [5, pytest.param(200, marks=pytest.mark.long)])
def test_nothing_that_apis_acknowledged_is_lost_by_their_kills(deployment: Deployment, clients: Clients, times: int) -> None:
    chance = Random(times)
    doubtful = clients.in_doubt
    with clients.at_work():
        for _ in range(times):
            victim = chance.choice(deployment.apis)
            if chance.random() < 0.8:
                # Else it may be killed while it begins.
                deployment.url_of_api(victim)
            passes(chance.random() / 2)
            victim.kill()
            victim.start()
        for api in deployment.apis:
            deployment.url_of_api(api)
    assert clients.in_doubt > doubtful
    deployment.wait_covered(PATIENCE_S)
    clients.check()


@contextmanager
def standing_still(server: Server) -> Iterator[None]:
    pid = server.daemon.pid()
    assert pid is not None
    os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(pid, signal.SIGCONT)


@pytest.mark.parametrize("kind", [ClickHouse, Kafka])
@pytest.mark.parametrize("seconds", [10, pytest.param(60, marks=[pytest.mark.long, pytest.mark.timeout(600)])])
def test_a_server_that_hangs_is_awaited(deployment: Deployment, servers: Servers, load: Load, kind: type[Server], seconds: int) -> None:
    with load.going_on():
        with standing_still(servers[kind]):
            passes(seconds)
        passes(1)
    rows_are_those_of_one_process(deployment)


@pytest.mark.parametrize("kind", [ClickHouse, Kafka])
def test_a_server_that_is_killed_is_awaited(deployment: Deployment, servers: Servers, load: Load, kind: type[Server]) -> None:
    with load.going_on():
        kill(servers[kind])
        start_again(servers[kind])
    rows_are_those_of_one_process(deployment)


@pytest.mark.parametrize("how", [PostgreSQL.ENDED_BY, signal.SIGKILL])
def test_nothing_is_lost_when_postgresql_is_restarted_or_killed(
    deployment: Deployment, servers: Servers, load: Load, clients: Clients, how: signal.Signals
) -> None:
    with load.going_on(), clients.at_work():
        passes(1)
        kill(servers[PostgreSQL], how)
        start_again(servers[PostgreSQL])
        before = clients.acknowledged
        within(lambda: clients.acknowledged > before + 20, PATIENCE_S)
    rows_are_those_of_one_process(deployment)
    clients.check()


def test_a_worker_ends_on_a_signal_also_while_kafka_hangs(deployment: Deployment, servers: Servers, load: Load) -> None:
    worker = deployment.workers[0]
    with standing_still(servers[Kafka]):
        assert worker.stop() == 0
    worker.start()
    load.observe(100)
    rows_are_those_of_one_process(deployment)
