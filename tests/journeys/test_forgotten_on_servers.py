"""Forget a contact on servers: PostgreSQL, ClickHouse and Kafka have no data of it any more, and every figure stays."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from bootstrap import Held, reach
from cli.company import caller, known
from commands.contacts import RegisterContact
from domain.base import FORGOTTEN
from settings import read
from streams.bulk import messages_of
from streams.deployment_topics import names
from tests.journeys.command_line import Quick
from tests.journeys.conftest import RUN_B
from tests.journeys.test_forgotten import NAME, NUMBER, figures
from tests.kit.distributed import PARTITIONS, Deployment, distributed
from tests.kit.operator_results import import_stream
from tests.kit.searching import in_tables, writings
from tests.kit.stores import written


@pytest.fixture
def deployment(tmp_path: Path) -> Iterator[Deployment]:
    with distributed(tmp_path) as made:
        yield made


def in_kafka(deployment: Deployment) -> bytes:
    """The bytes of all messages of the deployment."""
    messages = [message for name in names(deployment.prefix) for message in messages_of(deployment.kafka, name, PARTITIONS)]
    return b"\n".join(
        part for message in messages for part in (message.value, message.key, *(value for _, value in message.headers)) if part
    )


def test_nothing_is_left_of_a_forgotten_contact_and_every_figure_stays(deployment: Deployment) -> None:
    atende = Quick.over(deployment)

    def reported() -> list[Any]:
        with reach(atende.data, read(deployment.settings)) as held:
            return figures(held)

    def prepared(held: Held) -> None:
        import_stream(held, "Empresa", RUN_B / "ami.timed.jsonl.gz")
        held.center.bus.execute(RegisterContact(name=NAME, phones=(NUMBER,)), caller(known(held.center, "")))

    with reach(atende.data, read(deployment.settings)) as held:
        prepared(held)
    before = reported()
    protocols = [
        str(row["protocol"]) for row in atende("report", "interactions", "--format", "json").json["items"] if row["from_number"] == NUMBER
    ]
    assert len(protocols) == 2
    histories = [atende("history", protocol).out for protocol in protocols]
    assert all(NUMBER in history for history in histories)

    assert atende("forget", "--yes", NUMBER).out.endswith("is forgotten\n")

    assert atende("verify").out.endswith("events proved\n")
    for protocol, history in zip(protocols, histories, strict=True):
        assert atende("history", protocol).out.splitlines()[: history.count("\n")] == history.replace(NUMBER, FORGOTTEN).splitlines()
    assert reported() == before
    assert atende("rebuild").out.startswith("rebuilt up to position ")
    assert reported() == before
    names_the_person = [*writings(NUMBER), NAME, "Zulmira"]
    stored, carried = written(deployment.location), in_kafka(deployment)
    assert b"interaction." in stored
    assert b"interaction." in carried
    for text in names_the_person:
        assert text.encode() not in stored
        assert text.encode() not in carried
    assert in_tables(deployment.warehouse, names_the_person) == {}
    assert "no contact has this id or phone number" in atende("forget", "--yes", NUMBER, status=2).err
