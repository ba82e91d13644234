using System.Globalization;

namespace DhtTracer.Web.Text;

/// <summary>Points in time as the pages write them, always UTC.</summary>
internal static class TimeText
{
    private const ulong NanosPerTick = 100;

    /// <summary>The latest time that can be written: the end of year 9999.</summary>
    private static readonly ulong LatestUnixNano =
        (ulong)(DateTime.MaxValue.Ticks - DateTime.UnixEpoch.Ticks) / 1_000_000 * 1_000_000 * NanosPerTick;

    /// <summary><c>22 Nov 2026</c>; <c>–</c> when the time is unknown (0): saved query events hold none.</summary>
    public static string Date(ulong unixNano) => unixNano == 0 ? "–" : Point(unixNano).ToString("d MMM yyyy", CultureInfo.InvariantCulture);

    /// <summary><c>08:44:14.451</c>.</summary>
    public static string Clock(ulong unixNano) =>
        unixNano == 0 ? "–" : Point(unixNano).ToString("HH:mm:ss.fff", CultureInfo.InvariantCulture);

    /// <summary><c>22 Nov 2026 08:44:14.451 UTC</c>.</summary>
    public static string Full(ulong unixNano) => unixNano == 0 ? "time unknown" : $"{Date(unixNano)} {Clock(unixNano)} UTC";

    /// <summary><c>2026-11-22T08:44:14.451123400Z</c>, exact to the nanosecond, for the <c>datetime</c> attribute.</summary>
    public static string Iso(ulong unixNano) =>
        unixNano == 0
            ? "–"
            : Point(unixNano).ToString("yyyy-MM-dd'T'HH:mm:ss", CultureInfo.InvariantCulture)
                + "."
                + (unixNano % 1_000_000_000).ToString("D9", CultureInfo.InvariantCulture)
                + "Z";

    /// <summary>As a <see cref="DateTime"/>; a time after the year 9999, which only a broken sender writes, becomes that year's
    /// end.</summary>
    public static DateTime Point(ulong unixNano) => DateTime.UnixEpoch.AddTicks((long)(Math.Min(unixNano, LatestUnixNano) / NanosPerTick));
}
