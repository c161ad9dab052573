-- The first spelling of an IVR's name: in it calls name the IVR.
ALTER TABLE ivrs ADD COLUMN IF NOT EXISTS spelling String;

ALTER TABLE ivrs_versions ADD COLUMN IF NOT EXISTS spelling String;
