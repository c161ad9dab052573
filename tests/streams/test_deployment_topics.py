"""The topics are made once, keep everything, and are refused where they would lose something."""

from __future__ import annotations

import socket
from collections import deque
from collections.abc import Iterator
from contextlib import closing

import pytest
from typer.testing import CliRunner

from cli.console import Mistake
from cli.main import app
from streams.brokers import LARGEST_MESSAGE, Brokers, BrokersAway, BrokersRefuse, Producer
from streams.deployment_topics import FOR_EVER, faults, make_topics, names
from streams.messages import KafkaMessage
from tests.kit.kafka import PARTITIONS
from tests.kit.ports import closed_port
from tests.kit.waiting import within

LARGEST = {"max.message.bytes": str(LARGEST_MESSAGE)}


def test_topics_are_made_once_and_keep_everything(brokers: Brokers, prefix: str) -> None:
    made = make_topics(brokers, prefix, PARTITIONS, 1)
    assert (made.made, made.there, made.faults) == (names(prefix), [], [])
    again = make_topics(brokers, prefix, PARTITIONS, 1)
    assert (again.made, again.there, again.faults) == ([], names(prefix), [])
    for topic in brokers.topics(names(prefix)).values():
        assert topic.partitions == PARTITIONS
        assert {name: topic.settings[name] for name in FOR_EVER} == FOR_EVER


def test_what_is_missing_is_made_beside_what_is_there(brokers: Brokers, prefix: str) -> None:
    brokers.make([f"{prefix}.agents"], PARTITIONS, 1, FOR_EVER | LARGEST)
    assert faults(brokers, prefix, PARTITIONS)[0] == f"there is no topic {prefix}.contacts: `atende topics` makes it"
    made = make_topics(brokers, prefix, PARTITIONS, 1)
    assert made.there == [f"{prefix}.agents"]
    assert faults(brokers, prefix, PARTITIONS) == []


@pytest.mark.parametrize(
    ("settings", "partitions", "said"),
    [
        (FOR_EVER | LARGEST, PARTITIONS + 1, "has 4 partitions, ATENDE_PARTITIONS is 3"),
        (FOR_EVER | LARGEST | {"retention.ms": "1000"}, PARTITIONS, "does not keep everything: retention.ms is 1000, must be -1"),
        (FOR_EVER | LARGEST | {"retention.bytes": "9"}, PARTITIONS, "does not keep everything: retention.bytes is 9, must be -1"),
        (FOR_EVER | LARGEST | {"cleanup.policy": "compact"}, PARTITIONS, "cleanup.policy is compact, must be delete"),
        (FOR_EVER, PARTITIONS, "refuses large events: max.message.bytes is 1048588, must be 16777216 or more"),
    ],
)
def test_a_topic_that_would_lose_something_is_named(
    brokers: Brokers, prefix: str, settings: dict[str, str], partitions: int, said: str
) -> None:
    brokers.make([f"{prefix}.agents"], partitions, 1, settings)
    found = make_topics(brokers, prefix, PARTITIONS, 1)
    assert len(found.faults) == 1
    assert found.faults == faults(brokers, prefix, PARTITIONS)
    assert found.faults[0].startswith(f"topic {prefix}.agents ")
    assert found.faults[0].endswith(said)


def test_more_replicas_than_brokers_are_refused(brokers: Brokers, prefix: str) -> None:
    with pytest.raises(BrokersRefuse, match=r"agents.*only 1 broker"):
        make_topics(brokers, prefix, PARTITIONS, 3)


def test_the_command_says_what_it_made(kafka: str, prefix: str, environment: dict[str, str]) -> None:
    first = CliRunner().invoke(app, ["topics"], env=environment)
    assert first.exit_code == 0
    assert first.output.splitlines()[0] == f"{prefix}.agents is made, with 3 partitions"
    again = CliRunner().invoke(app, ["topics"], env=environment)
    assert again.output == "".join(f"{name} is there\n" for name in names(prefix))
    other = CliRunner().invoke(app, ["topics"], env=environment | {"ATENDE_PARTITIONS": "4"})
    assert other.exit_code == 1
    assert "has 3 partitions, ATENDE_PARTITIONS is 4" in other.output


@pytest.fixture
def environment(kafka: str, prefix: str) -> dict[str, str]:
    return {
        "ATENDE_MODE": "distributed",
        "ATENDE_STORE_URL": "postgresql://nowhere",
        "ATENDE_CLICKHOUSE_URL": "clickhouse://nowhere",
        "ATENDE_KAFKA": kafka,
        "ATENDE_TOPICS": prefix,
        "ATENDE_PARTITIONS": str(PARTITIONS),
    }


@pytest.fixture
def silent() -> Iterator[str]:
    """Something that lets one in and then says nothing."""
    with closing(socket.create_server(("127.0.0.1", 0))) as server:
        yield f"127.0.0.1:{server.getsockname()[1]}"


def test_no_broker_is_one_line(environment: dict[str, str]) -> None:
    with closed_port() as port:
        nobody = f"127.0.0.1:{port}"
        failed = CliRunner().invoke(app, ["topics"], env=environment | {"ATENDE_KAFKA": nobody})
    assert isinstance(failed.exception, Mistake)
    assert str(failed.exception) == f"ATENDE_KAFKA: no broker answers ({nobody}: Connection refused)"


def test_what_is_no_broker_is_one_line(silent: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("streams.brokers._ANSWERS_WITHIN_S", 0.5)
    with pytest.raises(BrokersAway, match="Unable to bootstrap") as refused:
        Brokers(silent)
    assert "\n" not in str(refused.value)
    with pytest.raises(BrokersAway):
        Producer(silent, {})


def test_an_embedded_center_has_no_topics() -> None:
    failed = CliRunner().invoke(app, ["topics"], env={"ATENDE_MODE": "embedded"})
    assert isinstance(failed.exception, Mistake)


def test_after_a_message_that_cannot_be_appended_nothing_is(kafka: str, brokers: Brokers, prefix: str) -> None:
    """Otherwise events would be behind later ones in a partition, and readers would skip them as repeats."""
    name = f"{prefix}.agents"
    brokers.make([name], 1, 1, FOR_EVER | {"max.message.bytes": "100000"})
    producer = Producer(kafka, {name: 1})
    sent = deque([producer.send(name, KafkaMessage(bytes(16), b"a", []))[1]])
    assert producer.acknowledged(sent, 10)
    # A batch for itself, and one behind it.
    sent.extend(producer.send(name, KafkaMessage(bytes(16), b"b" * size, []))[1] for size in (200_000, 90_000))
    behind = sent[-1]
    with pytest.raises(BrokersRefuse):
        producer.acknowledged(sent, 10)
    within(lambda: behind.is_done)
    producer.close()
    assert brokers.ends({name: 1}) == {(name, 0): 1}


def test_a_message_is_appended_before_its_producer_is_closed(kafka: str, brokers: Brokers, topics: str) -> None:
    name = f"{topics}.agents"
    producer = Producer(kafka, {name: PARTITIONS})
    for number in range(100):
        producer.send(name, KafkaMessage(number.to_bytes(16, "big"), b"a", []))
    producer.close(10)
    assert sum(brokers.ends({name: PARTITIONS}).values()) == 100


def test_the_largest_message_is_appended_and_a_larger_one_refused(kafka: str, brokers: Brokers, topics: str) -> None:
    name = f"{topics}.agents"
    producer = Producer(kafka, {name: PARTITIONS})
    largest = KafkaMessage(bytes(16), b"a" * (LARGEST_MESSAGE - 100_000), [])
    sent = deque([producer.send(name, largest)[1]])
    with pytest.raises(BrokersRefuse, match="larger than"):
        producer.send(name, KafkaMessage(bytes(16), b"a" * LARGEST_MESSAGE, []))
    assert producer.acknowledged(sent, 20)
    producer.close()
    found = [message for message in brokers.last({name: PARTITIONS}).values() if message is not None]
    assert found == [largest]
