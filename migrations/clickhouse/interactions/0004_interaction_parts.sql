-- One row a ring or a hold of a visit, or an IVR option or a tag of an interaction: one table, for small inserts cost a server dearly.
-- `k` is its place among those of its kind, of its visit or interaction. `text` is the outcome of a ring, the option, the tag. Options and
-- tags belong to no visit: `visit`, `queue` and `queue_id` are empty, the instants 0 and NULL. Sorted by interaction: asked for by it.
CREATE TABLE IF NOT EXISTS interaction_parts
(
    tenant UUID,
    id UUID,
    version UInt64,
    position UInt64,
    removed UInt8,
    interaction UUID,
    visit UUID,
    kind Enum8('ring' = 0, 'hold' = 1, 'option' = 2, 'tag' = 3),
    k UInt32,
    queue String,
    queue_id UUID,
    agent String,
    from_ms Int64,
    until_ms Nullable(Int64),
    text String
)
ENGINE = ReplacingMergeTree(version)
ORDER BY (tenant, interaction, id);

CREATE TABLE IF NOT EXISTS interaction_parts_versions AS interaction_parts
ENGINE = ReplacingMergeTree(version)
ORDER BY (tenant, interaction, id, version);
