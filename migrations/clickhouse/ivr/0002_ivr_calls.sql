-- One row a call that entered an IVR, under the id of its interaction; the queue and the visit to which it led.
CREATE TABLE IF NOT EXISTS ivr_calls
(
    tenant UUID,
    id UUID,
    version UInt64,
    position UInt64,
    removed UInt8,
    ivr String,
    ivr_id UUID,
    entered_ms Int64,
    left_ms Nullable(Int64),
    outcome String,
    queue String,
    visit Nullable(UUID)
)
ENGINE = ReplacingMergeTree(version)
ORDER BY (tenant, id);

CREATE TABLE IF NOT EXISTS ivr_calls_versions AS ivr_calls
ENGINE = ReplacingMergeTree(version)
ORDER BY (tenant, id, version);
