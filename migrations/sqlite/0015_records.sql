-- What an operation shows of a record (docs/records.md), and what became of the providers that it found (docs/providers.md). NULL for other
-- operations, and until the trace is analysed again.
ALTER TABLE dht_operation ADD COLUMN record BLOB;
ALTER TABLE dht_operation ADD COLUMN fates BLOB;
-- Hold what lists of records and sums of fates read, so these read no rows of the table.
CREATE INDEX dht_operation_by_record ON dht_operation (start_ns, key_bytes, type) WHERE record IS NOT NULL;
CREATE INDEX dht_operation_by_fates ON dht_operation (start_ns, fates) WHERE fates IS NOT NULL;
