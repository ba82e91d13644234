-- What waits for peer_operation: a row for each operation, not one for each peer that it dialed or asked (docs/adr/0021).
INSERT OR IGNORE INTO peer_operation SELECT peer, start_ns, operation FROM peer_operation_recent;
DROP TABLE peer_operation_recent;
CREATE TABLE peer_operation_recent (
  operation INTEGER PRIMARY KEY,
  start_ns  INTEGER NOT NULL,                   -- of the operation
  peers     BLOB NOT NULL                       -- ascending numbers of peers, each as a varint of the difference to the one before
) STRICT;
