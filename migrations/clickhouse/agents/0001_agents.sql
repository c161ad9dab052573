-- One row per agent. person = 0: an interface whose agent is unknown, or that belongs to the agent `member`.
-- user: to whom the agent belongs. interfaces: by which the agent is reached.
CREATE TABLE IF NOT EXISTS agents
(
    tenant UUID,
    id UUID,
    version UInt64,
    position UInt64,
    removed UInt8,
    name String,
    person UInt8,
    member String,
    queues Array(String),
    user Nullable(UUID),
    interfaces Array(String)
)
ENGINE = ReplacingMergeTree(version)
ORDER BY (tenant, id);

CREATE TABLE IF NOT EXISTS agents_versions AS agents
ENGINE = ReplacingMergeTree(version)
ORDER BY (tenant, id, version);
