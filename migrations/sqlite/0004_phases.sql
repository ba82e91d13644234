-- What the duration of the decisive query was spent on, for comparisons: nanoseconds by phase, packed. NULL while the end is unknown.
ALTER TABLE dht_operation ADD COLUMN phases BLOB;
