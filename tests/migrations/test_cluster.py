"""The statements for a cluster, as text. The embedded engine, which has no cluster, parses each one."""

from __future__ import annotations

from itertools import chain

import pytest

from migrations.cluster import NoClusterVariant, clustered
from migrations.runner import migrations
from projections.engine.chdb_warehouse import ChdbWarehouse
from tests.kit.rows import in_process

__all__ = ["in_process"]

STATEMENTS = [statement for migration in migrations() for statement in migration.statements]


def one_line(statement: str) -> str:
    return " ".join(statement.split())


def test_a_table_becomes_a_local_table_and_a_distributed_one() -> None:
    statement = """-- One row per agent.
    CREATE TABLE IF NOT EXISTS agents
    (
        tenant UUID,
        id UUID,
        version UInt64
    )
    ENGINE = ReplacingMergeTree(version)
    ORDER BY (tenant, id)"""
    assert [one_line(translated) for translated in clustered(statement, "analytics")] == [
        (
            "CREATE TABLE IF NOT EXISTS agents_local ON CLUSTER analytics ( tenant UUID, id UUID, version UInt64 ) "
            "ENGINE = ReplicatedReplacingMergeTree('/clickhouse/tables/{uuid}/{shard}', '{replica}', version) ORDER BY (tenant, id)"
        ),
        (
            "CREATE TABLE IF NOT EXISTS agents ON CLUSTER analytics AS agents_local "
            "ENGINE = Distributed(analytics, currentDatabase(), agents_local, sipHash64(toString(tenant)))"
        ),
    ]


def test_a_table_like_another_copies_its_local_table() -> None:
    statement = "CREATE TABLE IF NOT EXISTS agents_versions AS agents\nENGINE = ReplacingMergeTree(version)\nORDER BY (tenant, id, version)"
    assert one_line(clustered(statement, "analytics")[0]) == (
        "CREATE TABLE IF NOT EXISTS agents_versions_local ON CLUSTER analytics AS agents_local "
        "ENGINE = ReplicatedReplacingMergeTree('/clickhouse/tables/{uuid}/{shard}', '{replica}', version) ORDER BY (tenant, id, version)"
    )


def test_a_column_is_added_to_the_local_table_first() -> None:
    assert clustered("ALTER TABLE agents ADD COLUMN IF NOT EXISTS colour String", "analytics") == [
        "ALTER TABLE agents_local ON CLUSTER analytics ADD COLUMN IF NOT EXISTS colour String",
        "ALTER TABLE agents ON CLUSTER analytics ADD COLUMN IF NOT EXISTS colour String",
    ]


def test_every_migration_has_a_cluster_variant_that_is_valid_sql(in_process: ChdbWarehouse) -> None:
    assert STATEMENTS
    for statement in chain.from_iterable(clustered(statement, "analytics") for statement in STATEMENTS):
        assert in_process.execute(f"EXPLAIN AST {statement}")
        assert "ReplacingMergeTree" not in statement or "ReplicatedReplacingMergeTree" in statement


def test_all_rows_of_a_company_are_in_one_shard() -> None:
    """Otherwise a subquery on a shard would not see all related rows."""
    for statement in STATEMENTS:
        _, reaching = clustered(statement, "analytics")
        if "tenant UUID" in statement or " AS " in statement.partition("ENGINE")[0]:
            assert reaching.endswith("sipHash64(toString(tenant)))"), statement


@pytest.mark.parametrize(
    "statement", ["DROP TABLE agents", "CREATE TABLE agents (a Int64) ENGINE = MergeTree ORDER BY a", "OPTIMIZE TABLE agents"]
)
def test_an_unknown_kind_of_statement_is_refused(statement: str) -> None:
    with pytest.raises(NoClusterVariant, match=statement.split(maxsplit=1)[0]):
        clustered(statement, "analytics")


@pytest.mark.parametrize("cluster", ["", "a b", "analytics; DROP TABLE agents", "'"])
def test_an_invalid_cluster_name_is_refused(cluster: str) -> None:
    with pytest.raises(NoClusterVariant, match="not the name"):
        clustered(STATEMENTS[0], cluster)
