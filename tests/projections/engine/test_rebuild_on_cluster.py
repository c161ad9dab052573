"""On a cluster a swap moves what holds the rows, on all its servers; what reaches them stays. Held as text: no cluster runs here."""

from __future__ import annotations

from typing import Any

from migrations.runner import migrate
from projections.engine.rebuild import Swap


class FakeCluster:
    """A cluster of which only the names of databases and tables are kept."""

    database = "rows"

    def __init__(self, databases: dict[str, list[str]], said: list[str]) -> None:
        self.databases = databases
        self.said = said

    def beside(self, database: str) -> FakeCluster:
        beside = FakeCluster(self.databases, self.said)
        beside.database = database
        return beside

    def execute(self, sql: str, **params: Any) -> list[dict[str, Any]]:
        if sql.startswith("EXISTS TABLE"):
            return [{"result": 0}]
        if "system.tables" in sql:
            return [{"name": name} for name in self.databases.get(params["database"], [])]
        if sql.startswith("SELECT 1 AS complete"):
            return []
        self.said.append(sql)
        if sql.lstrip().startswith("CREATE TABLE"):
            self.databases.setdefault(self.database, []).append(sql.split()[5])
        return []

    def insert(self, table: str, columns: dict[str, Any]) -> None:
        self.said.append(f"{self.database}.{table} {columns['name']}")

    def close(self) -> None:
        """There is nothing to close."""


def test_on_a_cluster_the_tables_that_hold_rows_change_places_everywhere() -> None:
    said: list[str] = []
    servers = FakeCluster({}, said)
    migrate(servers, cluster="deployment")
    tables = list(servers.databases["rows"])
    said.clear()

    Swap(servers, "deployment").renew(lambda _, put: put({"atende.agents:0": 7}))  # type: ignore[arg-type]

    assert servers.databases["rows_next"] == tables
    (rename,) = [statement for statement in said if statement.startswith("RENAME")]
    moves = rename.removeprefix("RENAME TABLE ").removesuffix(" ON CLUSTER deployment").split(", ")
    holding = sorted(name for name in tables if name.endswith("_local") and name != "positions_local")
    expected = [
        move for name in (*holding, "positions_local") for move in (f"rows.{name} TO rows_old.{name}", f"rows_next.{name} TO rows.{name}")
    ]
    assert moves == expected
    assert said[-2:] == [
        "DROP DATABASE IF EXISTS rows_next ON CLUSTER deployment",
        "DROP DATABASE IF EXISTS rows_old ON CLUSTER deployment",
    ]
    assert said.index("rows_next.positions ['atende.agents:0', 'complete']") == said.index(rename) - 2
    assert "CREATE DATABASE IF NOT EXISTS rows_next ON CLUSTER deployment" in said
