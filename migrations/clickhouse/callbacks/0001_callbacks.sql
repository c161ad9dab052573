-- One row per call-back that a caller of an IVR asked for. requested: position of its first event. number: sealed with the contact's key. outcome: '' while it is open.
CREATE TABLE IF NOT EXISTS callbacks
(
    tenant UUID,
    id UUID,
    version UInt64,
    position UInt64,
    removed UInt8,
    requested UInt64,
    requested_ms Int64,
    interaction UUID,
    ivr String,
    queue String,
    contact UUID,
    number String,
    outcome String,
    ended_ms Nullable(Int64)
)
ENGINE = ReplacingMergeTree(version)
ORDER BY (tenant, id);

CREATE TABLE IF NOT EXISTS callbacks_versions AS callbacks
ENGINE = ReplacingMergeTree(version)
ORDER BY (tenant, id, version);
