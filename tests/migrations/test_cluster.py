"""What the tables are on a cluster, as text; the engine in the process, which has no cluster, reads each statement."""

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


def test_a_table_becomes_rows_in_a_shard_and_a_way_to_all_shards() -> None:
    statement = """-- One row an agent.
    CREATE TABLE IF NOT EXISTS agents
    (
        tenant UUID,
        id UUID,
        version UInt64
    )
    ENGINE = ReplacingMergeTree(version)
    ORDER BY (tenant, id)"""
    assert [one_line(told) for told in clustered(statement, "house")] == [
        (
            "CREATE TABLE IF NOT EXISTS agents_local ON CLUSTER house ( tenant UUID, id UUID, version UInt64 ) "
            "ENGINE = ReplicatedReplacingMergeTree('/clickhouse/tables/{uuid}/{shard}', '{replica}', version) ORDER BY (tenant, id)"
        ),
        (
            "CREATE TABLE IF NOT EXISTS agents ON CLUSTER house AS agents_local "
            "ENGINE = Distributed(house, currentDatabase(), agents_local, sipHash64(toString(tenant)))"
        ),
    ]


def test_a_table_like_another_is_like_its_rows() -> None:
    statement = "CREATE TABLE IF NOT EXISTS agents_versions AS agents\nENGINE = ReplacingMergeTree(version)\nORDER BY (tenant, id, version)"
    assert one_line(clustered(statement, "house")[0]) == (
        "CREATE TABLE IF NOT EXISTS agents_versions_local ON CLUSTER house AS agents_local "
        "ENGINE = ReplicatedReplacingMergeTree('/clickhouse/tables/{uuid}/{shard}', '{replica}', version) ORDER BY (tenant, id, version)"
    )


def test_a_column_is_added_to_the_rows_first() -> None:
    assert clustered("ALTER TABLE agents ADD COLUMN IF NOT EXISTS colour String", "house") == [
        "ALTER TABLE agents_local ON CLUSTER house ADD COLUMN IF NOT EXISTS colour String",
        "ALTER TABLE agents ON CLUSTER house ADD COLUMN IF NOT EXISTS colour String",
    ]


def test_every_statement_of_the_house_has_its_variant_and_is_sql(in_process: ChdbWarehouse) -> None:
    assert STATEMENTS
    for statement in chain.from_iterable(clustered(statement, "house") for statement in STATEMENTS):
        assert in_process.execute(f"EXPLAIN AST {statement}")
        assert "ReplacingMergeTree" not in statement or "ReplicatedReplacingMergeTree" in statement


def test_a_companys_rows_lie_in_one_shard_whatever_the_table() -> None:
    """Else a subquery on a shard would not see all that belongs to a row."""
    for statement in STATEMENTS:
        _, reaching = clustered(statement, "house")
        if "tenant UUID" in statement or " AS " in statement.partition("ENGINE")[0]:
            assert reaching.endswith("sipHash64(toString(tenant)))"), statement


@pytest.mark.parametrize(
    "statement", ["DROP TABLE agents", "CREATE TABLE agents (a Int64) ENGINE = MergeTree ORDER BY a", "OPTIMIZE TABLE agents"]
)
def test_what_nobody_has_thought_of_is_refused(statement: str) -> None:
    with pytest.raises(NoClusterVariant, match=statement.split(maxsplit=1)[0]):
        clustered(statement, "house")


@pytest.mark.parametrize("cluster", ["", "a b", "house; DROP TABLE agents", "'"])
def test_a_clusters_name_is_a_name(cluster: str) -> None:
    with pytest.raises(NoClusterVariant, match="not the name"):
        clustered(STATEMENTS[0], cluster)
