using System.Collections.Immutable;
using DhtTracer.Analysis.Statistics;
using DhtTracer.Storage.Packed;

namespace DhtTracer.Storage.Columns;

/// <summary>Everything about one peer, summed over blocks.</summary>
internal sealed class PeerDetails
{
    private readonly Dictionary<string, (int Operations, ulong First, ulong Last)> _agents = new(StringComparer.Ordinal);
    private readonly Dictionary<string, (int Operations, ulong First, ulong Last)> _addresses = new(StringComparer.Ordinal);
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
    private ulong _first = ulong.MaxValue;
    private ulong _last;

    /// <summary>Whether any operation heard of it.</summary>
    public bool IsSeen => _seen > 0;

    /// <summary>Adds its row of a block.</summary>
    public void Add(PeerBlock block, int row, INumberedStrings texts)
    {
        long? Known(PeerColumn column) => block[column][row] is var value && value != ColumnCodec.Unknown ? value : null;

        _seen += (int)block[PeerColumn.Seen][row];
        _queried += (int)block[PeerColumn.Queried][row];
        _answered += (int)block[PeerColumn.Answered][row];
        _cancelled += (int)block[PeerColumn.Cancelled][row];
        _timeLost = Known(PeerColumn.TimeLost) is { } lost ? _timeLost.GetValueOrDefault() + lost : _timeLost;
        _named = Known(PeerColumn.Named) is { } named ? _named.GetValueOrDefault() + named : _named;
        _first = Math.Min(_first, (ulong)block[PeerColumn.First][row]);
        _last = Math.Max(_last, (ulong)block[PeerColumn.Last][row]);
        _requests.AddRange(Values(block, PeerColumn.RequestCount, PeerColumn.Request, row));
        _dials.AddRange(Values(block, PeerColumn.DialCount, PeerColumn.Dial, row));
        _failed.AddRange(Values(block, PeerColumn.FailedCount, PeerColumn.Failed, row));
        var classes = Range(block, PeerColumn.ClassCount, row);
        for (var i = classes.Start.Value; i < classes.End.Value; i++)
        {
            _failures.Add(texts.Get(block[PeerColumn.Class][i]), block[PeerColumn.ClassFailures][i], 0);
        }

        AddSeen(block, PeerColumn.AgentCount, PeerColumn.Agent, row, texts, _agents);
        AddSeen(block, PeerColumn.AddressCount, PeerColumn.Address, row, texts, _addresses);
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
            FailureTime = Distribution.Of(_failed.Select(static ns => (long?)ns)),
            RequestLatency = Distribution.Of(_requests.Select(static ns => (long?)ns)),
            DialLatency = Distribution.Of(_dials.Select(static ns => (long?)ns)),
            NamedByOthers = _named,
            FirstSeenUnixNano = _first,
            LastSeenUnixNano = _last,
            Agents = Seen(_agents),
            Addresses = Seen(_addresses),
        };

    private static ImmutableArray<SeenText> Seen(Dictionary<string, (int Operations, ulong First, ulong Last)> texts) =>
        [
            .. texts
                .Select(static text => new SeenText(text.Key, text.Value.Operations, text.Value.First, text.Value.Last))
                .OrderBy(static text => text.FirstUnixNano)
                .ThenBy(static text => text.Text, StringComparer.Ordinal),
        ];

    private static ReadOnlySpan<long> Values(PeerBlock block, PeerColumn count, PeerColumn values, int row) =>
        block[values].AsSpan(Range(block, count, row));

    private static Range Range(PeerBlock block, PeerColumn count, int row)
    {
        var starts = block.Starts(count);
        return starts[row]..starts[row + 1];
    }

    private static void AddSeen(
        PeerBlock block,
        PeerColumn count,
        PeerColumn text,
        int row,
        INumberedStrings texts,
        Dictionary<string, (int Operations, ulong First, ulong Last)> seen
    )
    {
        var range = Range(block, count, row);
        for (var i = range.Start.Value; i < range.End.Value; i++)
        {
            var number = block[text][i];
            var name = number < 0 ? block.NewTexts[(int)(-number - 1)] : texts.Get(number);
            var (first, last) = ((ulong)block[text + 2][i], (ulong)block[text + 3][i]);
            var operations = (int)block[text + 1][i];
            seen[name] = seen.TryGetValue(name, out var known)
                ? (known.Operations + operations, Math.Min(known.First, first), Math.Max(known.Last, last))
                : (operations, first, last);
        }
    }
}
