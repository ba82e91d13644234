using System.Collections.Immutable;
using System.Globalization;

namespace DhtTracer.Analysis.Waterfalls;

/// <summary>The part of a query's time that is drawn, in nanoseconds after its start.</summary>
/// <param name="FromNs">Start, at least 0.</param>
/// <param name="ToNs">End, after <paramref name="FromNs"/>.</param>
public readonly record struct TimeWindow(long FromNs, long ToNs)
{
    private const long Microsecond = 1_000;
    private const long Millisecond = 1_000_000;
    private const long Second = 1_000_000_000;
    private const long Minute = 60 * Second;

    /// <summary>Length in nanoseconds.</summary>
    public long LengthNs => ToNs - FromNs;

    /// <summary>A time as a percentage of the window; below 0 before it, above 100 after it.</summary>
    public double Percent(long nanoseconds) => (nanoseconds - FromNs) * 100.0 / LengthNs;

    /// <summary>Round times inside the window, every 1, 2 or 5 times a power of ten nanoseconds, at most <paramref name="most"/>.</summary>
    /// <param name="most">Most ticks, at least 2.</param>
    public ImmutableArray<long> Ticks(int most = 8)
    {
        var step = Step(most);
        var ticks = ImmutableArray.CreateBuilder<long>();

        // The loop counts steps, because times of a broken sender can be so late that one more step would overflow.
        for (var count = (FromNs / step) + (FromNs % step == 0 ? 0 : 1); count <= ToNs / step; count++)
        {
            ticks.Add(count * step);
        }

        return ticks.ToImmutable();
    }

    /// <summary>
    /// The text of a tick, with enough decimals to distinguish it from the next one: <c>1.204s</c> on an axis with steps of 2 ms.
    /// </summary>
    /// <param name="tick">One of <see cref="Ticks"/>.</param>
    /// <param name="most">The same as for <see cref="Ticks"/>.</param>
    public string TickText(long tick, int most = 8)
    {
        var step = Step(most);
        return tick switch
        {
            0 => "0",
            >= Minute => WithMinutes(tick, step),
            >= Second => Decimals(tick, Second, step) + "s",
            >= Millisecond => Decimals(tick, Millisecond, step) + "ms",
            >= Microsecond => Decimals(tick, Microsecond, step) + "µs",
            _ => tick.ToString(CultureInfo.InvariantCulture) + "ns",
        };
    }

    private static string WithMinutes(long tick, long step)
    {
        var (minutes, rest) = (tick / Minute, tick % Minute);
        return step >= Second && minutes >= 60 ? DurationText.Of(tick)
            : rest == 0 ? minutes.ToString(CultureInfo.InvariantCulture) + "m"
            : string.Create(CultureInfo.InvariantCulture, $"{minutes}m {Decimals(rest, Second, step)}s");
    }

    private long Step(int most)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(most, 2);
        if (LengthNs < 1)
        {
            throw new InvalidOperationException("an empty stretch of time has no ticks");
        }

        long power = 1;
        while (true)
        {
            foreach (var factor in (ReadOnlySpan<int>)[1, 2, 5])
            {
                if (LengthNs / (power * factor) < most)
                {
                    return power * factor;
                }
            }

            power *= 10;
        }
    }

    private static string Decimals(long tick, long unit, long step)
    {
        var decimals = 0;
        for (var rest = unit; rest > step; rest /= 10)
        {
            decimals++;
        }

        return ((decimal)tick / unit).ToString("0." + new string('#', decimals), CultureInfo.InvariantCulture);
    }
}
