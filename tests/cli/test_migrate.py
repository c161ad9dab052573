"""`atende migrate` creates the tables on the servers, once, also when several run at the same time."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from uuid import uuid4

import pytest

from bootstrap import reach
from cli.console import Mistake
from cli.migrate import migrate
from migrations.runner import MigrationRefused, migrations, must_be_current, pending
from projections.engine.clickhouse_warehouse import ClickhouseWarehouse
from projections.engine.warehouse import NoDatabase
from settings import Settings
from store.database import StoreUnavailable
from tests.kit.distributed import ATENDE, environment, own_log, own_rows
from tests.kit.operator_results import RecordingConsole
from tests.kit.waiting import within


@pytest.fixture
def settings(tmp_path: Path) -> Iterator[Settings]:
    """Of a deployment that has no tables yet."""
    name = f"test_{uuid4().hex[:12]}"
    with own_log(name) as store, own_rows(name) as rows:
        yield Settings(
            data=tmp_path / "data", mode="distributed", store_url=store, clickhouse_url=rows, kafka="127.0.0.1:1", master_key="5a" * 32,
            token_secret="s" * 32,
        )  # fmt: skip


def ran(settings: Settings, *, dry_run: bool = False) -> RecordingConsole:
    console = RecordingConsole()
    assert migrate(settings, console, dry_run=dry_run) == 0
    return console


def test_every_table_is_made_and_then_there_is_nothing_to_do(settings: Settings) -> None:
    with reach(settings.data, settings) as held, pytest.raises(StoreUnavailable, match="run `atende migrate`"):
        _ = held.center
    assert ran(settings).warnings[0].endswith("statements were run")
    with reach(settings.data, settings) as held:
        assert held.center.store.end() == 0
        must_be_current(held.center.warehouse)
    again = ran(settings)
    assert again.warnings == ["the tables are up to date"]
    assert not settings.data.exists()


def test_a_dry_run_says_what_would_be_run_and_runs_nothing(settings: Settings) -> None:
    dry = ran(settings, dry_run=True)
    count = len(re.findall(r";$", dry.result, re.MULTILINE))
    assert all(word in dry.result for word in ("CREATE DATABASE", "stored_events", "names", "snapshots", "visits_versions"))
    with reach(settings.data, settings) as held, pytest.raises(StoreUnavailable):
        _ = held.center
    with pytest.raises(NoDatabase, match="run `atende migrate`"):
        ClickhouseWarehouse(settings.clickhouse_url, makes_database=False)
    assert dry.warnings == [f"{count} statements would be run"]
    assert ran(settings).warnings == [f"{count} statements were run"]
    assert ran(settings, dry_run=True).result == ""


def test_on_a_cluster_the_tables_are_those_of_a_cluster(settings: Settings) -> None:
    statements = ran(replace(settings, clickhouse_cluster="deployment"), dry_run=True).result
    assert statements.count("ReplicatedReplacingMergeTree") == statements.count("ENGINE = Distributed(deployment") > 10
    assert f"CREATE DATABASE IF NOT EXISTS {settings.clickhouse_url.rpartition('/')[2]} ON CLUSTER deployment;" in statements


def test_two_at_once_do_no_harm(settings: Settings) -> None:
    both = [
        subprocess.Popen([sys.executable, str(ATENDE), "migrate"], stderr=subprocess.PIPE, env=environment(settings), encoding="utf-8")
        for _ in range(2)
    ]
    warnings = sorted(process.communicate(timeout=120)[1] for process in both)
    assert [process.returncode for process in both] == [0, 0], warnings
    assert [warnings[0].endswith("statements were run\n"), warnings[1]] == [True, "the tables are up to date\n"]
    with closing(ClickhouseWarehouse(settings.clickhouse_url)) as warehouse:
        must_be_current(warehouse)
        assert warehouse.execute("SELECT count() AS applied FROM migrations")[0]["applied"] == len(migrations())


def test_tables_that_are_older_are_refused(settings: Settings) -> None:
    ran(settings)
    with closing(ClickhouseWarehouse(settings.clickhouse_url)) as warehouse:
        warehouse.execute("ALTER TABLE migrations DELETE WHERE slice = 'timeline'")
        within(lambda: len(pending(warehouse)) == 1)
    with reach(settings.data, settings) as held, pytest.raises(MigrationRefused, match="run `atende migrate`"):
        _ = held.center.warehouse


def test_a_data_directory_needs_none() -> None:
    with pytest.raises(Mistake, match="ATENDE_MODE=distributed"):
        migrate(Settings(), RecordingConsole(), dry_run=False)
