-- One row per session and per pause of an agent.
CREATE TABLE IF NOT EXISTS agent_spans
(
    tenant UUID,
    id UUID,
    version UInt64,
    position UInt64,
    removed UInt8,
    agent String,
    kind Enum8('session' = 0, 'pause' = 1),
    reason String,
    from_ms Int64,
    until_ms Nullable(Int64)
)
ENGINE = ReplacingMergeTree(version)
ORDER BY (tenant, id);

CREATE TABLE IF NOT EXISTS agent_spans_versions AS agent_spans
ENGINE = ReplacingMergeTree(version)
ORDER BY (tenant, id, version);
