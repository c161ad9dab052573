-- One row a screen of a wall. It has neither a secret nor a digest of one.
CREATE TABLE IF NOT EXISTS screens
(
    tenant UUID,
    id UUID,
    version UInt64,
    position UInt64,
    removed UInt8,
    created UInt64,
    created_ms Int64,
    created_by String,
    name String,
    every_queue UInt8,
    queues Array(String),
    link_ms Nullable(Int64),
    connected_ms Nullable(Int64),
    revoked_ms Nullable(Int64)
)
ENGINE = ReplacingMergeTree(version)
ORDER BY (tenant, id);

CREATE TABLE IF NOT EXISTS screens_versions AS screens
ENGINE = ReplacingMergeTree(version)
ORDER BY (tenant, id, version);
