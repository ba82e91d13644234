-- Streams of a Kubo's query events. The daemon's spans of the same operation can lie in another trace: the two are joined by type, key, node,
-- time and the peers that were asked.
CREATE TABLE event_stream (
  no          INTEGER PRIMARY KEY,
  trace       INTEGER NOT NULL REFERENCES trace (no) ON DELETE CASCADE,
  span_id     BLOB NOT NULL CHECK (length(span_id) = 8),       -- its root
  type        INTEGER NOT NULL,                 -- QueryType
  key_bytes   BLOB,
  node        INTEGER REFERENCES peer (no),
  start_ns    INTEGER NOT NULL,                 -- 0 when unknown
  duration_ns INTEGER,
  timed       INTEGER NOT NULL CHECK (timed IN (0, 1)),
  whole       INTEGER NOT NULL CHECK (whole IN (0, 1)),        -- 0: the daemon may have asked more peers than it shows
  asked       BLOB NOT NULL,                    -- numbers of the peers asked, as varints
  inside      INTEGER NOT NULL CHECK (inside IN (0, 1)),       -- 1: the spans are in the same trace, and tell so themselves
  operation   INTEGER,                          -- number of the operation that it is joined with
  fits        INTEGER NOT NULL DEFAULT 0        -- operations of other traces that fit it
) STRICT;
CREATE UNIQUE INDEX event_stream_by_span ON event_stream (trace, span_id);
CREATE INDEX event_stream_by_key ON event_stream (key_bytes, type) WHERE key_bytes IS NOT NULL;
CREATE INDEX event_stream_by_operation ON event_stream (operation) WHERE operation IS NOT NULL;
