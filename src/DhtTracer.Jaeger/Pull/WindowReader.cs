using DhtTracer.Traces.Model;

namespace DhtTracer.Jaeger.Pull;

/// <summary>Takes what a window held: the traces' spans, and the window when it was read to its end, else null.</summary>
internal delegate Task WindowSink(
    IReadOnlyDictionary<TraceId, List<Span>> traces,
    TimeWindow? complete,
    CancellationToken cancellationToken
);

/// <summary>
/// Reads a stretch of time of one service, in windows so narrow that none comes back full. A server cuts a search at its depth without a
/// word, so an answer with as many traces as were asked for counts as cut: it is thrown away and half the window is asked for. Below a
/// microsecond the depth is raised instead, and when the server refuses that, the window is cut down to single nanoseconds. A window that
/// fails again and again while the server answers otherwise is cut down too, and what is left of it is passed over and said to be missing.
/// </summary>
internal sealed class WindowReader(string service, JaegerConnection connection, WindowSearch search, PullMeter meter)
{
    /// <summary>What cannot be read is passed over at this width, and tried again later in finer pieces: a second.</summary>
    public const long GapWidth = 1_000_000_000;

    private long _width = long.MaxValue;

    /// <summary>What was passed over since this was last called.</summary>
    public IReadOnlyList<TimeWindow> TakeGaps()
    {
        IReadOnlyList<TimeWindow> gaps = [.. _gaps];
        _gaps.Clear();
        return gaps;
    }

    private readonly List<TimeWindow> _gaps = [];

    /// <summary>Reads a range from its beginning to its end. Every window goes to <paramref name="sink"/> once, in order.</summary>
    /// <exception cref="PullException">The server refuses, or was away for longer than the options allow.</exception>
    public Task ReadAsync(TimeWindow range, WindowSink sink, CancellationToken cancellationToken)
    {
        search.Finest = GapWidth;
        return ReadRangeAsync(range, sink, cancellationToken);
    }

    /// <summary>Reads a stretch that was passed over, down to single microseconds.</summary>
    /// <exception cref="PullException">The server refuses, or was away for longer than the options allow.</exception>
    public async Task ReadGapAsync(TimeWindow gap, WindowSink sink, CancellationToken cancellationToken)
    {
        var width = _width;
        _width = long.MaxValue;
        search.Finest = TimeWindow.Microsecond;
        await ReadRangeAsync(gap, sink, cancellationToken);
        _width = width;
    }

    private async Task ReadRangeAsync(TimeWindow range, WindowSink sink, CancellationToken cancellationToken)
    {
        var from = range.From / TimeWindow.Microsecond * TimeWindow.Microsecond;
        while (from <= range.To)
        {
            var window = new TimeWindow(from, _width > range.To - from ? range.To : from + _width - 1);
            var answer = await search.AskAsync(window, search.Depth, sink, cancellationToken);
            if (answer.Outcome == SearchOutcome.Whole)
            {
                await sink(answer.Traces, window, cancellationToken);
                from = window.To + 1;
                Widen(window, answer.Count);
            }
            else if (answer.Outcome == SearchOutcome.Unreadable)
            {
                await PassOverAsync(window, answer, sink, cancellationToken);
                from = window.To + 1;
            }
            else if (window.Width > TimeWindow.Microsecond)
            {
                meter.Bisect();
                _width = Math.Max(1, window.Width / 2 / TimeWindow.Microsecond) * TimeWindow.Microsecond;
            }
            else
            {
                await ReadDeepAsync(window, sink, cancellationToken);
                from = window.To + 1;
            }
        }
    }

    private void Widen(TimeWindow window, int traces)
    {
        // The next window aims at half the depth; it grows at most eightfold, and a window cut short by the range's end says nothing.
        var factor = Math.Clamp(search.Depth / 2 / Math.Max(1, traces), 1, 8);
        _width = Math.Max(_width, window.Width);
        _width = _width > long.MaxValue / 16 ? long.MaxValue : _width * factor;
    }

    private async Task ReadDeepAsync(TimeWindow window, WindowSink sink, CancellationToken cancellationToken)
    {
        var (accepted, refused) = (search.Depth, int.MaxValue);
        while (refused - accepted > 1)
        {
            var next = refused == int.MaxValue ? (int)Math.Min(2L * accepted, int.MaxValue - 1) : accepted + ((refused - accepted) / 2);
            try
            {
                var answer = await search.AskAsync(window, next, sink, cancellationToken);
                if (answer.Outcome == SearchOutcome.Whole)
                {
                    await sink(answer.Traces, window, cancellationToken);
                    return;
                }

                if (answer.Outcome == SearchOutcome.Unreadable)
                {
                    await PassOverAsync(window, answer, sink, cancellationToken);
                    return;
                }

                accepted = next;
            }
            catch (JaegerReadException e) when (e.Problem == JaegerReadProblem.DepthRefused)
            {
                refused = next;
            }
        }

        await ReadFineAsync(window, accepted, sink, cancellationToken);
    }

    private async Task ReadFineAsync(TimeWindow window, int deepest, WindowSink sink, CancellationToken cancellationToken)
    {
        SearchAnswer answer;
        try
        {
            answer = await search.AskAsync(window, deepest, sink, cancellationToken);
        }
        catch (JaegerReadException e) when (e.Problem == JaegerReadProblem.DepthRefused)
        {
            // The server was started again with a smaller limit.
            deepest = search.Depth;
            answer = await search.AskAsync(window, deepest, sink, cancellationToken);
        }

        if (answer.Outcome == SearchOutcome.Unreadable)
        {
            await PassOverAsync(window, answer, sink, cancellationToken);
            return;
        }

        if (answer.Outcome != SearchOutcome.Whole && window.Width > 1 && connection.Transport != PullTransport.HttpV1)
        {
            meter.Bisect();
            var middle = window.From + (window.Width / 2);
            await ReadFineAsync(new TimeWindow(window.From, middle - 1), deepest, sink, cancellationToken);
            await ReadFineAsync(new TimeWindow(middle, window.To), deepest, sink, cancellationToken);
            return;
        }

        if (answer.Outcome != SearchOutcome.Whole)
        {
            meter.CouldNotComplete(
                $"more than {deepest} traces of {service} start within {window}, and the server hands out no more at once: some are missing"
            );
        }

        await sink(answer.Traces, window, cancellationToken);
    }

    private async Task PassOverAsync(TimeWindow window, SearchAnswer answer, WindowSink sink, CancellationToken cancellationToken)
    {
        meter.Unreadable($"what starts of {service} within {window} cannot be read now and is tried again later: {answer.Problem}");
        _gaps.Add(window);
        await sink(answer.Traces, window, cancellationToken);
    }
}
