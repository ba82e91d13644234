-- How often spans of one service are children of spans of another, by trace, for Jaeger's query API. Traces that were analysed before are counted
-- when they are analysed again.
CREATE TABLE dependency (
  trace    INTEGER NOT NULL REFERENCES trace (no) ON DELETE CASCADE,
  start_ns INTEGER NOT NULL,                    -- of the trace
  parent   INTEGER NOT NULL REFERENCES text (no),
  child    INTEGER NOT NULL REFERENCES text (no),
  calls    INTEGER NOT NULL,
  PRIMARY KEY (trace, parent, child)
) STRICT, WITHOUT ROWID;
-- Answers read this index and no row: a time range is one stretch of it.
CREATE INDEX dependency_by_start ON dependency (start_ns, parent, child, calls);
