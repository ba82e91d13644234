using System.Globalization;
using DhtTracer.Analysis.Statistics;

namespace DhtTracer.Web.Charts;

/// <summary>
/// Where the hours of a chart stand. Up to <see cref="MostHours"/> hours keep their distances in time; an archive that spans more shows
/// only the hours that have queries, the latest ones, side by side.
/// </summary>
internal sealed class HourScale
{
    /// <summary>Two weeks of hours: more would be thinner than two pixels.</summary>
    public const int MostHours = 336;

    private readonly DateTimeOffset first;

    /// <summary>Lays out hours, oldest first.</summary>
    public HourScale(IReadOnlyList<HourlyFacts> hours)
    {
        IsContinuous = hours.Count == 0 || hours[^1].Hour - hours[0].Hour < TimeSpan.FromHours(MostHours);
        Hours = IsContinuous ? hours : [.. hours.Skip(Math.Max(0, hours.Count - MostHours))];
        first = Hours.Count == 0 ? default : Hours[0].Hour;
        Slots = Hours.Count == 0 ? 1 : IsContinuous ? (int)(Hours[^1].Hour - first).TotalHours + 1 : Hours.Count;
        Left = hours.Count - Hours.Count;
    }

    /// <summary>The hours that are drawn.</summary>
    public IReadOnlyList<HourlyFacts> Hours { get; }

    /// <summary>Whether distances are distances in time.</summary>
    public bool IsContinuous { get; }

    /// <summary>Hours that are left out.</summary>
    public int Left { get; }

    /// <summary>Places on the axis.</summary>
    public int Slots { get; }

    /// <summary>The place of the hour at an index of <see cref="Hours"/>.</summary>
    public int Slot(int index) => IsContinuous ? (int)(Hours[index].Hour - first).TotalHours : index;

    /// <summary>Left edge of a place, percent.</summary>
    public double X(int slot) => 100.0 * slot / Slots;

    /// <summary>Width of a place, percent.</summary>
    public double Width => 100.0 / Slots;

    /// <summary>Hours under which a label stands: at most eight, evenly chosen.</summary>
    public IEnumerable<(double X, string Text)> Labels()
    {
        var step = Math.Max(1, (Hours.Count + 7) / 8);
        for (var i = 0; i < Hours.Count; i += step)
        {
            yield return (X(Slot(i)), Hours[i].Hour.ToString(Slots > 24 ? "d MMM HH:mm" : "HH:mm", CultureInfo.InvariantCulture));
        }
    }

    /// <summary>An hour in words.</summary>
    public static string Name(HourlyFacts hour) => hour.Hour.ToString("d MMM yyyy HH:mm", CultureInfo.InvariantCulture);
}
