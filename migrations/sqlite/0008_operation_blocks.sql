-- What statistics read: the figures of operations in columns, 4,096 numbers of operations to a block (docs/adr/0052). A block is made from
-- the rows of dht_operation and query_peers, which stay the truth. Any change of one of its operations makes it out of date, until it is
-- packed again; meanwhile statistics read the rows.
CREATE TABLE operation_block (
  no         INTEGER PRIMARY KEY,               -- number of an operation divided by 4,096
  revision   INTEGER NOT NULL,                  -- counts changes of its operations
  packed     INTEGER,                           -- the revision that its columns show; NULL: none yet
  operations INTEGER,                           -- as packed, and so are the next two
  first_ns   INTEGER,                           -- earliest start of an operation
  last_ns    INTEGER                            -- latest start of an operation
) STRICT;
CREATE TABLE operation_block_column (
  no   INTEGER PRIMARY KEY,                     -- number of the block times 64, plus BlockColumn
  data BLOB NOT NULL
) STRICT;
INSERT INTO operation_block (no, revision) SELECT DISTINCT no / 4096, 1 FROM dht_operation;
