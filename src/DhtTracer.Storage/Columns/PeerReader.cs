using DhtTracer.Analysis.Statistics;
using DhtTracer.Analysis.Statistics.Comparing;
using DhtTracer.Storage.Packed;
using DhtTracer.Storage.Statistics;

namespace DhtTracer.Storage.Columns;

/// <summary>Answers about the peers of all operations that pass a filter.</summary>
internal static class PeerReader
{
    /// <summary>Durations held in memory at once when every peer's percentile is wanted: 32 MB.</summary>
    private const int MostValues = 4_000_000;

    /// <summary>A part of the list of peers.</summary>
    public static PeerPage List(IPeerScan scan, PeerListing listing, CancellationToken cancellationToken)
    {
        var (column, percentile) = ColumnOf(listing.Rank);
        var totals = new PeerTotals(column, PeerColumn.Queried);
        var withAgent = new HashSet<long>();
        var agents = new Dictionary<long, bool>();
        foreach (var block in scan.Read(cancellationToken))
        {
            totals.Add(block);
            if (listing.Find is { } text)
            {
                FindAgents(block, scan.Texts, text, agents, withAgent);
            }
        }

        var operations = scan.Operations;
        var values = percentile is { } wanted
            ? Percentiles(scan, totals, column, wanted.Values, wanted.Percent, cancellationToken)
            : [.. Enumerable.Range(0, totals.Count).Select(place => totals.Sum(column, place) ?? -1)];
        var places = Enumerable
            .Range(0, totals.Count)
            .Where(place =>
                listing.Find is not { } text
                || withAgent.Contains(totals.Peer(place))
                || scan.Peers.Get(totals.Peer(place)).Contains(text, StringComparison.Ordinal)
            )
            .ToArray();
        Array.Sort(places, Compare);
        var page = places.Skip(listing.Skip).Take(listing.Take).Select(totals.Peer).ToList();
        return new PeerPage(Summaries(scan, page, cancellationToken), places.Length, operations);

        int Compare(int x, int y)
        {
            var byValue = values[y].CompareTo(values[x]);
            var order = byValue != 0 ? byValue : Queried(y).CompareTo(Queried(x));
            return order != 0 || x == y ? order : string.CompareOrdinal(scan.Peers.Get(totals.Peer(x)), scan.Peers.Get(totals.Peer(y)));
        }

        long Queried(int place) => totals.Sum(PeerColumn.Queried, place).GetValueOrDefault();
    }

    /// <summary>One peer; none when no operation heard of it.</summary>
    public static PeerPage One(IPeerScan scan, long? peer, CancellationToken cancellationToken)
    {
        var peers = Summaries(scan, peer is { } number ? [number] : [], cancellationToken);
        return new PeerPage(peers, peers.Count, scan.Operations);
    }

    /// <summary>What a comparison needs of the peers.</summary>
    public static PeersMet Met(IPeerScan scan, CancellationToken cancellationToken)
    {
        var totals = new PeerTotals(PeerColumn.Met, PeerColumn.DecisiveLost);
        var squares = new Dictionary<long, double>();
        var losses = new PeerLosses();
        foreach (var block in scan.Read(cancellationToken))
        {
            totals.Add(block);
            losses.Operations += (int)block[PeerColumn.LossOperations][0];
            AddSquares(block, squares);
            AddLosses(block, PeerColumn.LossAgent, scan.Texts, losses.Agents);
            AddLosses(block, PeerColumn.LossClass, scan.Texts, losses.ErrorClasses);
        }

        var met = new Dictionary<string, int>(StringComparer.Ordinal);
        for (var place = 0; place < totals.Count; place++)
        {
            var peer = totals.Peer(place);
            if (totals.Sum(PeerColumn.Met, place) is > 0 and { } count)
            {
                met.Add(scan.Peers.Get(peer), (int)count);
            }

            if (totals.Sum(PeerColumn.DecisiveLost, place) is > 0 and { } lost)
            {
                losses.Peers.Add(scan.Peers.Get(peer), lost, squares[peer]);
            }
        }

        return new PeersMet(met, losses);
    }

    private static (PeerColumn Column, (PeerColumn Values, int Percent)? Percentile) ColumnOf(PeerRank rank) =>
        rank switch
        {
            PeerRank.TimeLost => (PeerColumn.TimeLost, null),
            PeerRank.Failures => (PeerColumn.Failures, null),
            PeerRank.Seen => (PeerColumn.Seen, null),
            PeerRank.Queried => (PeerColumn.Queried, null),
            PeerRank.Answered => (PeerColumn.Answered, null),
            PeerRank.Cancelled => (PeerColumn.Cancelled, null),
            PeerRank.Named => (PeerColumn.Named, null),
            PeerRank.RequestP50 => (PeerColumn.RequestCount, (PeerColumn.Request, 50)),
            PeerRank.RequestP95 => (PeerColumn.RequestCount, (PeerColumn.Request, 95)),
            PeerRank.DialP50 => (PeerColumn.DialCount, (PeerColumn.Dial, 50)),
            _ => throw new ArgumentOutOfRangeException(nameof(rank), rank, "No such rank."),
        };

    private static void FindAgents(PeerBlock block, INumberedStrings texts, string text, Dictionary<long, bool> agents, HashSet<long> found)
    {
        var (peers, starts, numbers) = (block[PeerColumn.Peer], block.Starts(PeerColumn.AgentCount), block[PeerColumn.Agent]);
        for (var i = 0; i < peers.Length; i++)
        {
            for (var j = starts[i]; j < starts[i + 1]; j++)
            {
                if (!agents.TryGetValue(numbers[j], out var matches))
                {
                    matches = texts.Get(numbers[j]).Contains(text, StringComparison.OrdinalIgnoreCase);
                    agents.Add(numbers[j], matches);
                }

                if (matches)
                {
                    found.Add(peers[i]);
                }
            }
        }
    }

    // A percentile of every peer, -1 without values. The values of some peers at a time are gathered from all blocks.
    private static long[] Percentiles(
        IPeerScan scan,
        PeerTotals totals,
        PeerColumn count,
        PeerColumn column,
        int percent,
        CancellationToken cancellationToken
    )
    {
        var percentiles = new long[totals.Count];
        Array.Fill(percentiles, -1);
        for (var first = 0; first < totals.Count; )
        {
            var starts = new List<int> { 0 };
            var last = first;
            while (last < totals.Count && (last == first || starts[^1] < MostValues))
            {
                starts.Add(starts[^1] + (int)totals.Sum(count, last++).GetValueOrDefault());
            }

            var values = new long[starts[^1]];
            var next = starts.ToArray();
            foreach (var block in scan.Read(cancellationToken))
            {
                var (peers, from, all) = (block[PeerColumn.Peer], block.Starts(count), block[column]);
                for (var i = 0; i < peers.Length; i++)
                {
                    var place = totals.Place(peers[i]) - first;
                    if (place >= 0 && place < last - first)
                    {
                        var slice = all.AsSpan(from[i]..from[i + 1]);
                        slice.CopyTo(values.AsSpan(next[place]));
                        next[place] += slice.Length;
                    }
                }
            }

            for (var place = first; place < last; place++)
            {
                var slice = values.AsSpan(starts[place - first]..starts[place - first + 1]);
                if (!slice.IsEmpty)
                {
                    RadixSort.Sort(slice);
                    percentiles[place] = Percentile.Of(slice, percent);
                }
            }

            first = last;
        }

        return percentiles;
    }

    private static List<PeerSummary> Summaries(IPeerScan scan, List<long> peers, CancellationToken cancellationToken)
    {
        var sums = peers.Distinct().ToDictionary(static peer => peer, static _ => new PeerDetails());
        foreach (var block in scan.Read(cancellationToken))
        {
            var numbers = sums.Count == 0 ? [] : block[PeerColumn.Peer];
            foreach (var (peer, details) in sums)
            {
                if (Array.BinarySearch(numbers, peer) is var row && row >= 0)
                {
                    details.Add(block, row, scan.Texts);
                }
            }
        }

        return [.. peers.Where(peer => sums[peer].IsSeen).Select(peer => sums[peer].Summary(scan.Peers.Get(peer)))];
    }

    private static void AddSquares(PeerBlock block, Dictionary<long, double> squares)
    {
        var (peers, lost, bits) = (block[PeerColumn.Peer], block[PeerColumn.DecisiveLost], block[PeerColumn.DecisiveSquares]);
        for (var i = 0; i < peers.Length; i++)
        {
            if (lost[i] > 0)
            {
                squares[peers[i]] = squares.GetValueOrDefault(peers[i]) + BitConverter.Int64BitsToDouble(bits[i]);
            }
        }
    }

    private static void AddLosses(PeerBlock block, PeerColumn first, INumberedStrings texts, NamedSums losses)
    {
        var (names, sums, bits) = (block[first], block[first + 1], block[first + 2]);
        for (var i = 0; i < names.Length; i++)
        {
            losses.Add(texts.Get(names[i]), sums[i], BitConverter.Int64BitsToDouble(bits[i]));
        }
    }
}
