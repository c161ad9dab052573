"""The same tables on a cluster of ClickHouse servers.

Each table becomes two: `visits_local`, replicated within its shard, holds rows; `visits`, which every statement names,
reaches all shards. A company lies whole in one shard, so what is asked about it is worked out there, and `FINAL` and
subqueries mean on a shard what they mean on one server.
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


_PLACE = "/clickhouse/tables/{uuid}/{shard}"
"""Where replicas agree on a table's rows: by its own id, for a table that is built beside takes the name of another later."""


class NoClusterVariant(Exception):
    """A statement of a migration of which nobody has said what it means on a cluster."""


def clustered(statement: str, cluster: str) -> Sequence[str]:
    """What stands for a migration's statement on the servers of `cluster`, as their configuration calls it. Raises NoClusterVariant.

    The servers' own macros `{shard}` and `{replica}` say which of them is which; `{uuid}` asks for databases of the kind Atomic.
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
    raise NoClusterVariant(f"no variant for a cluster is known of: {' '.join(bare.split())[:120]}")


def _create(told: re.Match[str], cluster: str) -> Sequence[str]:
    table, like = told["table"], f" AS {told['like']}{LOCAL}" if told["like"] else ""
    return [
        (
            f"CREATE TABLE IF NOT EXISTS {table}{LOCAL} ON CLUSTER {cluster}{like}{told['columns']}\n"
            f"ENGINE = ReplicatedReplacingMergeTree('{_PLACE}', '{{replica}}', {told['version']})\nORDER BY {told['order']}"
        ),
        (
            f"CREATE TABLE IF NOT EXISTS {table} ON CLUSTER {cluster} AS {table}{LOCAL}\n"
            f"ENGINE = Distributed({cluster}, currentDatabase(), {table}{LOCAL}, sipHash64(toString({told['first']})))"
        ),
    ]
