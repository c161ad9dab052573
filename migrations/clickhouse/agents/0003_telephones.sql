-- One row per match of a telephone interface and a member: from_ms, from when on the interface was the member's ('' = nobody's).
CREATE TABLE IF NOT EXISTS telephones
(
    tenant UUID,
    id UUID,
    version UInt64,
    position UInt64,
    removed UInt8,
    interface String,
    member String,
    from_ms Int64,
    chosen UInt8
)
ENGINE = ReplacingMergeTree(version)
ORDER BY (tenant, id);

CREATE TABLE IF NOT EXISTS telephones_versions AS telephones
ENGINE = ReplacingMergeTree(version)
ORDER BY (tenant, id, version);
