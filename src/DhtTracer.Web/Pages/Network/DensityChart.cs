using System.Collections.Immutable;
using System.Globalization;
using DhtTracer.Analysis.Network;

namespace DhtTracer.Web.Pages.Network;

/// <summary>The density by part of the key space as a drawing: a bar for what chance allows, and a mark for what was seen.</summary>
/// <param name="Parts">The parts, in order.</param>
internal sealed record DensityChart(ImmutableArray<PrefixDensity> Parts)
{
    /// <summary>Width of the drawing.</summary>
    public const int Width = 1000;

    /// <summary>Height of the drawing.</summary>
    public const int Height = 190;

    private const double Left = 40;
    private const double Top = 8;
    private const double Bottom = 164;

    /// <summary>The greatest value of the axis.</summary>
    public double Most { get; } = Math.Min(8, Math.Max(2.5, Parts.Max(static part => Math.Max(part.Times ?? 0, part.High ?? 0)) * 1.05));

    /// <summary>Width of a part.</summary>
    public double Step => (Width - Left) / Parts.Length;

    /// <summary>Values that are marked.</summary>
    public IEnumerable<int> Ticks => Enumerable.Range(0, (int)Most + 1);

    /// <summary>Whether parts are wide enough for their prefixes.</summary>
    public bool HasNames => Parts.Length <= 32;

    /// <summary>Left edge of a part.</summary>
    public double X(int part) => Left + (Step * part);

    /// <summary>A value as a place; values above the axis stand at its top.</summary>
    public double Y(double value) => Bottom - ((Bottom - Top) * Math.Min(value, Most) / Most);

    /// <summary>A number in an attribute.</summary>
    public static string N(double value) => value.ToString("0.##", CultureInfo.InvariantCulture);
}
