-- One row per queue, and per name that belongs to a queue of another id. `owner`: the queue that has the name; for a queue, itself.
-- `spelling`: the first spelling of the name that gives a queue its id; in it visits name the queue.
CREATE TABLE IF NOT EXISTS queues
(
    tenant UUID,
    id UUID,
    version UInt64,
    position UInt64,
    removed UInt8,
    owner UUID,
    name String,
    spelling String,
    sla_target Float64,
    sla_ms Int64,
    tolerated_ms Int64,
    sla_profile String,
    internal_number String,
    agents Array(String),
    active UInt8
)
ENGINE = ReplacingMergeTree(version)
ORDER BY (tenant, id);

CREATE TABLE IF NOT EXISTS queues_versions AS queues
ENGINE = ReplacingMergeTree(version)
ORDER BY (tenant, id, version);
