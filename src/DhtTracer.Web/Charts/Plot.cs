using System.Globalization;
using System.Text;
using DhtTracer.Analysis.Waterfalls;

namespace DhtTracer.Web.Charts;

/// <summary>Numbers and paths of charts.</summary>
internal static class Plot
{
    /// <summary>
    /// Lines are drawn in a square of this side, stretched to the chart without scaling the pen: SVG takes percent for rectangles and text,
    /// not for paths.
    /// </summary>
    public const int Side = 1000;

    /// <summary>Percent in an attribute.</summary>
    public static string Percent(double value) => value.ToString("0.###", CultureInfo.InvariantCulture) + "%";

    /// <summary>The path through points given in percent, y upwards; a null breaks the line.</summary>
    public static string Path(IEnumerable<(double X, double Y)?> points)
    {
        var path = new StringBuilder();
        var down = false;
        foreach (var point in points)
        {
            if (point is not { } at)
            {
                down = false;
                continue;
            }

            path.Append(down ? 'L' : 'M')
                .Append((at.X * Side / 100).ToString("0.#", CultureInfo.InvariantCulture))
                .Append(' ')
                .Append(((100 - at.Y) * Side / 100).ToString("0.#", CultureInfo.InvariantCulture));
            down = true;
        }

        return path.ToString();
    }

    /// <summary>Round values for an axis from 0 that holds <paramref name="max"/>, at most five.</summary>
    public static IReadOnlyList<long> Ticks(long max) => Waterfall.Ticks(Math.Max(1, max), 5);

    /// <summary>The top of an axis: a little above the greatest value.</summary>
    public static long Top(long max) => Math.Max(1, max + (max / 12) + (max < 12 ? 1 : 0));
}
