"""A worker that cannot work does not begin: one line says why, and which setting it is about."""

from __future__ import annotations

from collections.abc import Iterator
from time import monotonic

import pytest

from tests.kit.distributed import Deployment, distributed

SAYS_SO_WITHIN_S = 60.0
"""Of a busy machine. Without the line it would wait for its servers for ever."""


@pytest.fixture(scope="module")
def deployment(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployment]:
    with distributed(tmp_path_factory.mktemp("deployment"), relays=0, workers=0) as made:
        yield made


def refused(deployment: Deployment, **settings: str) -> str:
    """The line that it says, in time."""
    began = monotonic()
    said = deployment.run("worker", status=2, **settings)
    assert monotonic() - began < SAYS_SO_WITHIN_S
    assert said.stdout == ""
    (line,) = said.stderr.splitlines()
    return line


def test_without_a_broker(deployment: Deployment) -> None:
    assert "ATENDE_KAFKA: no broker answers (127.0.0.1:1" in refused(deployment, ATENDE_KAFKA="127.0.0.1:1")


def test_with_a_wrong_password(deployment: Deployment) -> None:
    url = deployment.store_url.replace(":", ":wrong", 2).replace("postgresql:wrong", "postgresql:")
    line = refused(deployment, ATENDE_STORE_URL=url)
    assert "password authentication failed" in line
    assert "wrong" not in line
    rows = deployment.clickhouse_url.replace(":", ":wrong", 2).replace("clickhouse:wrong", "clickhouse:")
    line = refused(deployment, ATENDE_CLICKHOUSE_URL=rows)
    assert "ATENDE_CLICKHOUSE_URL" in line
    assert "refuses the user" in line
    assert "wrong" not in line.lower().replace("wrong password", "")


def test_without_a_server_of_rows(deployment: Deployment) -> None:
    line = refused(deployment, ATENDE_CLICKHOUSE_URL="clickhouse://me:secret@127.0.0.1:1/rows")
    assert "ATENDE_CLICKHOUSE_URL: ClickHouse at 127.0.0.1:1 does not answer" in line
    assert "secret" not in line


def test_without_its_topics(deployment: Deployment) -> None:
    line = refused(deployment, ATENDE_TOPICS=f"{deployment.prefix}-other")
    assert f"there is no topic {deployment.prefix}-other.agents: `atende topics` makes it" in line


def test_with_other_partitions_than_there_are(deployment: Deployment) -> None:
    assert "ATENDE_PARTITIONS is 7" in refused(deployment, ATENDE_PARTITIONS="7")


def test_with_tables_that_are_not_up_to_date(deployment: Deployment) -> None:
    line = refused(deployment, ATENDE_CLICKHOUSE_URL=deployment.clickhouse_url + "_new")
    assert "`atende migrate`" in line


def test_in_a_center_of_one_process(deployment: Deployment) -> None:
    assert "ATENDE_MODE" in refused(deployment, ATENDE_MODE="embedded")


def test_with_a_port_that_is_taken(deployment: Deployment) -> None:
    port = deployment.kafka.rpartition(":")[2]
    said = deployment.run("worker", "--metrics-port", port, status=2).stderr
    assert f"cannot listen on 127.0.0.1:{port}" in said
