-- XXH3 of the packed bytes, to notice damage. NULL: stored before there were checksums.
ALTER TABLE trace_blob ADD COLUMN checksum INTEGER;
ALTER TABLE trace_segment ADD COLUMN checksum INTEGER;

-- Traces that retention leaves alone.
CREATE TABLE pin (
  trace     INTEGER PRIMARY KEY REFERENCES trace (no) ON DELETE CASCADE,
  pinned_ns INTEGER NOT NULL
) STRICT;
