-- What an operation shows of a record (docs/records.md), and what became of the providers that it found (docs/providers.md). NULL for other
-- operations, and until the trace is analysed again.
ALTER TABLE dht_operation ADD COLUMN record bytea;
ALTER TABLE dht_operation ADD COLUMN fates bytea;
CREATE INDEX dht_operation_by_record ON dht_operation (start_ns, type) WHERE record IS NOT NULL;
CREATE INDEX dht_operation_by_fates ON dht_operation (start_ns) WHERE fates IS NOT NULL;
