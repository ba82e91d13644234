namespace DhtTracer.Web.Charts;

/// <summary>A logarithmic axis of durations, which span from microseconds to minutes.</summary>
internal sealed class LogScale
{
    private readonly double low;
    private readonly double high;

    private LogScale(double low, double high) => (this.low, this.high) = (low, high);

    /// <summary>An axis that fits both values: its ends are 1, 2 or 5 times a power of ten, the nearest that hold them.</summary>
    public static LogScale Fit(long least, long greatest)
    {
        var rungs = new LogScale(least, greatest).Rungs().ToList();
        var low = rungs.FindLastIndex(rung => rung <= Math.Max(1, least));
        var high = rungs.FindIndex(rung => rung >= Math.Max(1, greatest));
        high = high < 0 ? rungs.Count - 1 : high;
        if (high <= low)
        {
            // One value, or both on one rung: a rung around it.
            (low, high) = (Math.Max(0, low - 1), Math.Min(rungs.Count - 1, low + 1));
        }

        return new LogScale(Math.Log10(rungs[low]), Math.Log10(rungs[high]));
    }

    /// <summary>The values to label: 1, 2 and 5 times each power of ten, or the powers alone where that would be more than six.</summary>
    public IReadOnlyList<long> Labels()
    {
        List<long> Within(IEnumerable<long> values) => [.. values.Where(value => Math.Log10(value) >= low - 1e-9 && Math.Log10(value) <= high + 1e-9)];
        var all = new List<long>();
        for (var power = (int)Math.Floor(low); power <= high; power++)
        {
            var tick = (long)Math.Pow(10, power);
            all.AddRange([tick, tick * 2, tick * 5]);
        }

        var rungs = Within(all);
        return rungs.Count <= 6 ? rungs : Within(all.Where((_, index) => index % 3 == 0));
    }

    /// <summary>An axis that holds both values, whole powers of ten at its ends.</summary>
    public LogScale(long least, long greatest)
    {
        low = Math.Floor(Math.Log10(Math.Max(1, least)));
        high = Math.Max(low + 1, Math.Ceiling(Math.Log10(Math.Max(1, greatest))));
    }

    /// <summary>A value as percent of the width.</summary>
    public double X(long value) => Math.Clamp(100 * (Math.Log10(Math.Max(1, value)) - low) / (high - low), 0, 100);

    /// <summary>The powers of ten on it.</summary>
    public IEnumerable<long> Ticks()
    {
        for (var power = low; power <= high; power++)
        {
            yield return (long)Math.Pow(10, power);
        }
    }

    /// <summary>1, 2 and 5 times each power of ten on it.</summary>
    public IEnumerable<long> Rungs() => Ticks().SelectMany(static tick => new[] { tick, tick * 2, tick * 5 }).Where(rung => Math.Log10(rung) <= high);
}
