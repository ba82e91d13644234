-- The archive on PostgreSQL 15 or newer: traces as packed blobs of OTLP, operations and queries as typed columns.
-- Times end in _ns: nanoseconds since 1970-01-01 UTC, or after the query's start where the comment says so.
-- NULL is "the trace does not tell", never zero.
--
-- hash is the first four bytes of the SHA-256 of the trace id. Every table of traces has it, and it is in every primary key and unique
-- index, so that it can be the distribution column of Citus. day is the UTC day on which the trace last got spans, as of its analysis. It
-- divides the tables with most of the data into partitions, and is in every primary key and unique index of these.

-- Strings that repeat: service names, agent versions, error classes, lists of multiaddrs (one to a line). Rows are never deleted.
-- digest is the SHA-256 of the text, because an index entry holds at most some 2,700 bytes.
CREATE TABLE text (
  no     bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  digest bytea NOT NULL UNIQUE,
  value  text COLLATE "C" NOT NULL
);
CREATE INDEX text_by_beginning ON text (left(value, 200));

-- Peer ids as the traces spell them. Rows are never deleted: blobs refer to them.
CREATE TABLE peer (
  no     bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  digest bytea NOT NULL UNIQUE,
  id     text COLLATE "C" NOT NULL
);

-- Services and their operations, for Jaeger's query API. Rows are never deleted.
CREATE TABLE operation (
  no      bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  digest  bytea NOT NULL UNIQUE,                -- of service, name and kind
  service text COLLATE "C" NOT NULL,
  name    text COLLATE "C" NOT NULL,
  kind    smallint NOT NULL                     -- SpanKind
);

CREATE SEQUENCE trace_no;
CREATE TABLE trace (
  hash             integer NOT NULL,
  trace_id         bytea NOT NULL CHECK (length(trace_id) = 16),
  no               bigint NOT NULL DEFAULT nextval('trace_no'),
  day              date NOT NULL,               -- where its rows lie in the tables below
  received_ns      bigint NOT NULL,             -- when spans of it last arrived
  revision         bigint NOT NULL DEFAULT 0,   -- counts analyses saved; guards against two at once
  analysis_version integer NOT NULL DEFAULT 0,  -- of the code that analysed it; 0: not yet
  analysis_error   text,
  span_count       bigint NOT NULL DEFAULT 0,   -- distinct spans, as of the last analysis
  raw_bytes        bigint NOT NULL DEFAULT 0,   -- OTLP protobuf bytes, as of the last analysis
  stored_bytes     bigint NOT NULL DEFAULT 0,   -- what its rows need, estimated
  start_ns         bigint,
  end_ns           bigint,
  stale            smallint NOT NULL DEFAULT 0, -- 1: something that its analysis used has changed in another trace
  pinned_ns        bigint,                      -- retention leaves it alone since then
  PRIMARY KEY (hash, trace_id)
) WITH (fillfactor = 80);
CREATE UNIQUE INDEX trace_by_no ON trace (hash, no);
CREATE INDEX trace_by_number ON trace (no);
CREATE INDEX trace_by_id ON trace (trace_id);
CREATE INDEX trace_by_received ON trace (received_ns) WHERE pinned_ns IS NULL;
CREATE INDEX trace_by_day ON trace (day);
CREATE INDEX trace_by_analysis ON trace (analysis_version);
CREATE INDEX trace_by_stale ON trace (no) WHERE stale = 1;
CREATE INDEX trace_by_pin ON trace (pinned_ns) WHERE pinned_ns IS NOT NULL;

-- Traces that retention deleted, so that a permalink can say so.
CREATE TABLE tombstone (
  hash       integer NOT NULL,
  trace_id   bytea NOT NULL,
  deleted_ns bigint NOT NULL,
  PRIMARY KEY (hash, trace_id)
);

-- Messages with spans as they were received, until every trace in them is analysed.
CREATE SEQUENCE inbox_no;
CREATE TABLE inbox (
  no          bigint PRIMARY KEY,
  received_ns bigint NOT NULL,
  encoding    smallint NOT NULL,                -- BodyEncoding
  data        bytea NOT NULL                    -- OTLP TracesData
);
ALTER TABLE inbox ALTER data SET STORAGE EXTERNAL;
-- A trace with a row here is a trace to analyse.
CREATE TABLE inbox_trace (
  hash       integer NOT NULL,
  trace      bigint NOT NULL,
  inbox      bigint NOT NULL,
  span_count bigint NOT NULL,
  PRIMARY KEY (hash, trace, inbox)
);
CREATE INDEX inbox_trace_by_inbox ON inbox_trace (inbox);

-- The spans of analysed traces, packed. The first part of a trace has the revision of the analysis that wrote it, and so has each part
-- with spans that came later.
CREATE TABLE trace_part (
  hash     integer NOT NULL,
  day      date NOT NULL,
  trace    bigint NOT NULL,
  revision bigint NOT NULL,
  codec    smallint NOT NULL,
  peers    bytea,                               -- peer numbers that the codec put in place of peer ids, as varints
  data     bytea NOT NULL,
  checksum bigint NOT NULL,                     -- XXH3 of the packed bytes
  PRIMARY KEY (hash, day, trace, revision)
) PARTITION BY RANGE (day);
ALTER TABLE trace_part ALTER data SET STORAGE EXTERNAL;

-- Operations: what somebody asked of the DHT. Lists, searches and statistics count them.
CREATE SEQUENCE dht_operation_no;
CREATE TABLE dht_operation (
  hash            integer NOT NULL,
  day             date NOT NULL,
  no              bigint NOT NULL,
  trace           bigint NOT NULL,
  span_id         bytea NOT NULL CHECK (length(span_id) = 8),
  type            smallint NOT NULL,            -- QueryType
  source          smallint NOT NULL,            -- TraceSource
  outcome         smallint NOT NULL,            -- QueryOutcome
  background      smallint NOT NULL,
  background_kind smallint,                     -- BackgroundKind
  skipped         smallint NOT NULL,            -- 1: none of its queries had anybody to ask; counts in no statistic
  service         bigint,                       -- numbers of texts and peers
  instance        bigint,
  node            bigint,
  key_text        text COLLATE "C",
  key_sort        text COLLATE "C",             -- the first 300 characters
  key_bytes       bytea,
  key_digest      bytea,                        -- first 16 bytes of the SHA-256 of key_bytes
  kad_id          bytea,
  key_count       integer,
  start_ns        bigint NOT NULL,
  duration_ns     bigint,
  discovery_ns    bigint,                       -- after the start
  error_class     bigint,
  error_text      text,
  results         integer,
  decisive        bytea,                        -- span id of the decisive query's root
  command         bytea,                        -- span id of the command that asked for it
  around          text,                         -- what hangs above it and beside it, as JSON; NULL for nothing
  -- Of the decisive query, for lists and statistics:
  alpha           integer,
  seen            integer,
  queried         integer,
  dialed          integer,
  dial_failed     integer,
  duplicates      integer,
  hops            integer,
  reused          integer,
  first_result_ns bigint,                       -- after the start of the operation
  tally           bytea,                        -- peers by error class and by agent version, packed
  errors          bigint[],                     -- the texts of tally, for filters
  agents          bigint[],
  phases          bytea,                        -- what the duration was spent on, packed; NULL while the end is unknown
  lint            bigint,                       -- bits of the rules that its queries broke; NULL when none was checked
  PRIMARY KEY (hash, day, no)
) PARTITION BY RANGE (day);
CREATE UNIQUE INDEX dht_operation_by_span ON dht_operation (hash, day, trace, span_id);
CREATE INDEX dht_operation_by_number ON dht_operation (no);
CREATE INDEX dht_operation_by_trace ON dht_operation (trace);
CREATE INDEX dht_operation_by_start ON dht_operation (background, start_ns, no);
CREATE INDEX dht_operation_by_any_start ON dht_operation (start_ns, no);
CREATE INDEX dht_operation_by_key ON dht_operation (key_digest, start_ns);
CREATE INDEX dht_operation_by_key_text ON dht_operation (key_sort, start_ns, no);
CREATE INDEX dht_operation_by_type ON dht_operation (type, start_ns, no);
CREATE INDEX dht_operation_by_source ON dht_operation (source, start_ns, no);
CREATE INDEX dht_operation_by_outcome ON dht_operation (outcome, start_ns, no);
CREATE INDEX dht_operation_by_service ON dht_operation (service, start_ns, no);
CREATE INDEX dht_operation_by_node ON dht_operation (node, start_ns, no);
CREATE INDEX dht_operation_by_error ON dht_operation (error_class, start_ns, no) WHERE error_class IS NOT NULL;
CREATE INDEX dht_operation_by_slowest ON dht_operation (coalesce(duration_ns, -1), no);
CREATE INDEX dht_operation_by_fastest ON dht_operation (coalesce(duration_ns, 9223372036854775807), no);
CREATE INDEX dht_operation_by_peers ON dht_operation (coalesce(seen::bigint, -1), no);
CREATE INDEX dht_operation_by_fewest_peers ON dht_operation (coalesce(seen::bigint, 9223372036854775807), no);
CREATE INDEX dht_operation_by_most_hops ON dht_operation (coalesce(hops::bigint, -1), no);
CREATE INDEX dht_operation_by_fewest_hops ON dht_operation (coalesce(hops::bigint, 9223372036854775807), no);

-- The work of one DHT within an operation.
CREATE SEQUENCE query_no;
CREATE TABLE query (
  hash              integer NOT NULL,
  day               date NOT NULL,
  no                bigint NOT NULL,
  trace             bigint NOT NULL,
  operation         bigint NOT NULL,            -- number of its operation
  span_id           bytea NOT NULL CHECK (length(span_id) = 8),
  operation_span_id bytea NOT NULL CHECK (length(operation_span_id) = 8),
  type              smallint NOT NULL,
  source            smallint NOT NULL,
  outcome           smallint NOT NULL,
  termination       smallint,                   -- QueryTermination
  background        smallint NOT NULL,
  skipped           smallint NOT NULL,
  side              smallint,                   -- DhtSide
  service           bigint,
  node              bigint,
  key_text          text COLLATE "C",
  key_sort          text COLLATE "C",
  key_bytes         bytea,
  key_digest        bytea,
  kad_id            bytea,
  start_ns          bigint NOT NULL,
  duration_ns       bigint,
  discovery_ns      bigint,                     -- after the start
  first_answer_ns   bigint,                     -- after the start
  error_class       bigint,
  error_text        text,
  alpha             integer,
  beta              integer,
  k                 integer,
  seen              integer,
  seen_complete     smallint NOT NULL,
  queried           integer,
  dialed            integer,
  dial_failed       integer,
  to_query          integer,
  remaining         integer,
  results           integer,
  returned          integer,
  duplicates        integer,
  sent              integer,                    -- ADD_PROVIDERs written
  xor               integer,
  hops              integer,
  hops_at_least     integer,                    -- what is certain when hops is null
  missing_spans     integer NOT NULL,
  missing_events    integer NOT NULL,
  discovered_by     bigint,
  errors            bigint[],                   -- texts: error classes of its dials and requests, and agents that it met
  agents            bigint[],
  contacted         bigint[] NOT NULL,          -- peers that it dialed or asked
  peers             bytea NOT NULL,             -- what it had to do with each peer that it heard of, packed
  lint              bigint,                     -- bits of the rules that it broke; NULL when none was checked
  PRIMARY KEY (hash, day, no)
) PARTITION BY RANGE (day);
ALTER TABLE query ALTER peers SET STORAGE EXTERNAL;
CREATE UNIQUE INDEX query_by_span ON query (hash, day, trace, span_id);
CREATE INDEX query_by_number ON query (no);
CREATE INDEX query_by_trace ON query (trace);
CREATE INDEX query_by_operation ON query (operation);
CREATE INDEX query_by_start ON query (background, start_ns, no);
CREATE INDEX query_by_any_start ON query (start_ns, no);
CREATE INDEX query_by_key ON query (key_digest, start_ns, no);
CREATE INDEX query_by_key_text ON query (key_sort, start_ns, no);

-- Which operations dialed or asked a peer.
CREATE TABLE peer_operation (
  hash      integer NOT NULL,
  day       date NOT NULL,
  peer      bigint NOT NULL,
  start_ns  bigint NOT NULL,                    -- of the operation
  operation bigint NOT NULL,
  trace     bigint NOT NULL,
  PRIMARY KEY (hash, day, peer, start_ns, operation)
) PARTITION BY RANGE (day);
CREATE INDEX peer_operation_by_peer ON peer_operation (peer, start_ns, operation);
CREATE INDEX peer_operation_by_trace ON peer_operation (trace);

CREATE TABLE trace_operation (
  hash            integer NOT NULL,
  day             date NOT NULL,
  trace           bigint NOT NULL,
  operation       bigint NOT NULL,              -- number of a row of the table operation
  first_start_ns  bigint NOT NULL,
  last_start_ns   bigint NOT NULL,
  min_duration_ns bigint NOT NULL,
  max_duration_ns bigint NOT NULL,
  PRIMARY KEY (hash, day, trace, operation)
) PARTITION BY RANGE (day);
CREATE INDEX trace_operation_by_operation ON trace_operation (operation, last_start_ns);

-- How often spans of one service are children of spans of another, by trace, for Jaeger's query API.
CREATE TABLE dependency (
  hash     integer NOT NULL,
  day      date NOT NULL,
  trace    bigint NOT NULL,
  start_ns bigint NOT NULL,                     -- of the trace
  parent   bigint NOT NULL,
  child    bigint NOT NULL,
  calls    bigint NOT NULL,
  PRIMARY KEY (hash, day, trace, parent, child)
) PARTITION BY RANGE (day);
CREATE INDEX dependency_by_start ON dependency (start_ns) INCLUDE (parent, child, calls);

-- Requests that stand alone in their trace and belong to an operation of another one, such as the PutProvider of an optimistic provide.
CREATE TABLE loose_part (
  no          bigint GENERATED ALWAYS AS IDENTITY,
  hash        integer NOT NULL,
  trace       bigint NOT NULL,
  span_id     bytea NOT NULL CHECK (length(span_id) = 8),
  type        smallint NOT NULL,                -- MessageType
  key_bytes   bytea NOT NULL,
  key_digest  bytea NOT NULL,
  peer        bigint NOT NULL,
  service     bigint,
  instance    bigint,
  node        bigint,
  start_ns    bigint NOT NULL,
  duration_ns bigint,
  outcome     smallint NOT NULL,                -- RequestOutcome
  error_class bigint,
  error_text  text,
  operation   bigint,                           -- number of the operation that it is joined to
  fits        integer NOT NULL DEFAULT 0,       -- operations that it fits: it is joined when this is 1
  PRIMARY KEY (hash, trace, span_id)
);
CREATE INDEX loose_part_by_number ON loose_part (no);
CREATE INDEX loose_part_by_key ON loose_part (key_digest, start_ns);
CREATE INDEX loose_part_by_operation ON loose_part (operation) WHERE operation IS NOT NULL;

-- Streams of a Kubo's query events. The daemon's spans of the same operation can lie in another trace: the two are joined by type, key,
-- node, time and the peers that were asked.
CREATE TABLE event_stream (
  no          bigint GENERATED ALWAYS AS IDENTITY,
  hash        integer NOT NULL,
  trace       bigint NOT NULL,
  span_id     bytea NOT NULL CHECK (length(span_id) = 8),       -- its root
  type        smallint NOT NULL,                -- QueryType
  key_bytes   bytea,
  key_digest  bytea,
  node        bigint,
  start_ns    bigint NOT NULL,                  -- 0 when unknown
  duration_ns bigint,
  timed       smallint NOT NULL,
  whole       smallint NOT NULL,                -- 0: the daemon may have asked more peers than it shows
  asked       bytea NOT NULL,                   -- numbers of the peers asked, as varints
  inside      smallint NOT NULL,                -- 1: the spans are in the same trace, and tell so themselves
  operation   bigint,                           -- number of the operation that it is joined with
  fits        integer NOT NULL DEFAULT 0,       -- operations of other traces that fit it
  PRIMARY KEY (hash, trace, span_id)
);
CREATE INDEX event_stream_by_number ON event_stream (no);
CREATE INDEX event_stream_by_key ON event_stream (key_digest, type) WHERE key_digest IS NOT NULL;
CREATE INDEX event_stream_by_operation ON event_stream (operation) WHERE operation IS NOT NULL;

-- Up to where each service of each Jaeger has been taken.
CREATE TABLE pull_checkpoint (
  source            text COLLATE "C" NOT NULL,
  service           text COLLATE "C" NOT NULL,
  complete_until_ns bigint NOT NULL,            -- everything that started before is here
  updated_ns        bigint NOT NULL,
  traces            bigint NOT NULL,
  spans             bigint NOT NULL,
  state             text NOT NULL,              -- the puller's own notes
  PRIMARY KEY (source, service)
);

-- Counted as it changes, because counting rows would take longer with every trace. Each process adds to a row of its own choice, so that
-- they do not wait for one another; the totals are the sums.
CREATE TABLE total (
  slot       integer PRIMARY KEY,
  traces     bigint NOT NULL,
  spans      bigint NOT NULL,
  operations bigint NOT NULL,
  queries    bigint NOT NULL,
  raw_bytes  bigint NOT NULL
);

-- Makes the partitions of a day. A partition is attached when it is whole: unlike CREATE TABLE ... PARTITION OF, this waits for no reader.
CREATE FUNCTION ensure_day(wanted date) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  parent text;
  part text;
BEGIN
  PERFORM pg_advisory_xact_lock(1145590900, 1);
  FOREACH parent IN ARRAY ARRAY['trace_part', 'dht_operation', 'query', 'peer_operation', 'trace_operation', 'dependency'] LOOP
    part := parent || '_' || to_char(wanted, 'YYYYMMDD');
    IF to_regclass(part) IS NULL THEN
      EXECUTE format('CREATE TABLE %I (LIKE %I INCLUDING ALL)', part, parent);
      EXECUTE format('ALTER TABLE %I ATTACH PARTITION %I FOR VALUES FROM (%L) TO (%L)', parent, part, wanted, wanted + 1);
    END IF;
  END LOOP;
END $$;

-- How often each process has written, so that the others notice.
CREATE TABLE writer (
  process      text PRIMARY KEY,
  transactions bigint NOT NULL
);

-- Keys that sign the tokens of the site's forms. All processes share them.
CREATE TABLE site_key (
  no  bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  xml text NOT NULL
);
