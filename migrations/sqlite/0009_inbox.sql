-- Messages with spans as they were received, until every trace in them is analysed.
CREATE TABLE inbox (
  no          INTEGER PRIMARY KEY AUTOINCREMENT,
  received_ns INTEGER NOT NULL,
  waiting     INTEGER NOT NULL                  -- rows of inbox_trace: the message goes with the last of them
) STRICT;
-- Apart from the inbox, because that is updated with every trace.
CREATE TABLE inbox_body (
  no       INTEGER PRIMARY KEY REFERENCES inbox (no) ON DELETE CASCADE,
  encoding INTEGER NOT NULL,                    -- BodyEncoding
  data     BLOB NOT NULL                        -- OTLP TracesData
) STRICT;
-- A trace with a row here is a trace to analyse.
CREATE TABLE inbox_trace (
  trace      INTEGER NOT NULL REFERENCES trace (no) ON DELETE CASCADE,
  inbox      INTEGER NOT NULL,
  span_count INTEGER NOT NULL,
  PRIMARY KEY (trace, inbox)
) STRICT, WITHOUT ROWID;

-- Each waiting chunk becomes a message of one trace.
INSERT INTO inbox (no, received_ns, waiting) SELECT no, received_ns, 1 FROM chunk;
INSERT INTO inbox_body (no, encoding, data) SELECT no, 3, data FROM chunk;
INSERT INTO inbox_trace (trace, inbox, span_count) SELECT trace, no, span_count FROM chunk;
DROP TABLE chunk;

-- Spans that arrived after the first analysis of a trace, packed as in trace_blob. Spans that were stored before are not packed again.
CREATE TABLE trace_segment (
  no    INTEGER PRIMARY KEY AUTOINCREMENT,
  trace INTEGER NOT NULL REFERENCES trace (no) ON DELETE CASCADE,
  codec INTEGER NOT NULL,
  peers BLOB,
  data  BLOB NOT NULL
) STRICT;
CREATE INDEX trace_segment_by_trace ON trace_segment (trace);
