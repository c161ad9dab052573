-- The audit: every event as it is stored, with sealed personal data. By the index the events of one request are found without reading all.
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
    state String,
    INDEX by_correlation correlation TYPE bloom_filter GRANULARITY 1
)
ENGINE = ReplacingMergeTree(version)
ORDER BY (tenant, id, version);
