using DhtTracer.Storage.Sqlite.Connections;
using DhtTracer.Storage.Sqlite.Packed;
using Microsoft.Data.Sqlite;

namespace DhtTracer.Storage.Sqlite.Blocks;

/// <summary>
/// Sums what operations did with each peer. Over 300 lines, because the sums and the order in which they are written belong together.
/// </summary>
/// <param name="texts">The table of texts.</param>
internal sealed class PeerBlockBuilder(NumberedStrings texts)
{
    private const string QueriesSql = """
        SELECT o.no, q.start_ns, o.decisive IS NOT NULL AND o.decisive = q.span_id, p.data
        FROM dht_operation o JOIN query q ON q.operation = o.no JOIN query_peers p ON p.query = q.no
        WHERE o.no BETWEEN ?1 AND ?2 AND o.background = ?3 AND q.skipped = 0 ORDER BY o.no, q.no
        """;

    private readonly Dictionary<long, Sums> _peers = [];
    private readonly Dictionary<long, long[]> _addresses = [];
    private readonly Dictionary<string, long> _addressNumbers = new(StringComparer.Ordinal);
    private readonly List<string> _newTexts = [];
    private readonly Losses _agents = new();
    private readonly Losses _classes = new();
    private long _lossOperations;

    /// <summary>Sums the operations of a block.</summary>
    /// <param name="connection">The connection to read from.</param>
    /// <param name="texts">The table of texts.</param>
    /// <param name="block">Number of the block.</param>
    /// <param name="background">Those in the background, or the others.</param>
    /// <param name="only">Numbers of operations, ascending; null for all.</param>
    public static PeerBlock Build(SqliteConnection connection, NumberedStrings texts, long block, bool background, long[]? only)
    {
        var builder = new PeerBlockBuilder(texts);
        using var queries = new Statement(connection, QueriesSql);
        queries.Bind(1, block * OperationBlock.Size).Bind(2, ((block + 1) * OperationBlock.Size) - 1).Bind(3, background ? 1L : 0L);
        var peers = new List<PackedPeer>();
        while (queries.Step())
        {
            if (only is null || Array.BinarySearch(only, queries.GetInt64(0)) >= 0)
            {
                peers.Clear();
                PackedPeers.Read(queries.GetBlob(3), peers);
                builder.Add(queries.GetInt64(0), queries.GetInt64(1), queries.GetInt64(2) != 0, peers);
            }
        }

        return builder.Build();
    }

    private void Add(long operation, long start, bool isDecisive, List<PackedPeer> peers)
    {
        var hasPath = false;
        foreach (var fact in peers)
        {
            if (!_peers.TryGetValue(fact.Peer, out var sums))
            {
                sums = new Sums();
                _peers.Add(fact.Peer, sums);
            }

            sums.Add(operation, start, fact, texts);
            if (fact.Agent is { } agent)
            {
                SeenSums.Add(sums.Agents, agent, operation, start);
            }

            foreach (var address in fact.Addresses is { } list ? AddressesOf(list) : [])
            {
                SeenSums.Add(sums.Addresses, address, operation, start);
            }

            if (isDecisive && fact.TimeLostNs is { } lost)
            {
                hasPath = true;
                if (lost > 0)
                {
                    sums.DecisiveLost += lost;
                    sums.DecisiveSquares += (double)lost * lost;
                    _agents.Add(fact.Agent, lost);
                    _classes.Add(FailureOf(fact), lost);
                }
            }
        }

        _agents.EndOperation();
        _classes.EndOperation();
        _lossOperations += hasPath ? 1 : 0;
    }

    private long? FailureOf(PackedPeer fact)
    {
        foreach (var error in fact.Errors)
        {
            if (texts.Get(error) != ErrorClass.Cancelled)
            {
                return error;
            }
        }

        return null;
    }

    // The table holds lists of addresses, one address to a line; figures count single ones.
    private long[] AddressesOf(long list)
    {
        if (!_addresses.TryGetValue(list, out var numbers))
        {
            numbers =
            [
                .. texts
                    .Get(list)
                    .Split('\n')
                    .Select(address =>
                    {
                        if (!_addressNumbers.TryGetValue(address, out var number))
                        {
                            _newTexts.Add(address);
                            number = -_newTexts.Count;
                            _addressNumbers.Add(address, number);
                        }

                        return number;
                    }),
            ];
            _addresses.Add(list, numbers);
        }

        return numbers;
    }

    private PeerBlock Build()
    {
        var columns = new List<long>[PeerBlock.Columns];
        for (var i = 0; i < columns.Length; i++)
        {
            columns[i] = [];
        }

        void Put(PeerColumn column, long? value) => columns[(int)column].Add(value ?? ColumnCodec.Unknown);

        void PutSeen(PeerColumn count, PeerColumn first, List<SeenSums> seen)
        {
            Put(count, seen.Count);
            foreach (var item in seen)
            {
                Put(first, item.Text);
                Put(first + 1, item.Operations);
                Put(first + 2, item.First);
                Put(first + 3, item.Last);
            }
        }

        foreach (var (peer, sums) in _peers.OrderBy(static peer => peer.Key))
        {
            Put(PeerColumn.Peer, peer);
            Put(PeerColumn.Seen, sums.Seen);
            Put(PeerColumn.Queried, sums.Queried);
            Put(PeerColumn.Answered, sums.Answered);
            Put(PeerColumn.Met, sums.Met);
            Put(PeerColumn.Cancelled, sums.Cancelled);
            Put(PeerColumn.Failures, sums.Failures.Sum(static failure => failure.Value));
            Put(PeerColumn.TimeLost, sums.TimeLost);
            Put(PeerColumn.Named, sums.Named);
            Put(PeerColumn.First, sums.First);
            Put(PeerColumn.Last, sums.Last);
            Put(PeerColumn.DecisiveLost, sums.DecisiveLost);
            Put(PeerColumn.DecisiveSquares, BitConverter.DoubleToInt64Bits(sums.DecisiveSquares));
            Put(PeerColumn.RequestCount, sums.Requests.Count);
            Put(PeerColumn.DialCount, sums.Dials.Count);
            Put(PeerColumn.FailedCount, sums.FailedAfter.Count);
            columns[(int)PeerColumn.Request].AddRange(sums.Requests);
            columns[(int)PeerColumn.Dial].AddRange(sums.Dials);
            columns[(int)PeerColumn.Failed].AddRange(sums.FailedAfter);
            Put(PeerColumn.ClassCount, sums.Failures.Count);
            foreach (var (error, count) in sums.Failures)
            {
                Put(PeerColumn.Class, error);
                Put(PeerColumn.ClassFailures, count);
            }

            PutSeen(PeerColumn.AgentCount, PeerColumn.Agent, sums.Agents);
            PutSeen(PeerColumn.AddressCount, PeerColumn.Address, sums.Addresses);
        }

        Put(PeerColumn.LossOperations, _lossOperations);
        foreach (var (losses, first) in new[] { (_agents, PeerColumn.LossAgent), (_classes, PeerColumn.LossClass) })
        {
            foreach (var (text, (sum, squares)) in losses.All)
            {
                Put(first, text);
                Put(first + 1, sum);
                Put(first + 2, BitConverter.DoubleToInt64Bits(squares));
            }
        }

        return PeerBlock.Built([.. columns.Select(static column => column.ToArray())], _newTexts);
    }

    // The last operation that counted is remembered, so that an operation with several queries counts once. They come one after another.
    private sealed class Sums
    {
        private long _seenBy = -1;
        private long _queriedBy = -1;
        private long _answeredBy = -1;
        private long _metBy = -1;

        public long Seen { get; private set; }

        public long Queried { get; private set; }

        public long Answered { get; private set; }

        public long Met { get; private set; }

        public long Cancelled { get; private set; }

        public long? TimeLost { get; private set; }

        public long? Named { get; private set; }

        public long First { get; private set; } = long.MaxValue;

        public long Last { get; private set; } = long.MinValue;

        public long DecisiveLost { get; set; }

        public double DecisiveSquares { get; set; }

        public Dictionary<long, long> Failures { get; } = [];

        public List<long> Requests { get; } = [];

        public List<long> Dials { get; } = [];

        public List<long> FailedAfter { get; } = [];

        public List<SeenSums> Agents { get; } = [];

        public List<SeenSums> Addresses { get; } = [];

        public void Add(long operation, long start, PackedPeer fact, NumberedStrings texts)
        {
            Seen += Counts(operation, ref _seenBy, true);
            Queried += Counts(operation, ref _queriedBy, fact.Requests > 0);
            Answered += Counts(operation, ref _answeredBy, fact.State == PeerState.Answered);
            Met += Counts(operation, ref _metBy, fact.Contacted);
            First = Math.Min(First, start);
            Last = Math.Max(Last, start);
            TimeLost = fact.TimeLostNs is { } lost ? TimeLost.GetValueOrDefault() + lost : TimeLost;
            Named = fact.NamedBy is { } named ? Named.GetValueOrDefault() + named : Named;
            foreach (var error in fact.Errors)
            {
                if (texts.Get(error) == ErrorClass.Cancelled)
                {
                    Cancelled++;
                }
                else
                {
                    Failures[error] = Failures.GetValueOrDefault(error) + 1;
                }
            }

            Put(Requests, fact.RequestNs);
            Put(Dials, fact.DialNs);
            Put(FailedAfter, fact.FailedNs);
        }

        private static int Counts(long operation, ref long last, bool does)
        {
            if (!does || last == operation)
            {
                return 0;
            }

            last = operation;
            return 1;
        }

        private static void Put(List<long> values, long? value)
        {
            if (value is { } known)
            {
                values.Add(known);
            }
        }
    }

    private sealed class SeenSums(long text)
    {
        private long _seenBy = -1;

        public long Text => text;

        public long Operations { get; private set; }

        public long First { get; private set; } = long.MaxValue;

        public long Last { get; private set; } = long.MinValue;

        public static void Add(List<SeenSums> all, long text, long operation, long start)
        {
            // A peer has few texts. A lambda would be allocated for each of millions of facts.
            SeenSums? sums = null;
            foreach (var item in all)
            {
                sums = item.Text == text ? item : sums;
            }

            if (sums is null)
            {
                sums = new SeenSums(text);
                all.Add(sums);
            }

            sums.Operations += sums._seenBy == operation ? 0 : 1;
            sums._seenBy = operation;
            sums.First = Math.Min(sums.First, start);
            sums.Last = Math.Max(sums.Last, start);
        }
    }

    // Sums and sums of squares by text; the square is that of what an operation lost to all peers of a text.
    private sealed class Losses
    {
        private readonly Dictionary<long, long> _operation = [];

        public Dictionary<long, (long Sum, double Squares)> All { get; } = [];

        public void Add(long? text, long lost)
        {
            if (text is { } known)
            {
                _operation[known] = _operation.GetValueOrDefault(known) + lost;
            }
        }

        public void EndOperation()
        {
            foreach (var (text, lost) in _operation)
            {
                var (sum, squares) = All.GetValueOrDefault(text);
                All[text] = (sum + lost, squares + ((double)lost * lost));
            }

            _operation.Clear();
        }
    }
}
