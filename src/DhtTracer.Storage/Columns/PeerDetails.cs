using System.Collections.Immutable;
using System.Runtime.InteropServices;
using DhtTracer.Analysis.Statistics;
using DhtTracer.Storage.Packed;

namespace DhtTracer.Storage.Columns;

/// <summary>
/// Everything about one peer, from all blocks. Over 300 lines, because each figure is added in two ways, from facts and from sums, which
/// must not drift apart.
/// </summary>
internal sealed class PeerDetails
{
    private readonly Dictionary<long, SeenSums> _agents = [];
    private readonly Dictionary<string, SeenSums> _addresses = new(StringComparer.Ordinal);
    private readonly Dictionary<long, string> _agentTexts = [];
    private readonly Dictionary<long, string[]> _lists = [];
    private readonly TallySums _failures = new();
    private readonly List<long> _requests = [];
    private readonly List<long> _dials = [];
    private readonly List<long> _failed = [];
    private int _seen;
    private int _queried;
    private int _answered;
    private int _cancelled;
    private long? _timeLost;
    private long? _named;
    private long _first = long.MaxValue;
    private long _last = long.MinValue;

    // An operation counts once, although both of its sides may meet the peer. These are the last ones that counted.
    private long _seenBy;
    private long _queriedBy;
    private long _answeredBy;

    /// <summary>Whether any operation heard of it.</summary>
    public bool IsSeen => _seen > 0;

    /// <summary>Adds a block to some peers.</summary>
    /// <param name="block">The block.</param>
    /// <param name="peers">The peers by their numbers.</param>
    /// <param name="texts">The table of texts.</param>
    /// <param name="cancelled">Number of the text of a cancelled dial or request.</param>
    public static void Add(ScannedPeers block, Dictionary<long, PeerDetails> peers, INumberedStrings texts, long cancelled)
    {
        var numbers = block.Facts[FactColumn.Peer];
        var pairs = block.Facts.Starts(FactColumn.PairCount);
        var walked = new List<(PeerDetails Peer, int Place)>();
        var summed = new Dictionary<long, (PeerDetails Peer, int Place)>();
        var isWhole = block.IsSummed && block.IsWhole;
        foreach (var (peer, details) in peers)
        {
            if (Place(numbers, peer) is var place && place < 0)
            {
                continue;
            }

            if (isWhole && pairs[place + 1] - pairs[place] == 1)
            {
                summed.Add(peer, (details, place));
            }
            else
            {
                walked.Add((details, place));
            }
        }

        if (summed.Count > 0)
        {
            AddSummed(block, summed, texts, cancelled);
        }

        if (walked.Count > 0)
        {
            var contacted = new Group(block.Facts, FactColumn.Contacted);
            var heard = new Group(block.Facts, FactColumn.Heard);
            var queries = new Queries(block);
            foreach (var (details, place) in walked)
            {
                details.Walk(ref contacted, ref heard, in queries, place, texts, cancelled);
            }
        }
    }

    // Where all operations count, and always saw the peer with the same agent version and addresses, the stored sums tell all but the
    // single durations and errors.
    private static void AddSummed(
        ScannedPeers block,
        Dictionary<long, (PeerDetails Peer, int Place)> peers,
        INumberedStrings texts,
        long cancelled
    )
    {
        var facts = block.Facts;
        var agents = facts[FactColumn.Agent];
        var addresses = facts[FactColumn.Addresses];
        var pairs = facts.Starts(FactColumn.PairCount);
        foreach (var sums in block.Sums())
        {
            var numbers = sums.Read(PeerColumn.Peer);
            var columns = new SumColumns(sums);
            foreach (var (peer, (details, place)) in peers)
            {
                if (numbers.BinarySearch(peer) is var row && row >= 0)
                {
                    details.Add(in columns, row, agents[pairs[place]], addresses[pairs[place]], texts);
                }
            }
        }

        foreach (var group in (FactColumn[])[FactColumn.Contacted, FactColumn.Heard])
        {
            foreach (var (details, place) in peers.Values)
            {
                AddList(facts, group, FactPart.RequestCount, place, details._requests);
                AddList(facts, group, FactPart.DialCount, place, details._dials);
                AddList(facts, group, FactPart.FailedCount, place, details._failed);
            }

            var errors = facts[group + (int)FactPart.Error];
            if (errors.Count == 0)
            {
                continue;
            }

            var starts = facts.Starts(group + (int)FactPart.ErrorCount);
            foreach (var (details, place) in peers.Values)
            {
                for (var i = starts[place]; i < starts[place + 1]; i++)
                {
                    details.AddError(errors[i], texts, cancelled);
                }
            }
        }
    }

    private static void AddList(FactBlock facts, FactColumn group, FactPart counts, int place, List<long> values)
    {
        var column = facts[group + (int)counts + 1];
        if (column.Count > 0)
        {
            var starts = facts.Starts(group + (int)counts);
            var (first, count) = (values.Count, starts[place + 1] - starts[place]);
            CollectionsMarshal.SetCount(values, first + count);
            column.CopyTo(starts[place], CollectionsMarshal.AsSpan(values)[first..]);
        }
    }

    private void Add(in SumColumns sums, int row, long agent, long addresses, INumberedStrings texts)
    {
        var (seen, first, last) = ((int)sums.Seen[row], sums.First[row], sums.Last[row]);
        _seen += seen;
        _queried += (int)sums.Queried[row];
        _answered += (int)sums.Answered[row];
        _first = Math.Min(_first, first);
        _last = Math.Max(_last, last);
        _timeLost = sums.TimeLost[row] is var lost && lost != ColumnCodec.Unknown ? _timeLost.GetValueOrDefault() + lost : _timeLost;
        _named = sums.Named[row] is var named && named != ColumnCodec.Unknown ? _named.GetValueOrDefault() + named : _named;
        if (agent != ColumnCodec.Unknown)
        {
            _agentTexts.TryAdd(agent, texts.Get(agent));
            SeenSums.Of(_agents, agent).Add(seen, first, last);
        }

        foreach (var address in AddressesOf(addresses, texts).Distinct(StringComparer.Ordinal))
        {
            SeenSums.Of(_addresses, address).Add(seen, first, last);
        }
    }

    private void AddError(long error, INumberedStrings texts, long cancelled)
    {
        if (error == cancelled)
        {
            _cancelled++;
        }
        else
        {
            _failures.Add(texts.Get(error), 1, 0);
        }
    }

    private string[] AddressesOf(long list, INumberedStrings texts)
    {
        if (list == ColumnCodec.Unknown)
        {
            return [];
        }

        if (!_lists.TryGetValue(list, out var addresses))
        {
            addresses = texts.Get(list).Split('\n');
            _lists.Add(list, addresses);
        }

        return addresses;
    }

    /// <summary>The figures.</summary>
    public PeerSummary Summary(string peerId) =>
        new()
        {
            PeerId = peerId,
            Seen = _seen,
            Queried = _queried,
            Answered = _answered,
            Failures = _failures.Counts,
            Cancelled = _cancelled,
            TimeLostNs = _timeLost,
            FailureTime = DistributionOf(_failed),
            RequestLatency = DistributionOf(_requests),
            DialLatency = DistributionOf(_dials),
            NamedByOthers = _named,
            FirstSeenUnixNano = (ulong)_first,
            LastSeenUnixNano = (ulong)_last,
            Agents = Seen(_agents.Select(agent => (_agentTexts[agent.Key], agent.Value))),
            Addresses = Seen(_addresses.Select(static address => (address.Key, address.Value))),
        };

    private static Distribution DistributionOf(List<long> values)
    {
        var sorted = CollectionsMarshal.AsSpan(values);
        RadixSort.Sort(sorted);
        return Distribution.OfSorted(sorted, 0);
    }

    private static ImmutableArray<SeenText> Seen(IEnumerable<(string Text, SeenSums Sums)> texts) =>
        [
            .. texts
                .Select(static text => new SeenText(text.Text, text.Sums.Operations, (ulong)text.Sums.First, (ulong)text.Sums.Last))
                .OrderBy(static text => text.FirstUnixNano)
                .ThenBy(static text => text.Text, StringComparer.Ordinal),
        ];

    private static int Place(ColumnView numbers, long peer)
    {
        var (low, high) = (0, numbers.Count - 1);
        while (low <= high)
        {
            var middle = (low + high) / 2;
            var number = numbers[middle];
            if (number == peer)
            {
                return middle;
            }

            (low, high) = number < peer ? (middle + 1, high) : (low, middle - 1);
        }

        return -1;
    }

    private void Walk(ref Group contacted, ref Group heard, in Queries queries, int place, INumberedStrings texts, long cancelled)
    {
        (_seenBy, _queriedBy, _answeredBy) = (-1, -1, -1);
        foreach (var sums in _agents.Values.Concat(_addresses.Values))
        {
            sums.LastBy = -1;
        }

        // The facts of both groups in the order of their queries, so that those of an operation come one after another.
        contacted.Cursor.Seek(place);
        heard.Cursor.Seek(place);
        var hasContacted = Next(ref contacted, queries);
        var hasHeard = Next(ref heard, queries);
        while (hasContacted || hasHeard)
        {
            if (hasContacted && (!hasHeard || contacted.Cursor.Query <= heard.Cursor.Query))
            {
                Add(ref contacted, in queries, place, texts, cancelled);
                hasContacted = Next(ref contacted, queries);
            }
            else
            {
                Add(ref heard, in queries, place, texts, cancelled);
                hasHeard = Next(ref heard, queries);
            }
        }
    }

    private static bool Next(ref Group group, in Queries queries)
    {
        while (group.Cursor.Next())
        {
            if (queries.Passes[group.Cursor.Query])
            {
                return true;
            }
        }

        return false;
    }

    private void Add(ref Group group, in Queries queries, int place, INumberedStrings texts, long cancelled)
    {
        ref readonly var fact = ref group.Cursor;
        var (operation, start) = (queries.Operations[fact.Query], queries.Starts[fact.Query]);
        _seen += Counts(true, operation, ref _seenBy);
        _queried += Counts(fact.Has(FactFlags.Queried), operation, ref _queriedBy);
        _answered += Counts(fact.Has(FactFlags.Answered), operation, ref _answeredBy);
        _first = Math.Min(_first, start);
        _last = Math.Max(_last, start);
        if (fact.Has(FactFlags.LostKnown))
        {
            _timeLost = _timeLost.GetValueOrDefault() + (!fact.Has(FactFlags.HasLost) ? 0 : group.Lost[fact.LostAt]);
        }

        if (group.Named[fact.At] is var named && named != ColumnCodec.Unknown)
        {
            _named = _named.GetValueOrDefault() + named;
        }

        AddValue(_requests, fact.Flags & FactFlags.HasRequest, group.Requests, fact.RequestAt);
        AddValue(_dials, fact.Flags & FactFlags.HasDial, group.Dials, fact.DialAt);
        AddValue(_failed, fact.Flags & FactFlags.HasFailed, group.Failed, fact.FailedAt);
        for (var i = 0; i < fact.Errors; i++)
        {
            AddError(group.Errors[fact.ErrorAt + i], texts, cancelled);
        }

        var pair = queries.PairStarts[place] + (int)group.Pairs[fact.At];
        if (queries.Agents[pair] is var agent && agent != ColumnCodec.Unknown)
        {
            _agentTexts.TryAdd(agent, texts.Get(agent));
            SeenSums.Of(_agents, agent).Add(operation, start);
        }

        foreach (var address in AddressesOf(queries.Addresses[pair], texts))
        {
            SeenSums.Of(_addresses, address).Add(operation, start);
        }
    }

    private static void AddValue(List<long> values, FactFlags flag, ColumnView column, int place)
    {
        if (flag != FactFlags.None)
        {
            values.Add(column[place]);
        }
    }

    private static int Counts(bool does, long operation, ref long last)
    {
        if (!does || last == operation)
        {
            return 0;
        }

        last = operation;
        return 1;
    }

    // The columns of a group, and a place in it.
    private ref struct Group(FactBlock facts, FactColumn group)
    {
        public FactCursor Cursor = new(facts, group);

        public ColumnView Named { get; } = facts[group + (int)FactPart.Named];

        public ColumnView Pairs { get; } = facts[group + (int)FactPart.Pair];

        public ColumnView Lost { get; } = facts[group + (int)FactPart.Lost];

        public ColumnView Requests { get; } = facts[group + (int)FactPart.Request];

        public ColumnView Dials { get; } = facts[group + (int)FactPart.Dial];

        public ColumnView Failed { get; } = facts[group + (int)FactPart.Failed];

        public ColumnView Errors { get; } = facts[group + (int)FactPart.Error];
    }

    // What both groups share.
    private readonly ref struct Queries(ScannedPeers block)
    {
        public bool[] Passes { get; } = block.Passes;

        public ColumnView Operations { get; } = block.Facts[FactColumn.QueryOperation];

        public ColumnView Starts { get; } = block.Facts[FactColumn.QueryStart];

        public ReadOnlySpan<int> PairStarts { get; } = block.Facts.Starts(FactColumn.PairCount);

        public ColumnView Agents { get; } = block.Facts[FactColumn.Agent];

        public ColumnView Addresses { get; } = block.Facts[FactColumn.Addresses];
    }

    private sealed class SeenSums
    {
        public long LastBy { get; set; } = -1;

        public int Operations { get; private set; }

        public long First { get; private set; } = long.MaxValue;

        public long Last { get; private set; } = long.MinValue;

        public static SeenSums Of<TKey>(Dictionary<TKey, SeenSums> all, TKey key)
            where TKey : notnull
        {
            if (!all.TryGetValue(key, out var sums))
            {
                sums = new SeenSums();
                all.Add(key, sums);
            }

            return sums;
        }

        // Adds a fact of an operation. Its other facts come right before or after.
        public void Add(long operation, long start)
        {
            Add(LastBy == operation ? 0 : 1, start, start);
            LastBy = operation;
        }

        public void Add(int operations, long first, long last)
        {
            Operations += operations;
            First = Math.Min(First, first);
            Last = Math.Max(Last, last);
        }
    }

    // The columns of stored sums.
    private readonly ref struct SumColumns(PeerBlock sums)
    {
        public ReadOnlySpan<long> Seen { get; } = sums.Read(PeerColumn.Seen);

        public ReadOnlySpan<long> Queried { get; } = sums.Read(PeerColumn.Queried);

        public ReadOnlySpan<long> Answered { get; } = sums.Read(PeerColumn.Answered);

        public ReadOnlySpan<long> TimeLost { get; } = sums.Read(PeerColumn.TimeLost);

        public ReadOnlySpan<long> Named { get; } = sums.Read(PeerColumn.Named);

        public ReadOnlySpan<long> First { get; } = sums.Read(PeerColumn.First);

        public ReadOnlySpan<long> Last { get; } = sums.Read(PeerColumn.Last);
    }
}
