using System.Globalization;

namespace DhtTracer.Cli;

/// <summary>Times of traces as text.</summary>
internal static class UtcText
{
    /// <summary>
    /// Formats as <c>2026-11-22 08:44:14.451Z</c>. A time beyond the calendar is shown as a number, an unknown time (0) as –.
    /// </summary>
    public static string Of(ulong unixNano) =>
        unixNano == 0 ? "–"
        : unixNano <= (ulong)(DateTimeOffset.MaxValue - DateTimeOffset.UnixEpoch).Ticks * 100UL
            ? DateTimeOffset.UnixEpoch.AddTicks((long)(unixNano / 100)).ToString("yyyy-MM-dd HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture)
        : unixNano.ToString(CultureInfo.InvariantCulture) + "ns";

    /// <summary>Nanoseconds since 1970-01-01 UTC; 0 for earlier times.</summary>
    public static ulong UnixNano(DateTimeOffset time) =>
        time <= DateTimeOffset.UnixEpoch ? 0 : (ulong)(time - DateTimeOffset.UnixEpoch).Ticks * 100;
}
