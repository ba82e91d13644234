namespace DhtTracer.Web.Charts;

/// <summary>Lines that hold a value until the next point, over the time of one query.</summary>
/// <param name="Title">What it shows.</param>
/// <param name="EndNs">End of the time axis, nanoseconds after the query's start; at least 1.</param>
/// <param name="Least">Value at the foot of the axis.</param>
/// <param name="Greatest">Value at its top, above <paramref name="Least"/>.</param>
/// <param name="Lines">The lines.</param>
/// <param name="Rules">Values that are marked across the chart, with a name.</param>
/// <param name="Moments">Times that are marked, with a name.</param>
internal sealed record StepChart(
    string Title,
    long EndNs,
    long Least,
    long Greatest,
    IReadOnlyList<StepLine> Lines,
    IReadOnlyList<(long Value, string Name)> Rules,
    IReadOnlyList<(long TimeNs, string Name)> Moments
)
{
    /// <summary>A time as percent of the width.</summary>
    public double X(long timeNs) => Math.Clamp(100.0 * timeNs / EndNs, 0, 100);

    /// <summary>A value as percent of the height, upwards.</summary>
    public double Y(long value) => Math.Clamp(100.0 * (value - Least) / (Greatest - Least), 0, 100);

    /// <summary>Round values between foot and top.</summary>
    public IEnumerable<long> Ticks() => Plot.Ticks(Greatest - Least).Select(tick => Least + tick);

    /// <summary>The path of a line: level to each point's time, then up or down; level to the end.</summary>
    public string Path(StepLine line)
    {
        var points = new List<(double X, double Y)?>();
        (long TimeNs, long Value)? last = null;
        foreach (var point in line.Points)
        {
            if (last is { } before)
            {
                points.Add((X(point.TimeNs), Y(before.Value)));
            }

            points.Add((X(point.TimeNs), Y(point.Value)));
            last = point;
        }

        if (last is { } end)
        {
            points.Add((100, Y(end.Value)));
        }

        return Plot.Path(points);
    }
}

/// <param name="Name">Its name in the legend.</param>
/// <param name="Class">Class that gives its colour.</param>
/// <param name="Points">Points in time order.</param>
internal sealed record StepLine(string Name, string Class, IReadOnlyList<(long TimeNs, long Value)> Points);
