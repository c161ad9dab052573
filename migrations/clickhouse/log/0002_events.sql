-- The audit: every event as it is stored, with sealed personal data.
CREATE TABLE IF NOT EXISTS events
(
    tenant UUID,
    id UUID,
    version UInt64,
    position UInt64,
    topic String,
    actor String,
    cause String,
    correlation String,
    occurred_us Int64,
    recorded_us Int64,
    state String
)
ENGINE = ReplacingMergeTree(version)
ORDER BY (tenant, id, version);
