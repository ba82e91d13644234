using System.Globalization;

namespace DhtTracer.Storage.Filters;

/// <summary>A point in time as an address holds it, in UTC: <c>2026-11-22</c>, <c>2026-11-22T08:44</c>,
/// <c>2026-11-22T08:44:14.451Z</c>.</summary>
public static class TimeInput
{
    private static readonly string[] Formats =
    [
        "yyyy-MM-dd",
        "yyyy-MM-dd'T'HH:mm",
        "yyyy-MM-dd'T'HH:mm:ss",
        "yyyy-MM-dd'T'HH:mm:ss.FFFFFFF",
        "yyyy-MM-dd'T'HH:mm'Z'",
        "yyyy-MM-dd'T'HH:mm:ss'Z'",
        "yyyy-MM-dd'T'HH:mm:ss.FFFFFFF'Z'",
    ];

    /// <summary>Reads a time from 1970 to 2500.</summary>
    public static bool TryParse(string text, out ulong unixNano)
    {
        unixNano = 0;
        if (
            !DateTime.TryParseExact(
                text.Trim(),
                Formats,
                CultureInfo.InvariantCulture,
                DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal,
                out var time
            )
            || time < DateTime.UnixEpoch
            || time.Year > 2500
        )
        {
            return false;
        }

        unixNano = (ulong)(time - DateTime.UnixEpoch).Ticks * 100;
        return true;
    }

    /// <summary>The shortest text that reads back as the same time, to 100 ns.</summary>
    public static string Text(ulong unixNano)
    {
        var time = DateTime.UnixEpoch.AddTicks((long)(unixNano / 100));
        return time.ToString(
            time.TimeOfDay.Ticks % TimeSpan.TicksPerMinute == 0 ? "yyyy-MM-dd'T'HH:mm" : "yyyy-MM-dd'T'HH:mm:ss.FFFFFFF",
            CultureInfo.InvariantCulture
        );
    }
}
