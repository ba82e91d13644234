-- The rules of lookups that are broken: bit n for rule DHTn; NULL when they were not checked (docs/lint.md).
ALTER TABLE query ADD COLUMN lint INTEGER;
ALTER TABLE dht_operation ADD COLUMN lint INTEGER;
-- Blocks have a column for it now.
UPDATE operation_block SET packed = NULL;
