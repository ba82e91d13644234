-- The archive: traces as packed blobs of OTLP, queries as typed columns.
-- Times end in _ns: nanoseconds since 1970-01-01 UTC, or after the query's start where the comment says so.
-- NULL is "the trace does not tell", never zero.

-- Strings that repeat: service names, agent versions, error classes, lists of multiaddrs (one to a line).
CREATE TABLE text (
  no    INTEGER PRIMARY KEY,
  value TEXT NOT NULL UNIQUE
) STRICT;

-- Peer ids: the multihash, or the text when a trace has one that is no base58. A row is never deleted: blobs refer to it.
CREATE TABLE peer (
  no   INTEGER PRIMARY KEY,
  hash INTEGER NOT NULL,                        -- first 8 bytes of the SHA-256 of the id; an index on the id itself would store it twice
  id   ANY NOT NULL
) STRICT;
CREATE INDEX peer_by_hash ON peer (hash);

CREATE TABLE trace (
  no               INTEGER PRIMARY KEY AUTOINCREMENT,
  trace_id         BLOB NOT NULL UNIQUE CHECK (length(trace_id) = 16),
  received_ns      INTEGER NOT NULL,            -- when spans of it last arrived
  revision         INTEGER NOT NULL DEFAULT 0,  -- counts analyses saved; guards against two at once
  analysis_version INTEGER NOT NULL DEFAULT 0,  -- of the code that analysed it; 0: not yet
  analysis_error   TEXT,                        -- why the last analysis failed
  span_count       INTEGER NOT NULL DEFAULT 0,  -- distinct spans, as of the last analysis
  raw_bytes        INTEGER NOT NULL DEFAULT 0,  -- OTLP protobuf bytes, as of the last analysis
  start_ns         INTEGER,
  end_ns           INTEGER
) STRICT;
CREATE INDEX trace_by_received ON trace (received_ns);
CREATE INDEX trace_by_analysis ON trace (analysis_version);

-- All spans of an analysed trace: one OTLP TracesData.
CREATE TABLE trace_blob (
  trace INTEGER PRIMARY KEY REFERENCES trace (no) ON DELETE CASCADE,
  codec INTEGER NOT NULL,
  peers BLOB,                                   -- peer numbers that the codec put in place of peer ids, as varints
  data  BLOB NOT NULL
) STRICT;

-- Spans that arrived since the last analysis: a trace with a chunk is a trace to analyse.
CREATE TABLE chunk (
  no          INTEGER PRIMARY KEY AUTOINCREMENT,
  trace       INTEGER NOT NULL REFERENCES trace (no) ON DELETE CASCADE,
  received_ns INTEGER NOT NULL,
  span_count  INTEGER NOT NULL,
  raw_bytes   INTEGER NOT NULL,
  codec       INTEGER NOT NULL,
  data        BLOB NOT NULL
) STRICT;
CREATE INDEX chunk_by_trace ON chunk (trace, received_ns, span_count);

CREATE TABLE query (
  no                INTEGER PRIMARY KEY AUTOINCREMENT,
  trace             INTEGER NOT NULL REFERENCES trace (no) ON DELETE CASCADE,
  span_id           BLOB NOT NULL CHECK (length(span_id) = 8),
  operation_span_id BLOB NOT NULL CHECK (length(operation_span_id) = 8),
  type              INTEGER NOT NULL,           -- QueryType
  source            INTEGER NOT NULL,           -- TraceSource
  outcome           INTEGER NOT NULL,           -- QueryOutcome
  termination       INTEGER,                    -- QueryTermination
  background        INTEGER NOT NULL CHECK (background IN (0, 1)),
  service           INTEGER REFERENCES text (no),
  node              INTEGER REFERENCES peer (no),
  key_text          TEXT,
  key_bytes         BLOB,
  kad_id            BLOB,
  start_ns          INTEGER NOT NULL,
  duration_ns       INTEGER,
  discovery_ns      INTEGER,                    -- after the start
  first_answer_ns   INTEGER,                    -- after the start
  error_class       INTEGER REFERENCES text (no),
  error_text        TEXT,
  alpha             INTEGER,
  beta              INTEGER,
  k                 INTEGER,
  seen              INTEGER,
  queried           INTEGER,
  dialed            INTEGER,
  dial_failed       INTEGER,
  to_query          INTEGER,
  remaining         INTEGER,
  results           INTEGER,
  returned          INTEGER,
  duplicates        INTEGER,
  xor               INTEGER,
  hops              INTEGER,
  reused            INTEGER,
  first_result_ns   INTEGER,                    -- after the start
  tally             BLOB                        -- peers by error class and by agent version, packed
) STRICT;
CREATE UNIQUE INDEX query_by_span ON query (trace, span_id);
CREATE INDEX query_by_start ON query (background, start_ns);
CREATE INDEX query_by_any_start ON query (start_ns);
CREATE INDEX query_by_key ON query (key_bytes, start_ns);
CREATE INDEX query_by_key_text ON query (key_text, start_ns);
CREATE INDEX query_by_type ON query (type, start_ns);
CREATE INDEX query_by_source ON query (source, start_ns);
CREATE INDEX query_by_outcome ON query (outcome, start_ns);
CREATE INDEX query_by_service ON query (service, start_ns);
CREATE INDEX query_by_node ON query (node, start_ns);
CREATE INDEX query_by_error ON query (error_class, start_ns) WHERE error_class IS NOT NULL;
CREATE INDEX query_by_slowest ON query (ifnull(duration_ns, -1));
CREATE INDEX query_by_fastest ON query (ifnull(duration_ns, 9223372036854775807));
CREATE INDEX query_by_peers ON query (ifnull(seen, -1));

-- What each query had to do with each peer that it heard of, packed (docs/adr/0019): statistics read all peers of a query
-- together, and a row each would double the size of the database.
CREATE TABLE query_peers (
  query INTEGER PRIMARY KEY REFERENCES query (no) ON DELETE CASCADE,
  data  BLOB NOT NULL
) STRICT;

-- Which queries dialed or asked a peer. New rows wait in peer_query_recent, where they stand together; a few thousand queries at a time
-- move to peer_query, because each row there lies on another page.
CREATE TABLE peer_query (
  peer     INTEGER NOT NULL,
  start_ns INTEGER NOT NULL,                    -- of the query
  query    INTEGER NOT NULL,
  PRIMARY KEY (peer, start_ns, query)
) STRICT, WITHOUT ROWID;
CREATE TABLE peer_query_recent (
  query    INTEGER NOT NULL,
  peer     INTEGER NOT NULL,
  start_ns INTEGER NOT NULL,
  PRIMARY KEY (query, peer)
) STRICT, WITHOUT ROWID;

-- Services and their operations, for Jaeger's query API.
CREATE TABLE operation (
  no      INTEGER PRIMARY KEY,
  service TEXT NOT NULL,
  name    TEXT NOT NULL,
  kind    INTEGER NOT NULL,                     -- SpanKind
  UNIQUE (service, name, kind)
) STRICT;
CREATE TABLE trace_operation (
  trace           INTEGER NOT NULL REFERENCES trace (no) ON DELETE CASCADE,
  operation       INTEGER NOT NULL REFERENCES operation (no),
  first_start_ns  INTEGER NOT NULL,
  last_start_ns   INTEGER NOT NULL,
  min_duration_ns INTEGER NOT NULL,
  max_duration_ns INTEGER NOT NULL,
  PRIMARY KEY (trace, operation)
) STRICT, WITHOUT ROWID;
CREATE INDEX trace_operation_by_operation ON trace_operation (operation, last_start_ns);

-- Up to where each service of each Jaeger has been taken.
CREATE TABLE pull_checkpoint (
  source           TEXT NOT NULL,
  service          TEXT NOT NULL,
  complete_until_ns INTEGER NOT NULL,           -- everything that started before is here
  updated_ns       INTEGER NOT NULL,
  traces           INTEGER NOT NULL,
  spans            INTEGER NOT NULL,
  state            TEXT NOT NULL,               -- the puller's own notes
  PRIMARY KEY (source, service)
) STRICT, WITHOUT ROWID;

-- Traces that retention deleted, so that a permalink can say so.
CREATE TABLE tombstone (
  trace_id   BLOB PRIMARY KEY CHECK (length(trace_id) = 16),
  deleted_ns INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Counted as it changes: counting rows would take longer with every trace.
CREATE TABLE total (
  one       INTEGER PRIMARY KEY CHECK (one = 1),
  traces    INTEGER NOT NULL,
  spans     INTEGER NOT NULL,
  queries   INTEGER NOT NULL,
  raw_bytes INTEGER NOT NULL
) STRICT;
INSERT INTO total VALUES (1, 0, 0, 0, 0);
