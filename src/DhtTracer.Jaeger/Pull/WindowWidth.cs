namespace DhtTracer.Jaeger.Pull;

/// <summary>How much time to ask for at once, so that an answer holds less than half of the traces that one search returns.</summary>
internal sealed class WindowWidth
{
    private const int FastestGrowth = 8;

    /// <summary>Nanoseconds; null while nothing is known about the traffic.</summary>
    private long? _width;

    /// <summary>Width of the next probe, in nanoseconds; null for all that is wanted.</summary>
    private long? _probe;

    /// <summary>Whether the traffic is known. Before that, few traces are asked for, because they come again.</summary>
    public bool IsKnown => _width is not null;

    /// <summary>The next window.</summary>
    /// <param name="from">Its first nanosecond.</param>
    /// <param name="last">The last nanosecond that is wanted.</param>
    public TimeWindow Next(long from, long last) =>
        new(from, (_width ?? _probe) is not { } width || width > last - from ? last : from + width - 1);

    /// <summary>Sets the width, in whole microseconds and at least one.</summary>
    public void Set(long width) => _width = Rounded(width);

    /// <summary>A window was read to its end.</summary>
    /// <param name="window">The window.</param>
    /// <param name="traces">Traces in it.</param>
    /// <param name="depth">Traces that one search returns.</param>
    public void Whole(TimeWindow window, int traces, int depth)
    {
        var aim = Aim(depth);
        if (_width is null && _probe is not null)
        {
            Set((long)(window.Width * Math.Clamp(aim / Math.Max(1, traces), 1, FastestGrowth)));
        }
        else if (traces >= aim / 10)
        {
            // A window that the range cut short takes nothing back of what a wider one has shown.
            var fitted = (long)(window.Width * Math.Clamp(aim / traces, 0.5, 2));
            if (_width is not { } width || window.Width >= width || fitted > width)
            {
                Set(fitted);
            }
        }
        else if (_width is { } width)
        {
            var grown = window.Width > long.MaxValue / FastestGrowth ? long.MaxValue : window.Width * FastestGrowth;
            _width = Math.Max(width, grown);
        }
    }

    /// <summary>
    /// A window came back full. Most servers return its newest traces, so the earliest of them tells how dense they are. Where they come in
    /// another order, it lies near the window's beginning and tells nothing: the next probe, or the next window, is half as wide.
    /// </summary>
    /// <param name="window">The window.</param>
    /// <param name="earliest">Start of the earliest span that came.</param>
    /// <param name="traces">Traces that came.</param>
    /// <param name="depth">Traces that one search returns.</param>
    public void Full(TimeWindow window, long earliest, int traces, int depth)
    {
        if (_width is null)
        {
            // A probe costs little and may have met a burst, which tells nothing about the rest.
            _probe = Rounded(window.Width / 2);
            return;
        }

        var covered = Math.Max(1, window.To - Math.Min(earliest, window.To));
        Set((long)Math.Clamp(covered * Aim(depth) / Math.Max(1, traces), window.Width / 4096d, window.Width / 2d));
    }

    private static long Rounded(long width) => Math.Max(1, width / TimeWindow.Microsecond) * TimeWindow.Microsecond;

    // Traffic comes in bursts: with more, too many answers are cut and come twice.
    private static double Aim(int depth) => depth * 0.4;
}
