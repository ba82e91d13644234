using System.Collections.Immutable;
using System.Numerics;
using DhtTracer.Analysis.Statistics;

namespace DhtTracer.Analysis.Network;

/// <summary>How dense the network is in one part of the key space, by the closest sets of the keys in it.</summary>
/// <param name="Prefix">The first bits of its ids, as text of 0 and 1.</param>
/// <param name="Keys">Distinct keys in it.</param>
/// <param name="Peers">Distinct peers in their closest sets.</param>
/// <param name="Times">Its density, divided by that of the other parts; null without keys.</param>
/// <param name="Low">Below this, 1 in 200 parts of an even network with so many peers looked at would be.</param>
/// <param name="High">Above this, 1 in 200 would be.</param>
/// <param name="PValue">Probability of such a density or more in an even network; null without keys.</param>
/// <param name="IsAlarm">Whether it is more than twice as dense as the others, and beyond chance: p times the number of parts is at most
/// 1 %.</param>
public sealed record PrefixDensity(
    string Prefix,
    int Keys,
    int Peers,
    double? Times,
    double? Low,
    double? High,
    double? PValue,
    bool IsAlarm
)
{
    /// <summary>Keys that a part has on average at least.</summary>
    private const int KeysOfPart = 8;

    /// <summary>Most bits of a prefix: 256 parts.</summary>
    private const int MostBits = 8;

    private const double AlarmTimes = 2;
    private const double AlarmLevel = 0.01;
    private const double Tail = 0.005;

    /// <summary>The parts of the key space, in order; none with too few keys for two.</summary>
    public static ImmutableArray<PrefixDensity> Of(ClosestSets sets)
    {
        var bits = Math.Min(MostBits, BitOperations.Log2((uint)Math.Max(1, sets.Keys / KeysOfPart)));
        if (bits == 0)
        {
            return [];
        }

        var parts = Enumerable.Range(0, 1 << bits).Select(static _ => new Part()).ToArray();
        foreach (var (key, count, radius, closest) in sets.ByKey())
        {
            var part = parts[key >> (64 - bits)];
            part.Keys++;
            part.Points += count;
            part.Area += radius;
            part.Distinct.UnionWith(closest);
        }

        var (points, area) = (parts.Sum(static part => part.Points), parts.Sum(static part => part.Area));
        var scale = (double)sets.DistinctPeers / points;
        return
        [
            .. parts.Select(
                (part, prefix) =>
                    Of(
                        Convert.ToString(prefix, 2).PadLeft(bits, '0'),
                        part,
                        scale * (points - part.Points),
                        scale * (area - part.Area),
                        parts.Length
                    )
            ),
        ];
    }

    // Sets that share peers tell less than their number: both counts are scaled down to distinct peers, and the areas with them.
    private static PrefixDensity Of(string prefix, Part part, double others, double area, int parts)
    {
        if (part.Keys == 0 || others <= 0 || area <= 0)
        {
            return new PrefixDensity(prefix, part.Keys, part.Distinct.Count, null, null, null, null, false);
        }

        var scale = part.Distinct.Count / part.Points;
        var (own, ownArea) = (scale * part.Points, scale * part.Area);
        var times = own / ownArea / (others / area);
        var p = Binomial.IncompleteBeta(own, others, ownArea / (ownArea + area));
        return new PrefixDensity(
            prefix,
            part.Keys,
            part.Distinct.Count,
            times,
            own / GammaDistribution.Quantile(own, 1 - Tail),
            own / GammaDistribution.Quantile(own, Tail),
            p,
            times > AlarmTimes && p * parts <= AlarmLevel
        );
    }

    private sealed class Part
    {
        public int Keys { get; set; }

        public double Points { get; set; }

        public double Area { get; set; }

        public HashSet<ulong> Distinct { get; } = [];
    }
}
