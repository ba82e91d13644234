-- The list sorts by every column of numbers, in both directions, with the unknown last: so each direction has an index of its own.
CREATE INDEX query_by_fewest_peers ON query (ifnull(seen, 9223372036854775807));
CREATE INDEX query_by_most_hops ON query (ifnull(hops, -1));
CREATE INDEX query_by_fewest_hops ON query (ifnull(hops, 9223372036854775807));
