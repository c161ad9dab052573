-- One row an API key. It has neither the key nor a digest of it: prefix is what people recognise it by.
CREATE TABLE IF NOT EXISTS api_keys
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
    prefix String,
    level String,
    permissions Array(String),
    every_queue UInt8,
    queues Array(String),
    expires_ms Nullable(Int64),
    requests_per_minute UInt32,
    overlap_ms Nullable(Int64),
    revoked_ms Nullable(Int64)
)
ENGINE = ReplacingMergeTree(version)
ORDER BY (tenant, id);

CREATE TABLE IF NOT EXISTS api_keys_versions AS api_keys
ENGINE = ReplacingMergeTree(version)
ORDER BY (tenant, id, version);
