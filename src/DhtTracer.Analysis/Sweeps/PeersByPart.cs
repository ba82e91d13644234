using System.Collections.Immutable;

namespace DhtTracer.Analysis.Sweeps;

/// <summary>
/// Finds parts of the key space whose peers behave differently from all others: none answers, or none has a record. A part is named only if
/// this would hardly happen by chance: with the share of such peers outside of it, all parts of that size together would show it in less
/// than one of a thousand sweeps.
/// </summary>
internal static class PeersByPart
{
    /// <summary>Longest prefix of a named part, in bits.</summary>
    private const int LongestPrefix = 20;

    private const double MostChanceLog10 = -3;

    /// <summary>The widest parts in which peers were tried and none ever answered.</summary>
    /// <param name="explorations">The lookups.</param>
    /// <param name="keys">Positions of the keys, each once.</param>
    public static ImmutableArray<SilentPart> Silent(IEnumerable<SweepExploration> explorations, List<ulong> keys)
    {
        var answers = new Dictionary<ulong, bool>();
        foreach (var exploration in explorations)
        {
            foreach (var peer in exploration.Failed)
            {
                answers.TryAdd(peer, false);
            }

            foreach (var peer in exploration.Answered)
            {
                answers[peer] = true;
            }
        }

        return
        [
            .. Parts([.. answers.Select(static peer => (peer.Key, peer.Value))])
                .Select(part => new SilentPart(part.Prefix, part.Count, keys.Count(part.Prefix.Contains), part.ChanceLog10)),
        ];
    }

    /// <summary>The regions whose peers answered lookups of the region's keys, and never named a provider.</summary>
    /// <param name="lookups">The lookups.</param>
    /// <param name="regions">The regions.</param>
    /// <param name="keys">Positions of the keys, each once.</param>
    public static ImmutableArray<ForgettingPart> Forgetting(
        ImmutableArray<SweepLookup> lookups,
        ImmutableArray<SweepRegion> regions,
        List<ulong> keys
    )
    {
        var known = keys.ToHashSet();

        // Peers of other regions were not sent the record, so their answers say nothing. Parts of a region are not compared: Kubo gives
        // some
        // peers of a region no records at all.
        var ofRegions = new List<(SweepRegion Region, List<(ulong Peer, bool Named)> Answers, int LookedUp)>();
        foreach (var region in regions)
        {
            var own = lookups
                .Where(lookup =>
                    region.Prefix.Contains(lookup.Key)
                    && known.Contains(lookup.Key)
                    && lookup.UnixNano >= region.Turns[0].Visit.StartUnixNano
                )
                .ToList();
            ofRegions.Add(
                (
                    region,
                    [.. own.SelectMany(static lookup => lookup.Peers).Where(peer => region.Prefix.Contains(peer.Peer))],
                    own.Select(static lookup => lookup.Key).Distinct().Count()
                )
            );
        }

        // Answers of one peer are no independent observations, so peers are counted: those that never named a provider.
        var peers = ofRegions
            .SelectMany(static region => region.Answers)
            .GroupBy(static answer => answer.Peer, static answer => answer.Named)
            .ToDictionary(static peer => peer.Key, static peer => peer.Any(static named => named));
        var bad = peers.Count(static peer => !peer.Value);
        var found = ImmutableArray.CreateBuilder<ForgettingPart>();
        foreach (var (region, answers, lookedUp) in ofRegions)
        {
            var count = answers.Select(static answer => answer.Peer).Distinct().Count();
            if (
                count > 0
                && answers.TrueForAll(static answer => !answer.Named)
                && ChanceLog10(count, peers.Count - count, bad - count, regions.Length) < MostChanceLog10
            )
            {
                found.Add(new ForgettingPart(region.Prefix, count, answers.Count, keys.Count(region.Prefix.Contains), lookedUp));
            }
        }

        return found.ToImmutable();
    }

    /// <summary>
    /// Decimal logarithm of the chance that one of several parts has only bad peers, if peers are as often bad in it as outside of it.
    /// </summary>
    private static double ChanceLog10(int inside, int outside, int badOutside, double parts)
    {
        // With no bad one outside, as if there were one. When all are bad, no part differs from the others.
        var share = outside == 0 ? 1 : Math.Max((double)badOutside / outside, 1.0 / (outside + 1));
        return (inside * Math.Log10(share)) + Math.Log10(parts);
    }

    private static List<(KeyPrefix Prefix, int Count, double ChanceLog10)> Parts(List<(ulong Position, bool IsGood)> all)
    {
        var found = new List<(KeyPrefix, int, double)>();
        var bad = all.Count(static one => !one.IsGood);
        Search(KeyPrefix.Everything, all, all.Count, bad, found);
        return found;
    }

    private static void Search(
        KeyPrefix part,
        List<(ulong Position, bool IsGood)> inside,
        int all,
        int allBad,
        List<(KeyPrefix, int, double)> found
    )
    {
        if (inside.Count == 0 || all == inside.Count && inside.TrueForAll(static one => !one.IsGood))
        {
            // When nothing is good anywhere, no part differs from the others.
            return;
        }

        if (inside.TrueForAll(static one => !one.IsGood))
        {
            var chance = ChanceLog10(inside.Count, all - inside.Count, allBad - inside.Count, Math.Pow(2, part.Length));
            if (chance < MostChanceLog10)
            {
                found.Add((part, inside.Count, chance));
            }

            return;
        }

        if (part.Length < LongestPrefix && inside.Exists(static one => !one.IsGood))
        {
            Search(part.Left, inside.FindAll(one => part.Left.Contains(one.Position)), all, allBad, found);
            Search(part.Right, inside.FindAll(one => part.Right.Contains(one.Position)), all, allBad, found);
        }
    }
}
