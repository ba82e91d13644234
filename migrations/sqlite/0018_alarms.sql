-- Hours that were compared with the week before, and the alarms that they raised (docs/alarms.md). The key of an hour is what lets only one
-- of several processes raise its alarms.
CREATE TABLE watched_hour (
  start_ns INTEGER PRIMARY KEY,
  p_values BLOB NOT NULL                        -- doubles, little endian
) STRICT;

CREATE TABLE alarm (
  id       TEXT NOT NULL PRIMARY KEY,
  kind     INTEGER NOT NULL,                    -- AlarmKind
  since_ns INTEGER NOT NULL,
  until_ns INTEGER,                             -- null while it is open
  data     TEXT NOT NULL                        -- AlarmJson
) STRICT, WITHOUT ROWID;
CREATE INDEX alarm_by_start ON alarm (since_ns);
CREATE INDEX alarm_open ON alarm (since_ns) WHERE until_ns IS NULL;
