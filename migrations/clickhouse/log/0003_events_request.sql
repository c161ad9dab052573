-- The id of the request that caused an event, where the client gave its events a correlation of its own: both find the event.
ALTER TABLE events ADD COLUMN IF NOT EXISTS request String;
