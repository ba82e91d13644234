namespace DhtTracer.Analysis.Sweeps;

/// <summary>
/// Finds the interval of a sweep from the times of its explorations. A cycle goes over the key space in the order of the XOR distance from
/// the node's own id, so the time between two explorations is the interval times the difference of their places.
/// </summary>
internal static class SweepTimetable
{
    /// <summary>Two estimates agree if they differ by less than this share.</summary>
    private const double Agreeing = 0.01;

    /// <summary>Fewest estimates that must agree.</summary>
    private const int FewestAgreeing = 4;

    /// <summary>Longest interval that Kubo takes, in nanoseconds: 48 hours.</summary>
    private const double LongestNs = 48.0 * 3_600_000_000_000;

    /// <summary>The interval; null when the own id is unknown or too few explorations agree on one.</summary>
    public static SweepInterval? IntervalOf(IEnumerable<Exploring> explorations, ulong? ownBits)
    {
        if (ownBits is not { } own)
        {
            return null;
        }

        var places = explorations
            .Where(static exploring => exploring.Prefix is { Length: > 0 })
            .Select(exploring => (Start: exploring.StartUnixNano, Place: Place(exploring.Prefix!.Value, own)))
            .OrderBy(static exploring => exploring.Start)
            .ToList();
        var estimates = new List<double>();
        for (var i = 1; i < places.Count; i++)
        {
            var moved = places[i].Place - places[i - 1].Place;
            moved += moved < 0 ? 1 : 0;
            var estimate = moved > 0 ? (places[i].Start - places[i - 1].Start) / moved : 0;
            if (estimate is > 0 and <= LongestNs)
            {
                estimates.Add(estimate);
            }
        }

        var best = estimates
            .Select(estimate => estimates.FindAll(other => Math.Abs(other - estimate) < estimate * Agreeing))
            .MaxBy(static agreeing => agreeing.Count);
        if (best is null || best.Count < FewestAgreeing)
        {
            return null;
        }

        best.Sort();
        return new SweepInterval((long)Math.Round(best[best.Count / 2]), SweepIntervalSource.Timetable);
    }

    private static double Place(KeyPrefix prefix, ulong own) =>
        new KeyPrefix(prefix.First ^ new KeyPrefix(own, prefix.Length).First, prefix.Length).Start;
}
