-- What each query of a block did with each peer, in columns sorted by peer (docs/adr/0052). Sums over any of the block's operations are
-- made of these. The sums of a whole block, in peer_block_column, no longer hold single durations, addresses and agent versions.
CREATE TABLE peer_fact_column (
  no   INTEGER PRIMARY KEY,                     -- number of the block times 64, plus FactColumn
  data BLOB NOT NULL
) STRICT;
DELETE FROM peer_block_column;
UPDATE operation_block SET packed = NULL;
