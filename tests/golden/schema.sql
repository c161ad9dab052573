CREATE TABLE agent_spans
(
    tenant UUID,
    id UUID,
    version UInt64,
    position UInt64,
    removed UInt8,
    agent String,
    kind Enum8('session' = 0, 'pause' = 1, 'call' = 2),
    reason String,
    from_ms Int64,
    until_ms Nullable(Int64)
)
ENGINE = ReplacingMergeTree(version)
ORDER BY (tenant, id);

CREATE TABLE agent_spans_versions
(
    tenant UUID,
    id UUID,
    version UInt64,
    position UInt64,
    removed UInt8,
    agent String,
    kind Enum8('session' = 0, 'pause' = 1, 'call' = 2),
    reason String,
    from_ms Int64,
    until_ms Nullable(Int64)
)
ENGINE = ReplacingMergeTree(version)
ORDER BY (tenant, id, version);

CREATE TABLE agents
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

CREATE TABLE agents_versions
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
ORDER BY (tenant, id, version);

CREATE TABLE api_keys
(
    tenant UUID,
    id UUID,
    version UInt64,
    position UInt64,
    removed UInt8,
    created UInt64,
    created_ms Int64,
    created_by String,
    name String,
    prefix String,
    level String,
    permissions Array(String),
    every_queue UInt8,
    queues Array(String),
    expires_ms Nullable(Int64),
    requests_per_minute UInt32,
    overlap_ms Nullable(Int64),
    revoked_ms Nullable(Int64)
)
ENGINE = ReplacingMergeTree(version)
ORDER BY (tenant, id);

CREATE TABLE api_keys_versions
(
    tenant UUID,
    id UUID,
    version UInt64,
    position UInt64,
    removed UInt8,
    created UInt64,
    created_ms Int64,
    created_by String,
    name String,
    prefix String,
    level String,
    permissions Array(String),
    every_queue UInt8,
    queues Array(String),
    expires_ms Nullable(Int64),
    requests_per_minute UInt32,
    overlap_ms Nullable(Int64),
    revoked_ms Nullable(Int64)
)
ENGINE = ReplacingMergeTree(version)
ORDER BY (tenant, id, version);

CREATE TABLE attempts
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
    talk_ms Nullable(Int64),
    hold_ms Int64,
    wrap_up_ms Nullable(Int64)
)
ENGINE = ReplacingMergeTree(version)
ORDER BY (tenant, id);

CREATE TABLE attempts_versions
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
    talk_ms Nullable(Int64),
    hold_ms Int64,
    wrap_up_ms Nullable(Int64)
)
ENGINE = ReplacingMergeTree(version)
ORDER BY (tenant, id, version);

CREATE TABLE callbacks
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

CREATE TABLE callbacks_versions
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
ORDER BY (tenant, id, version);

CREATE TABLE events
(
    tenant UUID,
    id UUID,
    version UInt64,
    position UInt64,
    topic String,
    actor String,
    cause String,
    correlation String,
    occurred_us Int64,
    recorded_us Int64,
    state String,
    request String
)
ENGINE = ReplacingMergeTree(version)
ORDER BY (tenant, id, version);

CREATE TABLE interaction_parts
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

CREATE TABLE interaction_parts_versions
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
ORDER BY (tenant, interaction, id, version);

CREATE TABLE interactions
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

CREATE TABLE interactions_versions
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
ORDER BY (tenant, id, version);

CREATE TABLE ivr_calls
(
    tenant UUID,
    id UUID,
    version UInt64,
    position UInt64,
    removed UInt8,
    ivr String,
    ivr_id UUID,
    entered_ms Int64,
    left_ms Nullable(Int64),
    outcome String,
    queue String,
    visit Nullable(UUID)
)
ENGINE = ReplacingMergeTree(version)
ORDER BY (tenant, id);

CREATE TABLE ivr_calls_versions
(
    tenant UUID,
    id UUID,
    version UInt64,
    position UInt64,
    removed UInt8,
    ivr String,
    ivr_id UUID,
    entered_ms Int64,
    left_ms Nullable(Int64),
    outcome String,
    queue String,
    visit Nullable(UUID)
)
ENGINE = ReplacingMergeTree(version)
ORDER BY (tenant, id, version);

CREATE TABLE ivrs
(
    tenant UUID,
    id UUID,
    version UInt64,
    position UInt64,
    removed UInt8,
    name String,
    spelling String
)
ENGINE = ReplacingMergeTree(version)
ORDER BY (tenant, id);

CREATE TABLE ivrs_versions
(
    tenant UUID,
    id UUID,
    version UInt64,
    position UInt64,
    removed UInt8,
    name String,
    spelling String
)
ENGINE = ReplacingMergeTree(version)
ORDER BY (tenant, id, version);

CREATE TABLE positions
(
    name String,
    position UInt64,
    version UInt64
)
ENGINE = ReplacingMergeTree(version)
ORDER BY name;

CREATE TABLE quarantine
(
    position UInt64,
    topic String,
    error String,
    version UInt64
)
ENGINE = ReplacingMergeTree(version)
ORDER BY position;

CREATE TABLE queues
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

CREATE TABLE queues_versions
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
ORDER BY (tenant, id, version);

CREATE TABLE screens
(
    tenant UUID,
    id UUID,
    version UInt64,
    position UInt64,
    removed UInt8,
    created UInt64,
    created_ms Int64,
    created_by String,
    name String,
    every_queue UInt8,
    queues Array(String),
    link_ms Nullable(Int64),
    connected_ms Nullable(Int64),
    revoked_ms Nullable(Int64)
)
ENGINE = ReplacingMergeTree(version)
ORDER BY (tenant, id);

CREATE TABLE screens_versions
(
    tenant UUID,
    id UUID,
    version UInt64,
    position UInt64,
    removed UInt8,
    created UInt64,
    created_ms Int64,
    created_by String,
    name String,
    every_queue UInt8,
    queues Array(String),
    link_ms Nullable(Int64),
    connected_ms Nullable(Int64),
    revoked_ms Nullable(Int64)
)
ENGINE = ReplacingMergeTree(version)
ORDER BY (tenant, id, version);

CREATE TABLE sources
(
    tenant UUID,
    id UUID,
    version UInt64,
    position UInt64,
    removed UInt8,
    kind Enum8('span' = 0, 'gap' = 1, 'restart' = 2),
    source String,
    name String,
    from_ms Int64,
    until_ms Nullable(Int64),
    up Int64,
    born Nullable(Int64),
    missed_queues Array(String),
    missed_counts Array(Int64)
)
ENGINE = ReplacingMergeTree(version)
ORDER BY (tenant, id);

CREATE TABLE sources_versions
(
    tenant UUID,
    id UUID,
    version UInt64,
    position UInt64,
    removed UInt8,
    kind Enum8('span' = 0, 'gap' = 1, 'restart' = 2),
    source String,
    name String,
    from_ms Int64,
    until_ms Nullable(Int64),
    up Int64,
    born Nullable(Int64),
    missed_queues Array(String),
    missed_counts Array(Int64)
)
ENGINE = ReplacingMergeTree(version)
ORDER BY (tenant, id, version);

CREATE TABLE telephones
(
    tenant UUID,
    id UUID,
    version UInt64,
    position UInt64,
    removed UInt8,
    interface String,
    member String,
    from_ms Int64,
    chosen UInt8
)
ENGINE = ReplacingMergeTree(version)
ORDER BY (tenant, id);

CREATE TABLE telephones_versions
(
    tenant UUID,
    id UUID,
    version UInt64,
    position UInt64,
    removed UInt8,
    interface String,
    member String,
    from_ms Int64,
    chosen UInt8
)
ENGINE = ReplacingMergeTree(version)
ORDER BY (tenant, id, version);

CREATE TABLE users
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

CREATE TABLE users_versions
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
ORDER BY (tenant, id, version);

CREATE TABLE visits
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

CREATE TABLE visits_versions
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
ORDER BY (tenant, id, version);
