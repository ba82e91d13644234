using System.Collections.Immutable;
using System.Numerics;
using DhtTracer.Analysis.Model;
using DhtTracer.Analysis.Statistics;

namespace DhtTracer.Analysis.Network;

/// <summary>
/// How many of the peers near its key a lookup found: of those in the closest sets of other lookups of the same hour that lie within its
/// own radius, the share that is in its own set.
/// </summary>
/// <param name="Query">The query.</param>
/// <param name="Found">Of these peers, those that it found.</param>
/// <param name="Near">Peers that others found within its radius, at least half as many as it looked for.</param>
public sealed record LookupRecall(QueryId Query, int Found, int Near)
{
    private const ulong HourNs = 3_600_000_000_000;

    /// <summary>Lookups that a summary names.</summary>
    private const int MostNamed = 10;

    /// <summary>The recall of all lookups that other lookups allow to judge; null when there is none.</summary>
    public static RecallSummary? Of(ClosestSets sets)
    {
        var judged = new List<LookupRecall>();
        foreach (var hour in sets.Lookups.GroupBy(static lookup => lookup.StartUnixNano / HourNs))
        {
            Judge([.. hour], judged);
        }

        if (judged.Count == 0)
        {
            return null;
        }

        var shares = judged.Select(static lookup => (long)(1e6 * lookup.Found / lookup.Near)).ToArray();
        var low = Selection.Percentile(shares, 10) / 1e6;
        var median = Selection.Percentile(shares, 50) / 1e6;
        return new RecallSummary(
            judged.Count,
            judged.Sum(static lookup => (long)lookup.Found),
            judged.Sum(static lookup => (long)lookup.Near),
            median,
            low,
            [
                .. judged
                    .Where(static lookup => lookup.Found < lookup.Near)
                    .OrderBy(static lookup => (double)lookup.Found / lookup.Near)
                    .Take(MostNamed),
            ]
        );
    }

    private static void Judge(List<ObservedLookup> lookups, List<LookupRecall> judged)
    {
        // In how many sets each peer is, sorted by position: peers within a distance of a key lie in one stretch of positions.
        var counts = new Dictionary<ulong, int>();
        foreach (var position in lookups.SelectMany(static lookup => lookup.Closest))
        {
            counts[position] = counts.GetValueOrDefault(position) + 1;
        }

        var positions = counts.Keys.Order().ToArray();
        foreach (var lookup in lookups)
        {
            var key = lookup.Key.GetValueOrDefault();
            var farthest = lookup.Closest[^1] ^ key;
            var block = farthest == 0 ? 0 : ulong.MaxValue >> BitOperations.LeadingZeroCount(farthest);
            var first = Array.BinarySearch(positions, key & ~block);
            var (near, found) = (0, 0);
            for (var i = first < 0 ? ~first : first; i < positions.Length && positions[i] <= (key | block); i++)
            {
                if ((positions[i] ^ key) > farthest)
                {
                    continue;
                }

                var isOwn = lookup.Closest.Contains(positions[i]);
                if (counts[positions[i]] > (isOwn ? 1 : 0))
                {
                    near++;
                    found += isOwn ? 1 : 0;
                }
            }

            if (near * 2 >= lookup.Closest.Length)
            {
                judged.Add(new LookupRecall(lookup.Query, found, near));
            }
        }
    }
}

/// <summary>The recall of many lookups.</summary>
/// <param name="Lookups">Lookups that could be judged.</param>
/// <param name="Found">Peers that they found, summed.</param>
/// <param name="Near">Peers that others found within their radius, summed.</param>
/// <param name="Median">Median of the shares, 0 to 1.</param>
/// <param name="Low">The share that 1 in 10 lookups does not exceed.</param>
/// <param name="Worst">The lookups that missed most, at most 10.</param>
public sealed record RecallSummary(int Lookups, long Found, long Near, double Median, double Low, ImmutableArray<LookupRecall> Worst);
