"""The relay goes on when its servers have been away, and has lost nothing."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from signal import SIGINT, SIGKILL, Signals

import pytest

from services.kafka import Kafka
from services.postgresql import PostgreSQL
from services.server import Server
from store.storage_location import OnServers
from streams.brokers import Brokers
from streams.deployment_topics import make_topics
from streams.relay_progress import RelayProgress
from tests.kit.kafka import PARTITIONS
from tests.kit.own_servers import kill, own_servers, start_again
from tests.kit.relaying import Busy, Relayed, RelayProcess
from tests.kit.stores import database_on
from tests.kit.waiting import within

PAUSE_S = 0.05
BACK_WITHIN_S = 90


@pytest.fixture(scope="module")
def servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[Server]]:
    with own_servers(tmp_path_factory.mktemp("servers"), [Kafka, PostgreSQL]) as started:
        yield started


@pytest.fixture
def deployment(servers: list[Server], prefix: str, tmp_path: Path) -> Iterator[Relayed]:
    kafka, postgresql = (server.address for server in servers)
    with closing(Brokers(kafka)) as brokers:
        make_topics(brokers, prefix, PARTITIONS, 1)
    with database_on(postgresql) as url:
        location = OnServers(tmp_path, url)
        with closing(RelayProgress(location.relay(), prefix)) as relay_progress:
            yield Relayed(location, kafka, prefix, relay_progress, tmp_path)


def goes_on(deployment: Relayed, busy: Busy, relay: RelayProcess) -> None:
    """The relay does its work again, and has it done when nothing more happens."""
    before = deployment.relay_progress.position()
    within(lambda: deployment.relay_progress.position() > before, BACK_WITHIN_S)
    busy.stop()
    within(lambda: deployment.relay_progress.position() == busy.acknowledged, BACK_WITHIN_S)
    assert relay.end() == 0
    deployment.check()


def test_a_broker_is_killed_under_load(deployment: Relayed, servers: list[Server]) -> None:
    kafka, _ = servers
    with deployment.busy(PAUSE_S) as busy, deployment.relay() as relay:
        within(lambda: deployment.relay_progress.position() > 200)
        kill(kafka)
        within(lambda: "relay waits for Kafka" in deployment.says())
        known = deployment.relay_progress.position()
        start_again(kafka)
        within(lambda: deployment.relay_progress.position() > known, BACK_WITHIN_S)
        goes_on(deployment, busy, relay)


@pytest.mark.parametrize("how", [SIGINT, SIGKILL])
def test_postgresql_is_restarted_or_killed_under_load(deployment: Relayed, servers: list[Server], how: Signals) -> None:
    _, postgresql = servers
    with deployment.busy(PAUSE_S) as busy, deployment.relay() as relay:
        within(lambda: deployment.relay_progress.position() > 200)
        kill(postgresql, how)
        start_again(postgresql)
        goes_on(deployment, busy, relay)


@pytest.mark.long
def test_a_relay_ends_on_a_signal_although_no_broker_answers(deployment: Relayed, servers: list[Server]) -> None:
    kafka, _ = servers
    with deployment.busy(PAUSE_S) as busy:
        with deployment.relay() as relay:
            within(lambda: deployment.relay_progress.position() > 200)
            kill(kafka)
            within(lambda: "relay waits for Kafka" in deployment.says())
            assert relay.end() == 0
        start_again(kafka)
        with deployment.relay(said="next") as relay:
            goes_on(deployment, busy, relay)
