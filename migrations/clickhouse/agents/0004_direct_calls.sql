-- A call of the agent's telephone that no queue gave it and that is no attempt; reason: its channel.
ALTER TABLE agent_spans MODIFY COLUMN kind Enum8('session' = 0, 'pause' = 1, 'call' = 2);

ALTER TABLE agent_spans_versions MODIFY COLUMN kind Enum8('session' = 0, 'pause' = 1, 'call' = 2);
