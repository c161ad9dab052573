-- One row per IVR (URA).
CREATE TABLE IF NOT EXISTS ivrs
(
    tenant UUID,
    id UUID,
    version UInt64,
    position UInt64,
    removed UInt8,
    name String
)
ENGINE = ReplacingMergeTree(version)
ORDER BY (tenant, id);

CREATE TABLE IF NOT EXISTS ivrs_versions AS ivrs
ENGINE = ReplacingMergeTree(version)
ORDER BY (tenant, id, version);
