-- What the operations of a block did with each peer, summed, once for the background ones and once for the others (docs/adr/0052).
CREATE TABLE peer_block_column (
  no   INTEGER PRIMARY KEY,                     -- (number of the block times 2, plus 1 for background ones) times 64, plus PeerColumn
  data BLOB NOT NULL
) STRICT;
UPDATE operation_block SET packed = NULL;
