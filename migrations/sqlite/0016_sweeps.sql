-- What traces tell of a Kubo's provide sweep (docs/sweep.md): a sweep leaves a trace for each key and each lookup, and a page reads days of
-- them. The key is the order in which a page reads, so no other index holds the rows twice.
CREATE TABLE sweep_fact (
  service     INTEGER NOT NULL REFERENCES text (no),
  instance    INTEGER NOT NULL,                 -- number of a text; 0 for none
  start_ns    INTEGER NOT NULL,
  trace       INTEGER NOT NULL REFERENCES trace (no) ON DELETE CASCADE,
  span_id     BLOB NOT NULL CHECK (length(span_id) = 8),
  duration_ns INTEGER NOT NULL,
  kind        INTEGER NOT NULL,                 -- SweepFactKind
  data        BLOB NOT NULL,                    -- SweepFactCodec
  PRIMARY KEY (service, instance, start_ns, trace, span_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX sweep_fact_by_trace ON sweep_fact (trace);
