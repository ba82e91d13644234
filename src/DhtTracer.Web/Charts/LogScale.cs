namespace DhtTracer.Web.Charts;

/// <summary>A logarithmic axis of durations, which span from microseconds to minutes.</summary>
internal sealed class LogScale
{
    private readonly double low;
    private readonly double high;

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
