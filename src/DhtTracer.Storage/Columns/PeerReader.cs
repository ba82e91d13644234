using System.Buffers;
using System.Runtime.InteropServices;
using DhtTracer.Analysis.Statistics;
using DhtTracer.Analysis.Statistics.Comparing;
using DhtTracer.Storage.Packed;
using DhtTracer.Storage.Statistics;

namespace DhtTracer.Storage.Columns;

/// <summary>
/// Answers about the peers of all operations that pass a filter. Over 300 lines, because each answer is made of the same few steps.
/// </summary>
internal static class PeerReader
{
    /// <summary>Durations held in memory at once when every peer's percentile is wanted: 32 MB.</summary>
    private const int MostValues = 4_000_000;

    /// <summary>A part of the list of peers.</summary>
    public static PeerPage List(IPeerScan scan, PeerListing listing, CancellationToken cancellationToken)
    {
        var (column, percentile) = ColumnOf(listing.Rank);
        var totals = new PeerTotals(column, PeerColumn.Queried);
        var agents = listing.Find is { } wantedAgent ? new AgentSearch(scan.Texts, wantedAgent) : null;
        foreach (var block in scan.Read(cancellationToken))
        {
            Add(totals, block, column is PeerColumn.Seen or PeerColumn.Named);
            agents?.Add(block);
        }

        var operations = scan.Operations;
        var values = percentile is { } wanted
            ? Percentiles(scan, totals, column, wanted.Values, wanted.Percent, cancellationToken)
            : [.. Enumerable.Range(0, totals.Count).Select(place => totals.Sum(column, place) ?? -1)];
        var places = Enumerable
            .Range(0, totals.Count)
            .Where(place =>
                listing.Find is not { } text
                || agents!.Found.Contains(totals.Peer(place))
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
        var squares = new List<double>();
        var losses = new PeerLosses();
        foreach (var block in scan.Read(cancellationToken))
        {
            if (!block.IsSummed)
            {
                var sums = block.SumMet();
                totals.Add(sums);
                AddLosses(totals, squares, losses, scan.Texts, column => CollectionsMarshal.AsSpan(sums[column]));
                continue;
            }

            foreach (var sums in block.Sums())
            {
                totals.Add(sums);
                AddLosses(totals, squares, losses, scan.Texts, sums.Read);
            }
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
                losses.Peers.Add(scan.Peers.Get(peer), lost, squares[place]);
            }
        }

        return new PeersMet(met, losses);
    }

    private static void Add(PeerTotals totals, ScannedPeers block, bool withHeard)
    {
        if (!block.IsSummed)
        {
            totals.Add(withHeard ? block.SumAll() : block.SumContacted(totals.IsSettled));
            return;
        }

        foreach (var sums in block.Sums())
        {
            totals.Add(sums);
        }
    }

    private static (PeerColumn Column, (FactPart Values, int Percent)? Percentile) ColumnOf(PeerRank rank) =>
        rank switch
        {
            PeerRank.TimeLost => (PeerColumn.TimeLost, null),
            PeerRank.Failures => (PeerColumn.Failures, null),
            PeerRank.Seen => (PeerColumn.Seen, null),
            PeerRank.Queried => (PeerColumn.Queried, null),
            PeerRank.Answered => (PeerColumn.Answered, null),
            PeerRank.Cancelled => (PeerColumn.Cancelled, null),
            PeerRank.Named => (PeerColumn.Named, null),
            PeerRank.RequestP50 => (PeerColumn.RequestCount, (FactPart.Request, 50)),
            PeerRank.RequestP95 => (PeerColumn.RequestCount, (FactPart.Request, 95)),
            PeerRank.DialP50 => (PeerColumn.DialCount, (FactPart.Dial, 50)),
            _ => throw new ArgumentOutOfRangeException(nameof(rank), rank, "No such rank."),
        };

    // A percentile of every peer, -1 without values. The values of some peers at a time are gathered from all blocks.
    private static long[] Percentiles(
        IPeerScan scan,
        PeerTotals totals,
        PeerColumn count,
        FactPart values,
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

            var gathered = ArrayPool<long>.Shared.Rent(starts[^1]);
            var next = starts.ToArray();
            foreach (var block in scan.Read(cancellationToken))
            {
                foreach (var group in (FactColumn[])[FactColumn.Contacted, FactColumn.Heard])
                {
                    Gather(block, group, values, totals, first, gathered, next, starts);
                }
            }

            for (var place = first; place < last; place++)
            {
                // Fewer are there than counted only in a damaged database.
                var slice = gathered.AsSpan(starts[place - first]..next[place - first]);
                if (!slice.IsEmpty)
                {
                    percentiles[place] = Selection.Percentile(slice, percent);
                }
            }

            ArrayPool<long>.Shared.Return(gathered);
            first = last;
        }

        return percentiles;
    }

    private static void Gather(
        ScannedPeers block,
        FactColumn group,
        FactPart part,
        PeerTotals totals,
        int first,
        long[] gathered,
        int[] next,
        List<int> ends
    )
    {
        var values = block.Facts[group + (int)part];
        if (values.Count == 0)
        {
            return;
        }

        var peers = block.Facts[FactColumn.Peer];
        var counts = block.Facts[group + (int)part - 1];
        var flag = part == FactPart.Request ? FactFlags.HasRequest : FactFlags.HasDial;
        var cursor = new FactCursor(block.Facts, group);
        var isWhole = block.IsWhole;
        var at = 0;
        for (var i = 0; i < peers.Count; i++)
        {
            var place = totals.Place(peers[i]) - first;
            var count = (int)counts[i];
            if (place < 0 || place >= next.Length - 1 || count == 0)
            {
                at += count;
                continue;
            }

            if (isWhole)
            {
                Check(next[place] + count, ends[place + 1]);
                values.CopyTo(at, gathered.AsSpan(next[place], count));
                next[place] += count;
                at += count;
                continue;
            }

            cursor.Seek(i);
            while (cursor.Next())
            {
                if (cursor.Has(flag) && block.Passes[cursor.Query])
                {
                    Check(next[place] + 1, ends[place + 1]);
                    gathered[next[place]++] = values[part == FactPart.Request ? cursor.RequestAt : cursor.DialAt];
                }
            }

            at += count;
        }
    }

    private static void Check(int end, int most)
    {
        if (end > most)
        {
            throw new InvalidDataException("The database is damaged: a block has more durations of a peer than its sums tell.");
        }
    }

    private static List<PeerSummary> Summaries(IPeerScan scan, List<long> peers, CancellationToken cancellationToken)
    {
        var sums = peers.Distinct().ToDictionary(static peer => peer, static _ => new PeerDetails());
        foreach (var block in scan.Read(cancellationToken))
        {
            if (sums.Count > 0)
            {
                PeerDetails.Add(block, sums, scan.Texts, scan.Cancelled);
            }
        }

        return [.. peers.Where(peer => sums[peer].IsSeen).Select(peer => sums[peer].Summary(scan.Peers.Get(peer)))];
    }

    private delegate ReadOnlySpan<long> ReadColumn(PeerColumn column);

    private static void AddLosses(PeerTotals totals, List<double> squares, PeerLosses losses, INumberedStrings texts, ReadColumn read)
    {
        losses.Operations += (int)read(PeerColumn.LossOperations)[0];
        var peers = read(PeerColumn.Peer);
        var lost = read(PeerColumn.DecisiveLost);
        var bits = read(PeerColumn.DecisiveSquares);
        CollectionsMarshal.SetCount(squares, Math.Max(squares.Count, totals.Count));
        for (var i = 0; i < peers.Length; i++)
        {
            if (lost[i] > 0)
            {
                squares[totals.Place(peers[i])] += BitConverter.Int64BitsToDouble(bits[i]);
            }
        }

        AddLosses(PeerColumn.LossAgent, losses.Agents);
        AddLosses(PeerColumn.LossClass, losses.ErrorClasses);

        void AddLosses(PeerColumn first, NamedSums named)
        {
            var names = read(first);
            var sums = read(first + 1);
            var squaresOfNames = read(first + 2);
            for (var i = 0; i < names.Length; i++)
            {
                named.Add(texts.Get(names[i]), sums[i], BitConverter.Int64BitsToDouble(squaresOfNames[i]));
            }
        }
    }
}
