using System.Globalization;

namespace DhtTracer.Jaeger.Pull;

/// <summary>A stretch of time, both ends included, in nanoseconds since 1970-01-01 UTC.</summary>
/// <param name="From">The first nanosecond.</param>
/// <param name="To">The last nanosecond.</param>
public readonly record struct TimeWindow(long From, long To)
{
    /// <summary>A microsecond: the finest that HTTP v1 can ask for.</summary>
    public const long Microsecond = 1_000;

    /// <summary>Nanoseconds in it.</summary>
    public long Width => To - From + 1;

    /// <summary>A time as nanoseconds since 1970-01-01 UTC.</summary>
    public static long UnixNano(DateTimeOffset time) => (time - DateTimeOffset.UnixEpoch).Ticks * TimeSpan.NanosecondsPerTick;

    /// <summary>A span of time in nanoseconds.</summary>
    public static long Nanoseconds(TimeSpan span) => span.Ticks * TimeSpan.NanosecondsPerTick;

    /// <summary>A time with all nine digits of its second, as RFC 3339 writes it.</summary>
    public static string Rfc3339(long unixNano)
    {
        var seconds = Math.DivRem(unixNano, 1_000_000_000, out var rest);
        return string.Create(CultureInfo.InvariantCulture, $"{DateTimeOffset.FromUnixTimeSeconds(seconds):yyyy-MM-ddTHH:mm:ss}.{rest:D9}Z");
    }

    /// <summary>Both ends as RFC 3339 times.</summary>
    public override string ToString() => $"{Rfc3339(From)} to {Rfc3339(To)}";
}
