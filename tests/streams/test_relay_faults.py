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
from streams.relay_progress import Ledger
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
def house(servers: list[Server], prefix: str, tmp_path: Path) -> Iterator[Relayed]:
    kafka, postgresql = (server.address for server in servers)
    with closing(Brokers(kafka)) as brokers:
        make_topics(brokers, prefix, PARTITIONS, 1)
    with database_on(postgresql) as url:
        place = OnServers(tmp_path, url)
        with closing(Ledger(place.relay(), prefix)) as ledger:
            yield Relayed(place, kafka, prefix, ledger, tmp_path)


def goes_on(house: Relayed, busy: Busy, relay: RelayProcess) -> None:
    """The relay does its work again, and has it done when nothing more happens."""
    before = house.ledger.position()
    within(lambda: house.ledger.position() > before, BACK_WITHIN_S)
    busy.stop()
    within(lambda: house.ledger.position() == busy.acknowledged, BACK_WITHIN_S)
    assert relay.end() == 0
    house.check()


def test_a_broker_is_killed_under_load(house: Relayed, servers: list[Server]) -> None:
    kafka, _ = servers
    with house.busy(PAUSE_S) as busy, house.relay() as relay:
        within(lambda: house.ledger.position() > 200)
        kill(kafka)
        within(lambda: "relay waits for Kafka" in house.says())
        known = house.ledger.position()
        start_again(kafka)
        within(lambda: house.ledger.position() > known, BACK_WITHIN_S)
        goes_on(house, busy, relay)


@pytest.mark.parametrize("how", [SIGINT, SIGKILL])
def test_postgresql_is_restarted_or_killed_under_load(house: Relayed, servers: list[Server], how: Signals) -> None:
    _, postgresql = servers
    with house.busy(PAUSE_S) as busy, house.relay() as relay:
        within(lambda: house.ledger.position() > 200)
        kill(postgresql, how)
        start_again(postgresql)
        goes_on(house, busy, relay)


@pytest.mark.long
def test_a_relay_ends_when_it_is_told_although_no_broker_answers(house: Relayed, servers: list[Server]) -> None:
    kafka, _ = servers
    with house.busy(PAUSE_S) as busy:
        with house.relay() as relay:
            within(lambda: house.ledger.position() > 200)
            kill(kafka)
            within(lambda: "relay waits for Kafka" in house.says())
            assert relay.end() == 0
        start_again(kafka)
        with house.relay(said="next") as relay:
            goes_on(house, busy, relay)
