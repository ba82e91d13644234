using System.Collections.Immutable;
using DhtTracer.Analysis.Model;
using DhtTracer.Analysis.Statistics;

namespace DhtTracer.Analysis.Network;

/// <summary>
/// The closest sets of many lookups. In a network of N ids, N times the distance of the k-th closest id to a key, as a share of the key
/// space, follows Gamma(k, 1). So all sets together tell N, and each can be held against the others (<c>docs/network.md</c>).
/// </summary>
public sealed class ClosestSets
{
    /// <summary>Keys that an estimate needs at least; below, everything says "too few".</summary>
    public const int FewestKeys = 5;

    private const double TailOfInterval = 0.025;

    private readonly List<ObservedLookup> _lookups = [];
    private readonly Dictionary<ulong, Set> _byKey = [];
    private readonly HashSet<ulong> _distinct = [];
    private int _points;
    private double _area;

    /// <summary>Lookups with a closest set, in the order added.</summary>
    public IReadOnlyList<ObservedLookup> Lookups => _lookups;

    /// <summary>Distinct keys of these.</summary>
    public int Keys => _byKey.Count;

    /// <summary>Distinct peers in all sets.</summary>
    public int DistinctPeers => _distinct.Count;

    /// <summary>Adds a lookup, latest first. Of those of one key, the first counts for estimates: others say the same.</summary>
    public void Add(ObservedLookup lookup)
    {
        if (lookup is not { Key: { } key, Radius: { } radius })
        {
            return;
        }

        _lookups.Add(lookup);
        if (_byKey.TryAdd(key, new Set(lookup.Closest.Length, radius, lookup.Closest)))
        {
            _points += lookup.Closest.Length;
            _area += radius;
            _distinct.UnionWith(lookup.Closest);
        }
    }

    /// <summary>The number of peers that answer; null with too few keys.</summary>
    public NetworkSize? Size()
    {
        if (Keys < FewestKeys)
        {
            return null;
        }

        // Sets that share peers, and sets that scatter more than chance, tell less than their number.
        var peers = _points / _area;
        var scatter = _byKey.Values.Average(set => Square((peers * set.Radius / set.Count) - 1) * set.Count);
        var shape = Math.Min(_points, _distinct.Count) / Math.Max(1, scatter);
        return new NetworkSize(
            peers,
            peers * GammaDistribution.Quantile(shape, TailOfInterval) / shape,
            peers * GammaDistribution.Quantile(shape, 1 - TailOfInterval) / shape,
            _lookups.Count,
            Keys
        );
    }

    /// <summary>
    /// How surprising it is that the set of a lookup is so near to its key, when all other keys tell how dense the network is; null with
    /// too few other keys, or when the lookup has no set.
    /// </summary>
    public EclipseVerdict? Test(ObservedLookup lookup)
    {
        if (
            lookup is not { Key: { } key, Radius: { } radius }
            || WithoutKey(key) is not { Keys: >= FewestKeys, Area: > 0, Points: > 0 } others
        )
        {
            return null;
        }

        var density = others.Points / others.Area;
        return new EclipseVerdict(
            lookup.Query,
            lookup.StartUnixNano,
            $"{key:x16}",
            lookup.Closest.Length,
            density,
            density * radius,
            PValue(lookup.Closest.Length, radius, others.Points, others.Area),
            others.Keys
        );
    }

    /// <summary>
    /// The lookups whose set is nearer to the key than chance allows, most surprising first, with the false discovery rate at 1 %.
    /// </summary>
    public ImmutableArray<EclipseVerdict> Suspicious()
    {
        const double Level = 0.01;

        // No p-value above the level can be rejected, so most lookups need none: those that are not much nearer than expected.
        const double WorthTesting = 0.75;
        var verdicts = new List<EclipseVerdict>();
        var density = _points / _area;
        foreach (var lookup in _lookups)
        {
            if (density * lookup.Radius < WorthTesting * lookup.Closest.Length && Test(lookup) is { PValue: <= Level } verdict)
            {
                verdicts.Add(verdict);
            }
        }

        verdicts.Sort(static (x, y) => x.PValue.CompareTo(y.PValue));
        var adjusted = new double[verdicts.Count];
        var least = 1.0;
        for (var i = verdicts.Count - 1; i >= 0; i--)
        {
            least = Math.Min(least, verdicts[i].PValue * _lookups.Count / (i + 1));
            adjusted[i] = least;
        }

        return [.. verdicts.Select((verdict, i) => verdict with { Adjusted = adjusted[i] }).Where(static v => v.Adjusted <= Level)];
    }

    /// <summary>P-value of a set under the density of others: N is integrated out, so its uncertainty is included.</summary>
    /// <param name="count">Peers in the set.</param>
    /// <param name="radius">Distance of the farthest, as a share of the key space.</param>
    /// <param name="points">Peers in the other sets.</param>
    /// <param name="area">Sum of their radii.</param>
    internal static double PValue(int count, double radius, double points, double area) =>
        // Both areas times N are gamma variables, so the first's share of their sum is a beta variable whatever N is.
        Binomial.IncompleteBeta(count, points, radius / (radius + area));

    /// <summary>The sets by key, with the key.</summary>
    internal IEnumerable<(ulong Key, int Count, double Radius, ImmutableArray<ulong> Closest)> ByKey() =>
        _byKey.Select(static pair => (pair.Key, pair.Value.Count, pair.Value.Radius, pair.Value.Closest));

    private (int Keys, double Points, double Area) WithoutKey(ulong key)
    {
        var own = _byKey.GetValueOrDefault(key);
        var scale = _points == 0 ? 0 : (double)_distinct.Count / _points;
        return (Keys - (own is null ? 0 : 1), scale * (_points - (own?.Count ?? 0)), scale * (_area - (own?.Radius ?? 0)));
    }

    private static double Square(double value) => value * value;

    private sealed record Set(int Count, double Radius, ImmutableArray<ulong> Closest);
}

/// <summary>An estimate of how many peers of a network answer.</summary>
/// <param name="Peers">The estimate: maximum likelihood over all closest sets.</param>
/// <param name="Low">Lower end of its 95 % interval.</param>
/// <param name="High">Upper end.</param>
/// <param name="Lookups">Lookups with a closest set.</param>
/// <param name="Keys">Their distinct keys, on which the estimate rests.</param>
public sealed record NetworkSize(double Peers, double Low, double High, int Lookups, int Keys);

/// <summary>What the eclipse test says of one lookup.</summary>
/// <param name="Query">The query.</param>
/// <param name="StartUnixNano">Its start, in nanoseconds since 1970-01-01 UTC.</param>
/// <param name="Key">First 64 bits of the Kademlia id of its key, as 16 hex digits.</param>
/// <param name="Closest">Peers in its closest set, k.</param>
/// <param name="Size">Peers of the network, from the other keys.</param>
/// <param name="Expected">Peers that a network of this size has within the set's radius: near k when nothing is wrong, far below it
/// when the key is surrounded.</param>
/// <param name="PValue">Probability of a set that is so near or nearer in an honest network, 0 to 1.</param>
/// <param name="OtherKeys">Keys on which <paramref name="Size"/> rests.</param>
public sealed record EclipseVerdict(
    QueryId Query,
    ulong StartUnixNano,
    string Key,
    int Closest,
    double Size,
    double Expected,
    double PValue,
    int OtherKeys
)
{
    /// <summary>Below this, one lookup looked at by itself is called suspicious.</summary>
    public const double Level = 0.001;

    /// <summary>The p-value adjusted for all lookups of a list (Benjamini and Hochberg); null for a lookup by itself.</summary>
    public double? Adjusted { get; init; }

    /// <summary>How many times denser than the network the key's neighbourhood is.</summary>
    public double Times => Closest / Expected;
}
