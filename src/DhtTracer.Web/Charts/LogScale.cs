namespace DhtTracer.Web.Charts;

/// <summary>A logarithmic axis of durations, which span from microseconds to minutes.</summary>
internal sealed class LogScale
{
    private const int MostLabels = 6;
    private const long Minute = 60_000_000_000;

    private static readonly List<long> RoundDurations =
    [
        .. Enumerable
            .Range(0, 11)
            .SelectMany(static power => new[] { 1L, 2, 5 }.Select(digit => digit * (long)Math.Pow(10, power)))
            .Where(static rung => rung < Minute),
        Minute,
        2 * Minute,
        5 * Minute,
        10 * Minute,
        30 * Minute,
        60 * Minute,
        120 * Minute,
        360 * Minute,
        720 * Minute,
        1440 * Minute,
        14400 * Minute,
        144000 * Minute,
        1440000 * Minute,
    ];

    private readonly double _low;
    private readonly double _high;

    private LogScale(double low, double high) => (_low, _high) = (low, high);

    /// <summary>
    /// An axis of durations that fits both values: its ends are the nearest round durations that hold them: 1, 2 or 5 times a power of ten
    /// below a minute, then 1, 2, 5, 10 and 30 minutes, and so on.
    /// </summary>
    public static LogScale Fit(long least, long greatest)
    {
        var bottom = Math.Max(0, RoundDurations.FindLastIndex(rung => rung <= Math.Max(1, least)));
        var top = RoundDurations.FindIndex(rung => rung >= Math.Max(1, greatest));
        top = top < 0 ? RoundDurations.Count - 1 : top;
        if (top <= bottom)
        {
            // One value, or both on one rung: a rung around it.
            (bottom, top) = (Math.Max(0, bottom - 1), Math.Min(RoundDurations.Count - 1, bottom + 1));
        }

        return new LogScale(Math.Log10(RoundDurations[bottom]), Math.Log10(RoundDurations[top]));
    }

    /// <summary>The round durations to label, both ends among them where they fit, at most six.</summary>
    public IReadOnlyList<long> Labels()
    {
        var rungs = RoundDurations.Where(rung => Math.Log10(rung) >= _low - 1e-9 && Math.Log10(rung) <= _high + 1e-9).ToList();
        var step = (rungs.Count + MostLabels - 1) / MostLabels;
        return [.. rungs.Where((_, index) => (rungs.Count - 1 - index) % step == 0)];
    }

    /// <summary>An axis that holds both values, whole powers of ten at its ends.</summary>
    public LogScale(long least, long greatest)
    {
        _low = Math.Floor(Math.Log10(Math.Max(1, least)));
        _high = Math.Max(_low + 1, Math.Ceiling(Math.Log10(Math.Max(1, greatest))));
    }

    /// <summary>A value as percent of the width.</summary>
    public double X(long value) => Math.Clamp(100 * (Math.Log10(Math.Max(1, value)) - _low) / (_high - _low), 0, 100);

    /// <summary>The powers of ten on it.</summary>
    public IEnumerable<long> Ticks()
    {
        for (var power = _low; power <= _high; power++)
        {
            yield return (long)Math.Pow(10, power);
        }
    }

    /// <summary>1, 2 and 5 times each power of ten on it.</summary>
    public IEnumerable<long> Rungs() =>
        Ticks().SelectMany(static tick => new[] { tick, tick * 2, tick * 5 }).Where(rung => Math.Log10(rung) <= _high);
}
