-- One row an outbound attempt, under the id of its interaction.
CREATE TABLE IF NOT EXISTS attempts
(
    tenant UUID,
    id UUID,
    version UInt64,
    position UInt64,
    removed UInt8,
    queue String,
    agent String,
    style String,
    dialled_ms Int64,
    answered_ms Nullable(Int64),
    ended_ms Nullable(Int64),
    result String,
    talk_ms Nullable(Int64)
)
ENGINE = ReplacingMergeTree(version)
ORDER BY (tenant, id);

CREATE TABLE IF NOT EXISTS attempts_versions AS attempts
ENGINE = ReplacingMergeTree(version)
ORDER BY (tenant, id, version);
