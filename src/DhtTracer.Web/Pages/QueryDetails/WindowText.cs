using System.Globalization;
using DhtTracer.Analysis.Waterfalls;
using DhtTracer.Storage.Filters;

namespace DhtTracer.Web.Pages.QueryDetails;

/// <summary>A stretch of time in an address: <c>1.2s-3.4s</c>.</summary>
internal static class WindowText
{
    private const decimal Second = 1_000_000_000;

    /// <summary>Reads two durations with a hyphen between them; units as in <see cref="DurationInput"/>.</summary>
    public static bool TryParse(string? text, out TimeWindow window)
    {
        window = default;
        if (
            text?.Split('-') is not [var from, var to]
            || !DurationInput.TryParse(from, out var fromNs)
            || !DurationInput.TryParse(to, out var toNs)
            || fromNs >= toNs
        )
        {
            return false;
        }

        window = new TimeWindow(fromNs, toNs);
        return true;
    }

    /// <summary>Writes what <see cref="TryParse"/> reads, exactly, in seconds.</summary>
    public static string Of(TimeWindow window) => $"{Seconds(window.FromNs)}-{Seconds(window.ToNs)}";

    private static string Seconds(long nanoseconds) => (nanoseconds / Second).ToString("0.#########", CultureInfo.InvariantCulture) + "s";
}
