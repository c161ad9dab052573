-- The checkpoints of the projections, and the events that could not be folded (dead letters).
CREATE TABLE IF NOT EXISTS positions
(
    name String,
    position UInt64,
    version UInt64
)
ENGINE = ReplacingMergeTree(version)
ORDER BY name;

CREATE TABLE IF NOT EXISTS quarantine
(
    position UInt64,
    topic String,
    error String,
    version UInt64
)
ENGINE = ReplacingMergeTree(version)
ORDER BY position;
