-- How long the customer of an attempt was on hold, 0 until the talk has ended.
ALTER TABLE attempts ADD COLUMN IF NOT EXISTS hold_ms Int64;

ALTER TABLE attempts_versions ADD COLUMN IF NOT EXISTS hold_ms Int64;

-- The agent's wrap-up after an attempt, NULL while nobody has finished it; attempts that were recorded before there were any have none.
ALTER TABLE attempts ADD COLUMN IF NOT EXISTS wrap_up_ms Nullable(Int64) DEFAULT 0;

ALTER TABLE attempts_versions ADD COLUMN IF NOT EXISTS wrap_up_ms Nullable(Int64) DEFAULT 0;
