-- One row a visit to a queue; `n` is its place among the visits of its call. Its rings and holds are rows of interaction_parts.
CREATE TABLE IF NOT EXISTS visits
(
    tenant UUID,
    id UUID,
    version UInt64,
    position UInt64,
    removed UInt8,
    interaction UUID,
    whole UUID,
    call String,
    n UInt32,
    live UInt8,
    queue String,
    queue_id UUID,
    agent String,
    offered_ms Int64,
    end Enum8('waiting' = 0, 'answered' = 1, 'abandoned' = 2, 'timed-out' = 3, 'transferred-out' = 4, 'left-by-key' = 5, 'closed' = 6, 'unknown' = 7),
    ended_ms Nullable(Int64),
    wait_ms Nullable(Int64),
    ring_ms Nullable(Int64),
    released_ms Nullable(Int64),
    released_by String,
    talk_ms Nullable(Int64),
    hold_ms Nullable(Int64),
    wrap_up_ms Nullable(Int64),
    talk_unknown UInt8,
    sla_ms Int64,
    tolerated_ms Int64
)
ENGINE = ReplacingMergeTree(version)
ORDER BY (tenant, id);

CREATE TABLE IF NOT EXISTS visits_versions AS visits
ENGINE = ReplacingMergeTree(version)
ORDER BY (tenant, id, version);
