namespace DhtTracer.Storage;

/// <summary>Converts times for columns.</summary>
internal static class Nanoseconds
{
    /// <summary>An hour.</summary>
    public const long Hour = 3_600_000_000_000;

    /// <summary>
    /// The databases' integers are signed. Times after the year 2262, which only a broken or hostile sender writes, are the maximum.
    /// The span itself keeps the value that was sent.
    /// </summary>
    public static long ToColumn(ulong unixNano) => unixNano > long.MaxValue ? long.MaxValue : (long)unixNano;

    /// <summary>Now, by a clock.</summary>
    public static long Now(TimeProvider clock) => (clock.GetUtcNow() - DateTimeOffset.UnixEpoch).Ticks * TimeSpan.NanosecondsPerTick;
}
