-- One row a call. `number` is sealed; `whole` is the call of which this channel is a leg, itself where it is none.
CREATE TABLE IF NOT EXISTS interactions
(
    tenant UUID,
    id UUID,
    version UInt64,
    position UInt64,
    removed UInt8,
    call String,
    whole UUID,
    protocol UInt64,
    direction Enum8('inbound' = 0, 'outbound' = 1),
    medium Enum8('voice' = 0),
    origin String,
    contact Nullable(UUID),
    number String,
    did String,
    started_ms Int64,
    ended_ms Nullable(Int64),
    duration_ms Nullable(Int64),
    status String,
    jitter_ms Nullable(Float64),
    loss_percent Nullable(Float64)
)
ENGINE = ReplacingMergeTree(version)
ORDER BY (tenant, id);

CREATE TABLE IF NOT EXISTS interactions_versions AS interactions
ENGINE = ReplacingMergeTree(version)
ORDER BY (tenant, id, version);
