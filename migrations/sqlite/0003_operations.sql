-- Operations: what somebody asked of the DHT. Lists, searches and statistics count them; a query is the work of one DHT within one of them.
-- The name is not "operation", because that table holds the span names of Jaeger's query API.
CREATE TABLE dht_operation (
  no              INTEGER PRIMARY KEY AUTOINCREMENT,
  trace           INTEGER NOT NULL REFERENCES trace (no) ON DELETE CASCADE,
  span_id         BLOB NOT NULL CHECK (length(span_id) = 8),
  type            INTEGER NOT NULL,             -- QueryType
  source          INTEGER NOT NULL,             -- TraceSource
  outcome         INTEGER NOT NULL,             -- QueryOutcome
  background      INTEGER NOT NULL CHECK (background IN (0, 1)),
  skipped         INTEGER NOT NULL CHECK (skipped IN (0, 1)),  -- none of its queries had anybody to ask: counts in no statistic
  background_kind INTEGER,                      -- BackgroundKind
  service         INTEGER REFERENCES text (no),
  instance        INTEGER REFERENCES text (no),
  node            INTEGER REFERENCES peer (no),
  key_text        TEXT,
  key_bytes       BLOB,
  kad_id          BLOB,
  key_count       INTEGER,
  start_ns        INTEGER NOT NULL,
  duration_ns     INTEGER,
  discovery_ns    INTEGER,                      -- after the start
  error_class     INTEGER REFERENCES text (no),
  error_text      TEXT,
  results         INTEGER,
  decisive        BLOB CHECK (length(decisive) = 8),           -- span id of the decisive query's root
  command         BLOB CHECK (length(command) = 8),            -- span id of the command that asked for it
  around          TEXT,                         -- what hangs above it and beside it, as JSON; NULL for nothing
  -- Of the decisive query, for lists and statistics:
  alpha           INTEGER,
  seen            INTEGER,
  queried         INTEGER,
  dialed          INTEGER,
  dial_failed     INTEGER,
  duplicates      INTEGER,
  hops            INTEGER,
  reused          INTEGER,
  first_result_ns INTEGER,                      -- after the start of the operation
  tally           BLOB                          -- peers by error class and by agent version, packed
) STRICT;

-- Until the traces are analysed again, queries of one operation make an operation: of the first that succeeded, or else the one that ended last.
INSERT INTO dht_operation (no, trace, span_id, type, source, outcome, background, skipped, service, node, key_text, key_bytes, kad_id, key_count,
  start_ns, duration_ns, discovery_ns, error_class, error_text, results, decisive,
  alpha, seen, queried, dialed, dial_failed, duplicates, hops, reused, first_result_ns, tally)
SELECT no, trace, operation_span_id, type, source, outcome, background_all, 0, service, node, key_text, key_bytes, kad_id, 1,
  start_all, CASE WHEN open_ends = 0 THEN end_all - start_all END, discovery_ns + start_ns - start_all, error_class, error_text, results, span_id,
  alpha, seen, queried, dialed, dial_failed, duplicates, hops, reused, first_result_ns + start_ns - start_all, tally
FROM (
  SELECT q.*,
    min(background) OVER whole AS background_all,
    min(start_ns) OVER whole AS start_all,
    max(start_ns + duration_ns) OVER whole AS end_all,
    sum(duration_ns IS NULL) OVER whole AS open_ends,
    row_number() OVER (
      PARTITION BY trace, operation_span_id
      ORDER BY outcome <> 1,
        CASE WHEN outcome = 1 THEN start_ns + coalesce(discovery_ns, duration_ns, 0) ELSE -(start_ns + ifnull(duration_ns, 0)) END, no) AS place
  FROM query q
  WINDOW whole AS (PARTITION BY trace, operation_span_id))
WHERE place = 1;

CREATE UNIQUE INDEX dht_operation_by_span ON dht_operation (trace, span_id);
CREATE INDEX dht_operation_by_start ON dht_operation (background, start_ns);
CREATE INDEX dht_operation_by_any_start ON dht_operation (start_ns);
CREATE INDEX dht_operation_by_key ON dht_operation (key_bytes, start_ns);
CREATE INDEX dht_operation_by_key_text ON dht_operation (key_text, start_ns);
CREATE INDEX dht_operation_by_type ON dht_operation (type, start_ns);
CREATE INDEX dht_operation_by_source ON dht_operation (source, start_ns);
CREATE INDEX dht_operation_by_outcome ON dht_operation (outcome, start_ns);
CREATE INDEX dht_operation_by_service ON dht_operation (service, start_ns);
CREATE INDEX dht_operation_by_node ON dht_operation (node, start_ns);
CREATE INDEX dht_operation_by_error ON dht_operation (error_class, start_ns) WHERE error_class IS NOT NULL;
CREATE INDEX dht_operation_by_slowest ON dht_operation (ifnull(duration_ns, -1));
CREATE INDEX dht_operation_by_fastest ON dht_operation (ifnull(duration_ns, 9223372036854775807));
CREATE INDEX dht_operation_by_peers ON dht_operation (ifnull(seen, -1));
CREATE INDEX dht_operation_by_fewest_peers ON dht_operation (ifnull(seen, 9223372036854775807));
CREATE INDEX dht_operation_by_most_hops ON dht_operation (ifnull(hops, -1));
CREATE INDEX dht_operation_by_fewest_hops ON dht_operation (ifnull(hops, 9223372036854775807));

-- Pages list operations. Lists of queries are walked by start or key; any other order of them is sorted when it is asked for.
DROP INDEX query_by_type;
DROP INDEX query_by_source;
DROP INDEX query_by_outcome;
DROP INDEX query_by_service;
DROP INDEX query_by_node;
DROP INDEX query_by_error;
DROP INDEX query_by_slowest;
DROP INDEX query_by_fastest;
DROP INDEX query_by_peers;
DROP INDEX query_by_fewest_peers;
DROP INDEX query_by_most_hops;
DROP INDEX query_by_fewest_hops;

ALTER TABLE query DROP COLUMN reused;
ALTER TABLE query DROP COLUMN first_result_ns;
ALTER TABLE query ADD COLUMN operation INTEGER NOT NULL DEFAULT 0;      -- number of its operation
ALTER TABLE query ADD COLUMN side INTEGER;                              -- DhtSide
ALTER TABLE query ADD COLUMN skipped INTEGER NOT NULL DEFAULT 0 CHECK (skipped IN (0, 1));
ALTER TABLE query ADD COLUMN hops_at_least INTEGER;                     -- what is certain when hops is null
ALTER TABLE query ADD COLUMN seen_complete INTEGER NOT NULL DEFAULT 1 CHECK (seen_complete IN (0, 1));
ALTER TABLE query ADD COLUMN sent INTEGER;                              -- ADD_PROVIDERs written
ALTER TABLE query ADD COLUMN missing_spans INTEGER NOT NULL DEFAULT 0;
ALTER TABLE query ADD COLUMN missing_events INTEGER NOT NULL DEFAULT 0;
ALTER TABLE query ADD COLUMN discovered_by INTEGER REFERENCES peer (no);
UPDATE query SET operation = (SELECT o.no FROM dht_operation o WHERE o.trace = query.trace AND o.span_id = query.operation_span_id);
CREATE INDEX query_by_operation ON query (operation);

-- Which operations dialed or asked a peer, as 0001 says of queries. An operation of one query has its number and its start.
ALTER TABLE peer_query RENAME TO peer_operation;
ALTER TABLE peer_operation RENAME COLUMN query TO operation;
ALTER TABLE peer_query_recent RENAME TO peer_operation_recent;
ALTER TABLE peer_operation_recent RENAME COLUMN query TO operation;
INSERT OR IGNORE INTO peer_operation
  SELECT p.peer, o.start_ns, o.no
  FROM (SELECT peer, operation FROM peer_operation UNION ALL SELECT peer, operation FROM peer_operation_recent) p
  JOIN query q ON q.no = p.operation JOIN dht_operation o ON o.no = q.operation
  WHERE q.no <> o.no OR q.start_ns <> o.start_ns;
DELETE FROM peer_operation WHERE NOT EXISTS (SELECT 1 FROM dht_operation o WHERE o.no = peer_operation.operation AND o.start_ns = peer_operation.start_ns);
DELETE FROM peer_operation_recent WHERE NOT EXISTS (SELECT 1 FROM dht_operation o WHERE o.no = peer_operation_recent.operation AND o.start_ns = peer_operation_recent.start_ns);

-- Requests that stand alone in their trace and belong to an operation of another one, such as the PutProvider of an optimistic provide.
CREATE TABLE loose_part (
  no          INTEGER PRIMARY KEY,
  trace       INTEGER NOT NULL REFERENCES trace (no) ON DELETE CASCADE,
  span_id     BLOB NOT NULL CHECK (length(span_id) = 8),
  type        INTEGER NOT NULL,                 -- MessageType
  key_bytes   BLOB NOT NULL,
  peer        INTEGER NOT NULL REFERENCES peer (no),
  service     INTEGER REFERENCES text (no),
  instance    INTEGER REFERENCES text (no),
  node        INTEGER REFERENCES peer (no),
  start_ns    INTEGER NOT NULL,
  duration_ns INTEGER,
  outcome     INTEGER NOT NULL,                 -- RequestOutcome
  error_class INTEGER REFERENCES text (no),
  error_text  TEXT,
  operation   INTEGER                           -- number of the operation that it is joined to
) STRICT;
CREATE UNIQUE INDEX loose_part_by_span ON loose_part (trace, span_id);
CREATE INDEX loose_part_by_key ON loose_part (key_bytes, start_ns);
CREATE INDEX loose_part_by_operation ON loose_part (operation) WHERE operation IS NOT NULL;

-- Something that its analysis used has changed in another trace.
ALTER TABLE trace ADD COLUMN stale INTEGER NOT NULL DEFAULT 0 CHECK (stale IN (0, 1));
CREATE INDEX trace_by_stale ON trace (no) WHERE stale = 1;

ALTER TABLE total ADD COLUMN operations INTEGER NOT NULL DEFAULT 0;
UPDATE total SET operations = (SELECT count(*) FROM dht_operation);
