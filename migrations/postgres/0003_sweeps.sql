-- What traces tell of a Kubo's provide sweep (docs/sweep.md): a sweep leaves a trace for each key and each lookup, and a page reads days of
-- them.
CREATE TABLE sweep_fact (
  hash        integer NOT NULL,
  trace       bigint NOT NULL,
  span_id     bytea NOT NULL CHECK (length(span_id) = 8),
  service     bigint NOT NULL,                  -- number of a text
  instance    bigint NOT NULL,                  -- number of a text; 0 for none
  start_ns    bigint NOT NULL,
  duration_ns bigint NOT NULL,
  kind        smallint NOT NULL,                -- SweepFactKind
  data        bytea NOT NULL,                   -- SweepFactCodec
  PRIMARY KEY (hash, trace, span_id)
);
CREATE INDEX sweep_fact_by_source ON sweep_fact (service, instance, start_ns);
