using DhtTracer.Storage.Packed;

namespace DhtTracer.Storage.Columns;

/// <summary>
/// Sums what operations did with each peer. Over 300 lines, because the sums and the order in which they are written belong together.
/// </summary>
/// <param name="texts">The table of texts.</param>
internal sealed class PeerBlockBuilder(INumberedStrings texts)
{
    private readonly Dictionary<long, Sums> _peers = [];
    private readonly Dictionary<long, long[]> _addresses = [];
    private readonly Dictionary<string, long> _addressNumbers = new(StringComparer.Ordinal);
    private readonly List<string> _newTexts = [];
    private readonly Losses _agents = new();
    private readonly Losses _classes = new();
    private long _lossOperations;

    /// <summary>Adds a query.</summary>
    /// <param name="operation">Number of its operation. Queries of one operation come one after another.</param>
    /// <param name="start">Its start.</param>
    /// <param name="isDecisive">Whether it is the decisive query of its operation.</param>
    /// <param name="peers">The peers that it heard of.</param>
    public void Add(long operation, long start, bool isDecisive, List<PackedPeer> peers)
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

    /// <summary>The sums of all queries added.</summary>
    public PeerBlock Build()
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

        public void Add(long operation, long start, PackedPeer fact, INumberedStrings texts)
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
