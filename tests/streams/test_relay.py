"""The relay loses no event, keeps each partition's order, and outlives whatever is killed beside it."""

from __future__ import annotations

import itertools
import random
import re
import time
import urllib.request
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from signal import SIGCONT, SIGKILL, SIGSTOP, Signals

import pytest
from kafka.admin import KafkaAdminClient

from services.server import HOST
from store.event_store import Store
from store.storage_location import OnServers
from streams.brokers import Producer
from streams.deployment_topics import names
from streams.messages import KafkaMessage
from streams.relay_progress import RelayProgress
from streams.topics import SLICES
from tests.kit.kafka import PARTITIONS
from tests.kit.relaying import COMPANY, Relayed, check_all_is_there, log_of, messages
from tests.kit.stores import behind
from tests.kit.waiting import within

TAKE_OVER_S = 10


@pytest.fixture
def unmade(on_server: OnServers, kafka: str, topics: str, tmp_path: Path) -> Iterator[Relayed]:
    """A deployment whose store was never deployment."""
    with closing(RelayProgress(on_server.relay(), topics)) as relay_progress:
        yield Relayed(on_server, kafka, topics, relay_progress, tmp_path)


@pytest.fixture
def deployment(unmade: Relayed) -> Relayed:
    Store(unmade.location).close()
    return unmade


def test_every_event_is_relayed_in_order_and_the_relay_ends_on_a_signal(deployment: Relayed) -> None:
    with deployment.relay() as relay:
        with deployment.busy() as busy:
            within(lambda: deployment.relay_progress.position() > 5_000)
        within(lambda: deployment.relay_progress.position() == busy.acknowledged)
        assert relay.end() == 0
    log = log_of(deployment.location)
    found = messages(deployment.kafka, deployment.topics)
    assert check_all_is_there(log, found, deployment.topics) == 0
    last, reached = next(deployment.relay_progress.newest())
    assert last == len(log)
    assert reached == {f"{topic}:{number}": events[-1].position for (topic, number), events in found.items()}
    for position, then in deployment.relay_progress.after(0):
        assert then == {
            f"{topic}:{number}": max(event.position for event in events if event.position <= position)
            for (topic, number), events in found.items()
            if events[0].position <= position
        }


@pytest.mark.parametrize("kills", [8, pytest.param(200, marks=[pytest.mark.long, pytest.mark.timeout(1_800)])])
def test_after_many_kills_nothing_is_lost(deployment: Relayed, kills: int) -> None:
    chance = random.Random(kills)
    with deployment.busy(0.1) as busy:
        for _ in range(kills):
            before = deployment.relay_progress.position()
            with deployment.relay() as relay:
                within(lambda before=before: deployment.relay_progress.position() > before)
                # Anything may be under way then.
                time.sleep(chance.random() * 0.1)
                relay.end(SIGKILL)
    with deployment.relay(said="last") as relay:
        within(lambda: "begins" in deployment.says("last") and deployment.relay_progress.position() == busy.acknowledged)
        assert relay.end() == 0
    deployment.check()


@pytest.mark.parametrize("how", [SIGKILL, SIGSTOP])
def test_a_second_relay_waits_and_takes_over_from_one_that_is_killed_or_hangs(deployment: Relayed, how: Signals) -> None:
    with deployment.busy(0.01) as busy, deployment.relay(said="first") as first:
        within(lambda: deployment.relay_progress.position() > 500)
        with deployment.relay(said="second") as second:
            within(lambda: "waits" in deployment.says("second"))
            first.send(how)
            stopped = time.monotonic()
            within(lambda: "begins" in deployment.says("second"))
            assert time.monotonic() - stopped < TAKE_OVER_S
            taken_over = deployment.relay_progress.position()
            within(lambda: deployment.relay_progress.position() > taken_over)
            if how == SIGSTOP:
                first.send(SIGCONT)
                within(lambda: "fenced" in deployment.says("first"))
                assert first.end() == 0
            busy.stop()
            within(lambda: deployment.relay_progress.position() == busy.acknowledged)
            assert second.end() == 0
    deployment.check()


# What keeps it from relaying


def test_figures_are_served_for_prometheus(deployment: Relayed) -> None:
    def figures() -> dict[str, str]:
        (url,) = re.findall(r"its metrics are at (\S+)", deployment.says())
        with urllib.request.urlopen(url) as answer:
            return dict(re.findall(r"^(atende_\w+) ([\d.]+)$", answer.read().decode(), re.MULTILINE))

    with deployment.relay("--metrics-port", "0") as relay:
        with deployment.busy() as busy:
            within(lambda: deployment.relay_progress.position() > 100)
        within(lambda: float(figures()["atende_relay_position"]) == busy.acknowledged)
        values = figures()
        assert relay.end() == 0
    assert values == {
        "atende_relay_active": "1.0",
        "atende_relay_position": str(float(busy.acknowledged)),
        "atende_relay_events_total": str(float(busy.acknowledged)),
        "atende_relay_lag_events": "0.0",
    }


def refusal(deployment: Relayed, **settings: str) -> str:
    """What a relay says that ends at once, in one line."""
    with deployment.relay(**settings) as relay:
        assert relay.ended() == 2
    (line,) = deployment.says().splitlines()
    return line


def test_a_store_that_was_never_made_is_one_line(unmade: Relayed) -> None:
    assert 'relation "stored_events" does not exist' in refusal(unmade)


def test_a_missing_topic_is_one_line(deployment: Relayed) -> None:
    assert refusal(deployment, ATENDE_TOPICS="nowhere").endswith("there is no topic nowhere.agents: `atende topics` makes it")


def test_another_number_of_partitions_is_one_line(deployment: Relayed) -> None:
    assert refusal(deployment, ATENDE_PARTITIONS="5").endswith("has 3 partitions, ATENDE_PARTITIONS is 5")


def test_no_broker_is_one_line(deployment: Relayed) -> None:
    assert "no broker answers" in refusal(deployment, ATENDE_KAFKA=f"{HOST}:1")


def test_no_store_is_one_line_without_its_password(deployment: Relayed) -> None:
    line = refusal(deployment, ATENDE_STORE_URL=f"postgresql://atende:very-secret@{HOST}:1/atende")
    assert f"PostgreSQL at {HOST}:1/atende" in line
    assert "very-secret" not in line


def test_topics_that_were_emptied_are_one_line_and_filled_anew_when_asked(deployment: Relayed) -> None:
    with deployment.busy() as busy:
        within(lambda: busy.acknowledged > 1_000)
    log = log_of(deployment.location)
    deployment.relay_progress.set(len(log), {f"{deployment.topics}.interactions:0": 5})
    assert f"partition 0 of topic {deployment.topics}.interactions is empty" in refusal(deployment)
    with deployment.relay("--anew", said="anew") as relay:
        within(lambda: "position=0" in deployment.says("anew"))
        within(lambda: deployment.relay_progress.position() == len(log))
        assert relay.end() == 0
    assert deployment.check(log) == 0


def test_a_log_that_ends_before_what_was_relayed_is_one_line(deployment: Relayed) -> None:
    deployment.relay_progress.set(7, {})
    assert "event 7 is recorded as relayed, but the log ends before it" in refusal(deployment)


def relayed(deployment: Relayed) -> int:
    """Have a part of the log relayed; how much."""
    with deployment.relay() as relay:
        with deployment.busy() as busy:
            within(lambda: deployment.relay_progress.position() > 1_000)
        within(lambda: deployment.relay_progress.position() == busy.acknowledged)
        assert relay.end() == 0
    return busy.acknowledged


def _widen(deployment: Relayed, partitions: int) -> None:
    """Give the topics more partitions, as somebody can who may do everything with Kafka."""
    with closing(KafkaAdminClient(bootstrap_servers=deployment.kafka)) as admin:
        admin.create_partitions(dict.fromkeys(names(deployment.topics), partitions))


def test_topics_with_more_partitions_than_when_they_were_first_relayed_to_are_one_line(deployment: Relayed) -> None:
    relayed(deployment)
    _widen(deployment, PARTITIONS + 2)
    (deployment.said / "one").unlink()
    line = refusal(deployment, ATENDE_PARTITIONS=str(PARTITIONS + 2))
    assert f"{deployment.topics}.* had {PARTITIONS} partitions each when they were first relayed to, now {PARTITIONS + 2}" in line
    assert "new topics (ATENDE_TOPICS)" in line


def test_topics_may_have_more_partitions_as_long_as_nothing_was_relayed_to_them(deployment: Relayed) -> None:
    with deployment.relay() as relay:
        within(lambda: "begins" in deployment.says())
        assert relay.end() == 0
    _widen(deployment, PARTITIONS + 2)
    with deployment.relay(said="next", ATENDE_PARTITIONS=str(PARTITIONS + 2)) as relay:
        within(lambda: "begins" in deployment.says("next"))
        assert relay.end() == 0


def test_events_that_kafka_has_lost_again_are_relayed_once_more(deployment: Relayed) -> None:
    """As when a broker's machine loses what was not on its disk."""
    there = relayed(deployment)
    _, reached = next(deployment.relay_progress.newest())
    with deployment.busy() as busy:
        within(lambda: busy.acknowledged > there + 1_000)
    deployment.relay_progress.set(busy.acknowledged, dict.fromkeys(reached, busy.acknowledged))
    with deployment.relay(said="next") as relay:
        within(
            lambda: (
                len({event.position for some in messages(deployment.kafka, deployment.topics).values() for event in some})
                == busy.acknowledged
            )
        )
        assert "relay goes back partition=" in deployment.says("next")
        assert relay.end() == 0
    deployment.check()


def test_topics_that_hold_another_log_are_one_line(deployment: Relayed) -> None:
    relayed(deployment)
    behind(deployment.location, "UPDATE stored_events SET hash = ?", bytes(32))
    (deployment.said / "one").unlink()
    assert "of another log: each deployment needs topics of its own (ATENDE_TOPICS)" in refusal(deployment)


def test_an_event_that_nobody_knows_is_one_line_and_all_before_it_is_relayed(deployment: Relayed) -> None:
    there = relayed(deployment)
    with deployment.busy() as busy:
        within(lambda: busy.acknowledged > there + 100)
    unknown = busy.acknowledged + 1
    state = b'{"tenant":"%s"}' % str(COMPANY).encode()
    behind(deployment.location, "INSERT INTO stored_events VALUES (?, ?, 1, 'comet.seen', ?, ?)", unknown, bytes(16), state, bytes(32))
    with deployment.relay(said="next") as relay:
        assert relay.ended() == 2
    assert deployment.says("next").endswith(f"event {unknown} (comet.seen) cannot be relayed: this release knows no such event\n")
    assert deployment.relay_progress.position() == unknown - 1
    assert deployment.check(log_of(deployment.location)[:-1]) == 0


def test_messages_that_no_relay_wrote_do_not_keep_it_from_relaying(deployment: Relayed) -> None:
    there = relayed(deployment)
    foreign = Producer(deployment.kafka, {f"{deployment.topics}.{slice_}": PARTITIONS for slice_ in SLICES})
    for slice_, number in itertools.product(SLICES, range(30)):
        foreign.send(f"{deployment.topics}.{slice_}", KafkaMessage(number.to_bytes(16, "big"), b"advertisement", []))
    foreign.close(20)
    with deployment.busy() as busy:
        within(lambda: busy.acknowledged > there + 100)
    with deployment.relay(said="next") as relay:
        within(lambda: deployment.relay_progress.position() == busy.acknowledged)
        assert relay.end() == 0
    assert "relay found a message that no relay wrote" in deployment.says("next")
