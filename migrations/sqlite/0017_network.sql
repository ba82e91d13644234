-- What the lookups of an operation show of the network (docs/network.md). NULL for operations without a lookup, and until the trace is
-- analysed again.
ALTER TABLE dht_operation ADD COLUMN network BLOB;
CREATE INDEX dht_operation_by_network ON dht_operation (start_ns) WHERE network IS NOT NULL;
