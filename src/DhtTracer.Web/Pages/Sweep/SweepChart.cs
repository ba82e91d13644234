using System.Globalization;
using DhtTracer.Analysis.Sweeps;
using DhtTracer.Web.Text;

namespace DhtTracer.Web.Pages.Sweep;

/// <summary>
/// The drawing of a sweep: the key space from top to bottom, as the trie divides it, and time from left to right. A turn is a bar as high
/// as
/// its region.
/// </summary>
/// <param name="report">The report.</param>
/// <param name="key">The multihash that is looked for; null for none.</param>
internal sealed class SweepChart(SweepReport report, byte[]? key)
{
    /// <summary>Width of the drawing without the names of regions.</summary>
    public const double Width = 900;

    /// <summary>Height of the drawing.</summary>
    public const double Height = 480;

    /// <summary>Most bars: the newest.</summary>
    public const int MostBars = 3_000;

    private const double ThinnestBar = 2.5;
    private const double LowestName = 13;

    /// <summary>The bars, oldest first.</summary>
    public IReadOnlyList<SweepBar> Bars { get; } = [.. BarsOf(report).TakeLast(MostBars)];

    /// <summary>Number of bars that are left out.</summary>
    public int Left { get; } = Math.Max(0, report.Batches.Sum(static batch => Math.Max(1, batch.Visits.Length)) - MostBars);

    /// <summary>The regions as bands, with a name where there is room.</summary>
    public IEnumerable<(double Y, double Height, string? Name, bool IsNever)> Bands =>
        report
            .Regions.Select(static region => (region.Prefix, IsNever: false))
            .Concat(report.Never.Select(static prefix => (Prefix: prefix, IsNever: true)))
            .OrderBy(static band => band.Prefix)
            .Select(static band =>
                (Y(band.Prefix), HeightOf(band.Prefix), HeightOf(band.Prefix) >= LowestName ? NameOf(band.Prefix) : null, band.IsNever)
            );

    /// <summary>The parts whose peers do not answer, or keep nothing.</summary>
    public IEnumerable<(double Y, double Height, string Text)> Marks =>
        report
            .Silent.Select(static part => (Y(part.Prefix), HeightOf(part.Prefix), $"no peer of {NameOf(part.Prefix)} answered"))
            .Concat(
                report.Forgetting.Select(static part =>
                    (Y(part.Prefix), HeightOf(part.Prefix), $"no lookup found a record at a peer of {NameOf(part.Prefix)}")
                )
            );

    /// <summary>Keys that were provided alone: where and when.</summary>
    public IEnumerable<(double X, double Y)> Alone =>
        report
            .Singles.TakeLast(MostBars)
            .Select(single => (X(single.StartUnixNano), Height * KeyPrefix.PositionOf(single.Key.AsSpan()) / Math.Pow(2, 64)));

    /// <summary>Height of the key that is looked for; null for none.</summary>
    public double? KeyY => key is null ? null : Height * KeyPrefix.PositionOf(key) / Math.Pow(2, 64);

    /// <summary>Times with a label.</summary>
    public IEnumerable<(double X, string Text)> Times =>
        Enumerable
            .Range(0, 6)
            .Select(step => report.StartUnixNano + (ulong)((report.EndUnixNano - report.StartUnixNano) / 5.0 * step))
            .Select((time, step) => (Width * step / 5, TimeText.Clock(time)[..8]));

    /// <summary>Where a time is.</summary>
    public double X(ulong unixNano) =>
        report.EndUnixNano == report.StartUnixNano
            ? 0
            : Width * Math.Min(1, ((double)unixNano - report.StartUnixNano) / (report.EndUnixNano - report.StartUnixNano));

    /// <summary>A prefix in words.</summary>
    public static string NameOf(KeyPrefix prefix) => prefix.Length == 0 ? "everything" : prefix.ToString();

    /// <summary>A number for SVG.</summary>
    public static string Number(double value) => value.ToString("0.##", CultureInfo.InvariantCulture);

    private static double Y(KeyPrefix prefix) => Height * prefix.Start;

    private static double HeightOf(KeyPrefix prefix) => Math.Max(1, Height * prefix.Share);

    private static IEnumerable<SweepBar> BarsOf(SweepReport report)
    {
        var length = Math.Max(1.0, report.EndUnixNano - report.StartUnixNano);
        double At(ulong time) => Width * Math.Min(1, ((double)time - report.StartUnixNano) / length);
        foreach (var batch in report.Batches)
        {
            var x = At(batch.StartUnixNano);
            if (batch.Visits.IsEmpty)
            {
                var end = At(batch.EndUnixNano ?? batch.ExploredUnixNano ?? batch.StartUnixNano);
                yield return new SweepBar(
                    x,
                    Y(batch.Prefix),
                    Math.Max(ThinnestBar, end - x),
                    HeightOf(batch.Prefix),
                    batch.Failure is null ? "explored" : "failed",
                    $"{NameOf(batch.Prefix)} at {TimeText.Clock(batch.StartUnixNano)}: {batch.Failure ?? "explored, no key was provided"}",
                    batch.FirstLookup is { } lookup ? $"/o/{lookup}" : null
                );
            }

            foreach (var visit in batch.Visits)
            {
                var state =
                    visit.IsFailed || batch.Failure is not null ? "failed"
                    : batch.HasSpans || batch.HasLog ? "provided"
                    : "unexplored";
                var keys = visit.Keys is { } count ? $"{count} keys" : "number of keys unknown";
                yield return new SweepBar(
                    x,
                    Y(visit.Prefix),
                    Math.Max(ThinnestBar, At(visit.EndUnixNano) - x),
                    HeightOf(visit.Prefix),
                    state,
                    $"{NameOf(visit.Prefix)} at {TimeText.Clock(visit.StartUnixNano)}: {keys}, "
                        + (state == "failed" ? "not sent" : "sent near")
                        + (batch.DurationNs is { } took ? $", {DhtTracer.Analysis.Waterfalls.DurationText.Of(took)}" : ""),
                    batch.FirstLookup is { } lookup ? $"/o/{lookup}" : null
                );
            }
        }
    }
}

/// <summary>A bar of the drawing.</summary>
/// <param name="X">Left edge.</param>
/// <param name="Y">Upper edge.</param>
/// <param name="Width">Width.</param>
/// <param name="Height">Height.</param>
/// <param name="State">Its class: <c>provided</c>, <c>failed</c>, <c>explored</c> or <c>unexplored</c>.</param>
/// <param name="Text">What it says.</param>
/// <param name="Link">The first lookup before it; null without spans.</param>
internal sealed record SweepBar(double X, double Y, double Width, double Height, string State, string Text, string? Link);
