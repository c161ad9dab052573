-- One row a queue, and one a name that was given to a renamed queue: `owner` is the queue that is meant, itself for a queue.
CREATE TABLE IF NOT EXISTS queues
(
    tenant UUID,
    id UUID,
    version UInt64,
    position UInt64,
    removed UInt8,
    owner UUID,
    name String,
    sla_target Float64,
    sla_ms Int64,
    tolerated_ms Int64,
    profile String,
    agents Array(String),
    active UInt8
)
ENGINE = ReplacingMergeTree(version)
ORDER BY (tenant, id);

CREATE TABLE IF NOT EXISTS queues_versions AS queues
ENGINE = ReplacingMergeTree(version)
ORDER BY (tenant, id, version);
