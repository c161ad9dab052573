-- One row per interval that a source covers (span), per gap in it and per restart of the PBX.
CREATE TABLE IF NOT EXISTS sources
(
    tenant UUID,
    id UUID,
    version UInt64,
    position UInt64,
    removed UInt8,
    kind Enum8('span' = 0, 'gap' = 1, 'restart' = 2),
    source String,
    name String,
    from_ms Int64,
    until_ms Nullable(Int64),
    up Int64,
    born Nullable(Int64),
    missed_queues Array(String),
    missed_counts Array(Int64)
)
ENGINE = ReplacingMergeTree(version)
ORDER BY (tenant, id);

CREATE TABLE IF NOT EXISTS sources_versions AS sources
ENGINE = ReplacingMergeTree(version)
ORDER BY (tenant, id, version);
