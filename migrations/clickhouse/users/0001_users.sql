-- One row a user. name and email are sealed with the user's own key: who reads rows cannot read them, and nobody can once the key is destroyed.
CREATE TABLE IF NOT EXISTS users
(
    tenant UUID,
    id UUID,
    version UInt64,
    position UInt64,
    removed UInt8,
    registered UInt64,
    name String,
    email String,
    level String,
    permissions Array(String),
    active UInt8,
    has_password UInt8
)
ENGINE = ReplacingMergeTree(version)
ORDER BY (tenant, id);

CREATE TABLE IF NOT EXISTS users_versions AS users
ENGINE = ReplacingMergeTree(version)
ORDER BY (tenant, id, version);
