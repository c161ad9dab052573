-- The first spelling of the name that gives a queue its id: in it visits name the queue.
ALTER TABLE queues ADD COLUMN IF NOT EXISTS spelling String;

ALTER TABLE queues_versions ADD COLUMN IF NOT EXISTS spelling String;
