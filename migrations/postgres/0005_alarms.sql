-- Hours that were compared with the week before, and the alarms that they raised (docs/alarms.md). The key of an hour is what lets only one
-- of several processes raise its alarms.
CREATE TABLE watched_hour (
  start_ns bigint NOT NULL PRIMARY KEY,
  p_values bytea NOT NULL                       -- doubles, little endian
);

CREATE TABLE alarm (
  id       text NOT NULL PRIMARY KEY,
  kind     smallint NOT NULL,                   -- AlarmKind
  since_ns bigint NOT NULL,
  until_ns bigint,                              -- null while it is open
  data     text NOT NULL                        -- AlarmJson
);
CREATE INDEX alarm_by_start ON alarm (since_ns);
CREATE INDEX alarm_open ON alarm (since_ns) WHERE until_ns IS NULL;
