"""The migrations create the tables of the golden file, with the columns that the folds fill."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest

from migrations import runner
from migrations.runner import MigrationRefused, migrate, migrations, must_be_current, pending
from projections.engine.folding import CALLS, ROWS
from projections.engine.tables import FACTS
from projections.engine.warehouse import Warehouse
from projections.folds import audit, parts
from tests.kit.rows import engine, rows, warehouse

__all__ = ["engine", "rows", "warehouse"]

GOLDEN = Path(__file__).parents[1] / "golden" / "schema.sql"

TABLES = """
SELECT name, engine_full FROM system.tables WHERE database = {database:String} AND name != 'migrations' ORDER BY name
"""


def columns_of(warehouse: Warehouse, table: str) -> dict[str, str]:
    """The columns in order, with their types."""
    return {column["name"]: column["type"] for column in warehouse.execute(f"DESCRIBE TABLE {table}")}


def schema_of(warehouse: Warehouse) -> str:
    """The tables as normalized SQL, which does not depend on the version of the engine."""
    statements = []
    for table in warehouse.execute(TABLES, database=warehouse.database):
        described = ",\n".join(f"    {name} {kind}" for name, kind in columns_of(warehouse, table["name"]).items())
        engine_and_order = table["engine_full"].partition(" SETTINGS")[0].replace(" ORDER BY", "\nORDER BY")
        statements.append(f"CREATE TABLE {table['name']}\n(\n{described}\n)\nENGINE = {engine_and_order};\n")
    return "\n".join(statements)


def test_the_schema_is_the_golden_one(rows: Warehouse) -> None:
    assert schema_of(rows) == GOLDEN.read_text(encoding="utf-8"), "a new migration changes tests/golden/schema.sql too"


def test_the_tables_have_the_columns_of_the_folds(rows: Warehouse) -> None:
    made = {audit.TABLE: set(audit.fold([]))} | {table: set(fold([], [])) for table, fold in CALLS.items()}
    made |= {row.TABLE: set(row.__struct_fields__) for row in ROWS}
    made |= {f"{table}_versions": columns for table, columns in made.items() if table != audit.TABLE}
    held = {table["name"]: set(columns_of(rows, table["name"])) for table in rows.execute(TABLES, database=rows.database)}
    assert {table: held[table] for table in held if table not in ("positions", "quarantine")} == made
    assert set(FACTS) == {table for table in made if table != audit.TABLE and not table.endswith("_versions")}


def test_every_table_replaces_by_version_within_its_company_and_has_no_partitions(rows: Warehouse) -> None:
    """A row whose instant changes must not stay in another partition."""
    for table in rows.execute(TABLES, database=rows.database):
        assert table["engine_full"].startswith("ReplacingMergeTree(version)"), table
        assert "PARTITION" not in table["engine_full"], table
        if table["name"] not in ("positions", "quarantine"):
            versions = table["name"].endswith("_versions") or table["name"] == audit.TABLE
            key = "tenant, interaction, id" if table["name"].startswith(parts.TABLE) else "tenant, id"
            assert f"ORDER BY ({key}{', version' if versions else ''})" in table["engine_full"], table


def test_migrations_are_applied_once_and_in_order(warehouse: Warehouse) -> None:
    applied = migrate(warehouse)
    assert applied == migrations()
    assert migrate(warehouse) == []
    assert pending(warehouse) == []


def test_a_dry_run_shows_all_statements_and_changes_nothing(warehouse: Warehouse) -> None:
    shown: list[str] = []
    assert migrate(warehouse, dry_run=True, say=shown.append) == migrations()
    assert any("CREATE TABLE IF NOT EXISTS visits_versions" in statement for statement in shown)
    assert warehouse.execute("SHOW TABLES") == []


def test_on_a_cluster_the_migrations_create_local_and_distributed_tables(warehouse: Warehouse) -> None:
    shown: list[str] = []
    assert migrate(warehouse, dry_run=True, say=shown.append, cluster="analytics") == migrations()
    created = [statement for statement in shown if statement.startswith("CREATE TABLE")]
    assert sum("ReplicatedReplacingMergeTree" in statement for statement in created) == len(created) / 2
    assert sum("Distributed(analytics" in statement for statement in created) == len(created) / 2


def test_processes_refuse_outdated_tables(warehouse: Warehouse) -> None:
    with pytest.raises(MigrationRefused, match=r"missing or old: run `atende migrate` \(not applied yet: log/0001_positions, log/"):
        must_be_current(warehouse)
    migrate(warehouse)
    must_be_current(warehouse)


def folder(tmp_path: Path, **files: str) -> Path:
    for name, sql in files.items():
        slice_, _, file = name.partition("__")
        (tmp_path / slice_).mkdir(exist_ok=True)
        (tmp_path / slice_ / f"{file}.sql").write_text(sql)
    return tmp_path


ONE = "-- one\nCREATE TABLE IF NOT EXISTS one (a Int64) ENGINE = MergeTree ORDER BY a;\n\nINSERT INTO one SELECT 1;\n"
TWO = "ALTER TABLE one ADD COLUMN IF NOT EXISTS b String;\n"


def test_later_migrations_continue_earlier_ones(warehouse: Warehouse, tmp_path: Path) -> None:
    migrate(warehouse, folder(tmp_path, log__0001_one=ONE))
    assert [migration.name for migration in migrate(warehouse, folder(tmp_path, log__0002_two=TWO))] == ["0002_two"]
    assert list(columns_of(warehouse, "one")) == ["a", "b"]
    assert warehouse.execute("SELECT a FROM one") == [{"a": 1}]


def test_what_every_slice_stands_on_is_applied_first(warehouse: Warehouse, tmp_path: Path) -> None:
    order = migrate(warehouse, folder(tmp_path, agents__0001_a="SELECT 1;", log__0001_b="SELECT 2;"))
    assert [migration.slice for migration in order] == ["log", "agents"]


def test_an_applied_migration_cannot_be_edited(warehouse: Warehouse, tmp_path: Path) -> None:
    migrate(warehouse, folder(tmp_path, log__0001_one=ONE))
    folder(tmp_path, log__0001_one=ONE + " ")
    with pytest.raises(MigrationRefused, match="log/0001_one was changed"):
        migrate(warehouse, tmp_path)


def test_an_older_version_of_atende_refuses_newer_tables(warehouse: Warehouse, tmp_path: Path) -> None:
    migrate(warehouse, folder(tmp_path, log__0001_one=ONE, log__0002_two=TWO))
    (tmp_path / "log" / "0002_two.sql").unlink()
    with pytest.raises(MigrationRefused, match="newer version: log/0002"):
        migrate(warehouse, tmp_path)


@pytest.mark.parametrize("files", [{"log__0002_two": TWO}, {"log__1_one": ONE}, {"log__0001_one": ONE, "log__0003_x": TWO}])
def test_numbers_out_of_order_are_refused(tmp_path: Path, files: dict[str, Any]) -> None:
    with pytest.raises(MigrationRefused):
        migrations(folder(tmp_path, **files))


class CutOff:
    """A warehouse that is interrupted before the statement that begins with `at`."""

    def __init__(self, warehouse: Warehouse, at: str) -> None:
        self.warehouse, self.at = warehouse, at

    def execute(self, sql: str, **params: Any) -> list[dict[str, Any]]:
        if sql.startswith(self.at):
            raise KeyboardInterrupt
        return self.warehouse.execute(sql, **params)


def test_an_interrupted_migration_is_applied_again(warehouse: Warehouse) -> None:
    for at in ("CREATE TABLE IF NOT EXISTS visits_versions", "INSERT INTO migrations"):
        with pytest.raises(KeyboardInterrupt):
            migrate(CutOff(warehouse, at))
    migrate(warehouse)
    assert schema_of(warehouse) == GOLDEN.read_text(encoding="utf-8")


def test_attempts_that_were_recorded_before_there_were_holds_and_wrap_ups_of_them_have_none(warehouse: Warehouse, tmp_path: Path) -> None:
    earlier = tmp_path / "earlier"
    shutil.copytree(Path(runner.__file__).parent / "clickhouse", earlier, ignore=shutil.ignore_patterns("0005_attempts*"))
    migrate(warehouse, earlier)
    columns = "toUUID('00000000-0000-0000-0000-000000000007') AS tenant, toUUID('00000000-0000-0000-0000-000000000001') AS id, 1 AS version, 5 AS dialled_ms"
    warehouse.execute(f"INSERT INTO attempts (tenant, id, version, dialled_ms) SELECT {columns}")
    migrate(warehouse)
    assert warehouse.execute("SELECT hold_ms, wrap_up_ms FROM attempts") == [{"hold_ms": 0, "wrap_up_ms": 0}]
