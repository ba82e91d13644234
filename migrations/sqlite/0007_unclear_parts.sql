-- How many operations a part fits. It is joined when this is 1.
ALTER TABLE loose_part ADD COLUMN fits INTEGER NOT NULL DEFAULT 0;
