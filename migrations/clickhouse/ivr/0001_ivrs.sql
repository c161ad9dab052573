-- One row per IVR (URA). `spelling`: the first spelling of its name; in it calls name the IVR.
CREATE TABLE IF NOT EXISTS ivrs
(
    tenant UUID,
    id UUID,
    version UInt64,
    position UInt64,
    removed UInt8,
    name String,
    spelling String
)
ENGINE = ReplacingMergeTree(version)
ORDER BY (tenant, id);

CREATE TABLE IF NOT EXISTS ivrs_versions AS ivrs
ENGINE = ReplacingMergeTree(version)
ORDER BY (tenant, id, version);
