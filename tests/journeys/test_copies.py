"""Store migration and log restore: a center moves to servers, loses them, and is restored from Kafka. Every figure stays the same."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.journeys.command_line import CommandLine, Quick
from tests.kit.distributed import Deployment, distributed
from tests.kit.kafka import send
from tests.kit.simulated import Past, log_of, simulated
from tests.kit.stores import behind

REPORTS = (("queues", "--by", "hour"), ("agents", "--by", "agent"), ("interactions",))
PERSONAL = {"from_number", "to_number", "contact"}
"""Columns with personal data."""


def figures(atende: CommandLine) -> dict[str, list[dict[str, Any]]]:
    """The rows of every report as JSON."""
    return {" ".join(words): atende("report", *words, "--format", "json").json["items"] for words in REPORTS}


def without_people(reports: dict[str, list[dict[str, Any]]]) -> dict[str, list[dict[str, Any]]]:
    return {name: [{key: value for key, value in row.items() if key not in PERSONAL} for row in rows] for name, rows in reports.items()}


def lose(deployment: Deployment) -> None:
    """Drop the databases of PostgreSQL and ClickHouse. Only Kafka is left."""
    for schema in ("store", "keys", "relay"):
        behind(deployment.location, f"DROP SCHEMA {schema} CASCADE")
    deployment.warehouse.execute(f"DROP DATABASE {deployment.warehouse.database}")


@pytest.fixture(scope="module")
def past(tmp_path_factory: pytest.TempPathFactory) -> Past:
    return simulated(tmp_path_factory.mktemp("past"))


def test_a_center_is_moved_and_lost_and_restored(past: Past, tmp_path: Path) -> None:
    with distributed(tmp_path, relays=0, workers=0, env={"ATENDE_MASTER_KEY": past.master}) as deployment:
        atende = Quick.over(deployment)
        here = {"ATENDE_MODE": "embedded", "ATENDE_DATA": str(past.location.directory)}
        before = figures(CommandLine(past.location.directory))
        assert all(before.values())

        moved = deployment.run("move", "--data", str(past.location.directory))
        assert f"{len(past.log):,} events moved to PostgreSQL at" in moved.stdout
        assert f"to {past.head.position}:{past.head.hash.hex()}\n" in moved.stdout
        refused = deployment.run("report", "queues", status=2, **here)
        assert "was moved to PostgreSQL at" in refused.stderr

        processes = [deployment.relay(), deployment.worker()]
        deployment.wait_covered()
        assert figures(atende) == before
        backup = tmp_path / "keys.backup"
        assert deployment.run("backup-keys", str(backup)).stdout.endswith(f"up to {past.head.position}:{past.head.hash.hex()}\n")
        for process in processes:
            process.stop()

        lose(deployment)
        restored = deployment.run("restore", "--from-kafka", "--keys", str(backup))
        assert f"{len(past.log):,} events restored" in restored.stdout
        assert f"the end is proved up to event {len(past.log)}" in restored.stdout
        assert f"rows were made anew up to position {len(past.log)}" in restored.stdout
        assert log_of(deployment.location) == past.log
        assert figures(atende) == before
        assert deployment.run("verify").stdout == f"{len(past.log)} events proved\n"

        lose(deployment)
        assert "the end is not proved" in deployment.run("restore", "--from-kafka").stdout
        anonymous = figures(atende)
        assert anonymous != before
        assert without_people(anonymous) == without_people(before)
        # The relay continues after the last event in Kafka: no event is sent twice.
        deployment.relay().wait_says(f"relay begins epoch=[0-9]+ position={len(past.log)}")


def test_mistakes_are_one_line(past: Past, tmp_path: Path) -> None:
    with distributed(tmp_path, relays=0, workers=0) as deployment:
        for words, message in (
            (("restore",), "--from-kafka"),
            (("restore", "--from-kafka", "--head", "7"), "POSITION:HASH"),
            (("restore", "--from-kafka", "--keys", str(tmp_path / "nothing")), "No such file"),
            (("move", "--data", str(tmp_path / "nowhere")), "is no data directory"),
        ):
            ran = deployment.run(*words, status=2)
            assert message in ran.stderr
            assert (len(ran.stderr.splitlines()), ran.stdout) == (1, "")
        assert "no topic" in deployment.run("restore", "--from-kafka", status=2, ATENDE_TOPICS="never").stderr
        assert "no broker answers" in deployment.run("restore", "--from-kafka", status=2, ATENDE_KAFKA="127.0.0.1:1").stderr
        send(deployment.kafka, deployment.prefix, past.log[:3])
        assert "hold 3 messages of another log" in deployment.run("move", "--data", str(past.location.directory), status=2).stderr
        here = {"ATENDE_MODE": "embedded", "ATENDE_DATA": str(tmp_path / "nowhere")}
        assert "ATENDE_MODE=distributed" in deployment.run("move", status=2, **here).stderr
        assert "nothing was ever stored there" in deployment.run("backup-keys", str(tmp_path / "file"), status=2, **here).stderr
        assert "--data has no meaning" in deployment.run("backup-keys", str(tmp_path / "file"), "--data", "here", status=2).stderr
