"""Translates migrations for a cluster of ClickHouse servers.

Each table becomes two: `visits_local` holds rows and is replicated within its shard; `visits`, the name in every statement,
is distributed over all shards. All rows of a company are in one shard, so a query for a company runs there, and `FINAL` and
subqueries have the same result on a shard as on one server.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

LOCAL = "_local"

_NAME = re.compile(r"\w+")
_CREATE = re.compile(
    r"CREATE TABLE IF NOT EXISTS (?P<table>\w+)(?: AS (?P<like>\w+))?(?P<columns>.*?)\s*"
    r"ENGINE = ReplacingMergeTree\((?P<version>\w+)\)\s+ORDER BY (?P<order>\(?(?P<first>\w+)[^;]*)",
    re.DOTALL,
)
_ALTER = re.compile(r"ALTER TABLE (?P<table>\w+) (?P<change>.*)", re.DOTALL)
_COMMENTS = re.compile(r"(?:\s*--[^\n]*\n)+")

_REPLICA_PATH = "/clickhouse/tables/{uuid}/{shard}"
"""The path in ClickHouse Keeper. It has the table's id, because a rebuild renames tables."""


class NoClusterVariant(Exception):
    """A statement has no translation for a cluster, or the name of the cluster is invalid."""


def clustered(statement: str, cluster: str) -> Sequence[str]:
    """Translate a migration's statement for `cluster`, a name in the servers' configuration. Raises NoClusterVariant.

    The servers must define the macros `{shard}` and `{replica}`; `{uuid}` needs databases with the engine Atomic.
    """
    if not _NAME.fullmatch(cluster):
        raise NoClusterVariant(f"not the name of a cluster: {cluster}")
    bare = _COMMENTS.sub("", statement).strip()
    if (create := _CREATE.fullmatch(bare)) is not None:
        return _create(create, cluster)
    if (alter := _ALTER.fullmatch(bare)) is not None:
        return [f"ALTER TABLE {alter['table']}{side} ON CLUSTER {cluster} {alter['change']}" for side in (LOCAL, "")]
    if bare.startswith("INSERT INTO "):
        return [bare]
    raise NoClusterVariant(f"no variant for a cluster: {' '.join(bare.split())[:120]}")


def _create(found: re.Match[str], cluster: str) -> Sequence[str]:
    table, like = found["table"], f" AS {found['like']}{LOCAL}" if found["like"] else ""
    return [
        (
            f"CREATE TABLE IF NOT EXISTS {table}{LOCAL} ON CLUSTER {cluster}{like}{found['columns']}\n"
            f"ENGINE = ReplicatedReplacingMergeTree('{_REPLICA_PATH}', '{{replica}}', {found['version']})\nORDER BY {found['order']}"
        ),
        (
            f"CREATE TABLE IF NOT EXISTS {table} ON CLUSTER {cluster} AS {table}{LOCAL}\n"
            f"ENGINE = Distributed({cluster}, currentDatabase(), {table}{LOCAL}, sipHash64(toString({found['first']})))"
        ),
    ]
