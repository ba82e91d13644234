using DhtTracer.Traces;

namespace DhtTracer.Ingestion.Pull;

/// <summary>Takes what a window held: the traces' spans, and the window when it was read to its end, else null.</summary>
internal delegate Task WindowSink(IReadOnlyDictionary<TraceId, List<Span>> traces, TimeWindow? complete, CancellationToken cancellationToken);

/// <summary>
/// Reads a stretch of time of one service, in windows so narrow that none comes back full. A server cuts a search at its depth without a
/// word, so an answer with as many traces as were asked for counts as cut: it is thrown away and half the window is asked for. Below a
/// microsecond the depth is raised instead, and when the server refuses that, the window is cut down to single nanoseconds. A window that
/// fails again and again while the server answers otherwise is cut down too, and what is left of it is passed over and said to be missing.
/// </summary>
internal sealed class WindowReader(
    string service, JaegerConnection connection, PullOptions options, SemaphoreSlim gate, PullMeter meter, TimeProvider clock)
{
    /// <summary>Spans held at most before they are stored, whether or not their window is read to its end.</summary>
    private const int MaxHeldSpans = 10_000;

    /// <summary>After so many failures a window is suspected, if the server answers otherwise.</summary>
    private const int FailuresOfOneWindow = 3;

    /// <summary>So many windows are passed over without a success in between; then the server is taken to be unwell and waited for.</summary>
    private const int MaxPassedOver = 3;

    /// <summary>Before less is asked for: a server that says "too much" to everything is not to be stormed.</summary>
    private static readonly TimeSpan Breath = TimeSpan.FromSeconds(1);

    private readonly Backoff backoff = new(clock);
    private int passedOver;
    private long width = long.MaxValue;
    private int depth = options.Depth;

    private enum Outcome
    {
        Whole,
        Full,
        TooLarge,
        Unreadable,
    }

    /// <summary>What a search gave: the spans that are not handed on yet, how many traces it had in all, and why it failed.</summary>
    private readonly record struct Answer(Outcome Outcome, Dictionary<TraceId, List<Span>> Traces, int Count, string Problem = "");

    /// <summary>Reads a range from its beginning to its end. Every window goes to <paramref name="sink"/> once, in order.</summary>
    /// <exception cref="PullException">The server refuses, or was away for longer than the options allow.</exception>
    public async Task ReadAsync(TimeWindow range, WindowSink sink, CancellationToken cancellationToken)
    {
        var from = range.From / TimeWindow.Microsecond * TimeWindow.Microsecond;
        while (from <= range.To)
        {
            var window = new TimeWindow(from, width > range.To - from ? range.To : from + width - 1);
            var answer = await AskAsync(window, depth, sink, cancellationToken);
            if (answer.Outcome == Outcome.Whole)
            {
                await sink(answer.Traces, window, cancellationToken);
                from = window.To + 1;
                Widen(window, answer.Count);
            }
            else if (answer.Outcome == Outcome.Unreadable)
            {
                await PassOverAsync(window, answer, sink, cancellationToken);
                from = window.To + 1;
            }
            else if (window.Width > TimeWindow.Microsecond)
            {
                meter.Bisect();
                width = Math.Max(1, window.Width / 2 / TimeWindow.Microsecond) * TimeWindow.Microsecond;
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
        var factor = Math.Clamp(depth / 2 / Math.Max(1, traces), 1, 8);
        width = Math.Max(width, window.Width);
        width = width > long.MaxValue / 16 ? long.MaxValue : width * factor;
    }

    private async Task ReadDeepAsync(TimeWindow window, WindowSink sink, CancellationToken cancellationToken)
    {
        var (accepted, refused) = (depth, int.MaxValue);
        while (refused - accepted > 1)
        {
            var next = refused == int.MaxValue ? (int)Math.Min(2L * accepted, int.MaxValue - 1) : accepted + ((refused - accepted) / 2);
            try
            {
                var answer = await AskAsync(window, next, sink, cancellationToken);
                if (answer.Outcome == Outcome.Whole)
                {
                    await sink(answer.Traces, window, cancellationToken);
                    return;
                }

                if (answer.Outcome == Outcome.Unreadable)
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
        Answer answer;
        try
        {
            answer = await AskAsync(window, deepest, sink, cancellationToken);
        }
        catch (JaegerReadException e) when (e.Problem == JaegerReadProblem.DepthRefused)
        {
            // The server was started again with a smaller limit.
            deepest = depth;
            answer = await AskAsync(window, deepest, sink, cancellationToken);
        }

        if (answer.Outcome == Outcome.Unreadable)
        {
            await PassOverAsync(window, answer, sink, cancellationToken);
            return;
        }

        if (answer.Outcome != Outcome.Whole && window.Width > 1 && connection.Transport != PullTransport.HttpV1)
        {
            meter.Bisect();
            var middle = window.From + (window.Width / 2);
            await ReadFineAsync(new TimeWindow(window.From, middle - 1), deepest, sink, cancellationToken);
            await ReadFineAsync(new TimeWindow(middle, window.To), deepest, sink, cancellationToken);
            return;
        }

        if (answer.Outcome != Outcome.Whole)
        {
            meter.CouldNotComplete($"more than {deepest} traces of {service} start within {window}, and the server hands out no more at once: some are missing");
        }

        await sink(answer.Traces, window, cancellationToken);
    }

    private async Task PassOverAsync(TimeWindow window, Answer answer, WindowSink sink, CancellationToken cancellationToken)
    {
        meter.CouldNotComplete($"what starts of {service} within {window} cannot be read: {answer.Problem}");
        await sink(answer.Traces, window, cancellationToken);
    }

    private async Task<Answer> AskAsync(
        TimeWindow window, int traceLimit, WindowSink sink, CancellationToken cancellationToken)
    {
        var failures = 0;
        while (true)
        {
            IJaegerReader? reader = null;
            try
            {
                await gate.WaitAsync(cancellationToken);
                try
                {
                    reader = await connection.GetAsync(cancellationToken);
                    meter.Connected(reader.Transport);
                    var answer = await CollectAsync(reader, window, traceLimit, sink, cancellationToken);
                    connection.Succeeded();
                    backoff.Reset();
                    passedOver = 0;
                    return answer;
                }
                finally
                {
                    gate.Release();
                }
            }
            catch (JaegerReadException e) when (e.Problem == JaegerReadProblem.AnswerTooLarge && window.Width > TimeWindow.Microsecond)
            {
                meter.Failed(e.Message, final: false);
                await Task.Delay(Breath, clock, cancellationToken);
                return new Answer(Outcome.TooLarge, [], 0);
            }
            catch (JaegerReadException e) when (e.Problem == JaegerReadProblem.DepthRefused && traceLimit > depth)
            {
                throw;
            }
            catch (JaegerReadException e) when (e.Problem == JaegerReadProblem.DepthRefused && depth > 1)
            {
                // The configured depth is above this server's own limit.
                depth /= 2;
                traceLimit = Math.Min(traceLimit, depth);
            }
            catch (JaegerReadException e)
            {
                if (reader is not null)
                {
                    connection.Failed(reader);
                }

                await FailedAsync(e, cancellationToken);
                if (reader is not null && ++failures >= FailuresOfOneWindow && passedOver < MaxPassedOver
                    && e.Problem is JaegerReadProblem.Unavailable or JaegerReadProblem.AnswerTooLarge && await AnswersAsync(reader, cancellationToken))
                {
                    backoff.Reset();
                    passedOver += window.Width > TimeWindow.Microsecond ? 0 : 1;
                    return new Answer(window.Width > TimeWindow.Microsecond ? Outcome.TooLarge : Outcome.Unreadable, [], 0, e.Message);
                }
            }
        }
    }

    private static async Task<bool> AnswersAsync(IJaegerReader reader, CancellationToken cancellationToken)
    {
        try
        {
            await reader.GetServicesAsync(cancellationToken);
            return true;
        }
        catch (JaegerReadException)
        {
            // Then it is the server and not the window, and the server is waited for.
            return false;
        }
    }

    private async Task<Answer> CollectAsync(
        IJaegerReader reader, TimeWindow window, int traceLimit, WindowSink sink, CancellationToken cancellationToken)
    {
        var ids = new HashSet<TraceId>();
        var traces = new Dictionary<TraceId, List<Span>>();
        var held = 0;
        var rejected = 0;
        var full = false;
        await foreach (var piece in reader.FindTracesAsync(service, window, traceLimit, cancellationToken))
        {
            foreach (var span in piece.Spans)
            {
                if (!traces.TryGetValue(span.TraceId, out var spans))
                {
                    traces.Add(span.TraceId, spans = []);
                    full |= ids.Add(span.TraceId) && ids.Count >= traceLimit;
                }

                spans.Add(span);
                held++;
            }

            if (piece.Rejected > 0)
            {
                // Each may be a trace of its own that took the place of one that was cut off.
                meter.Rejected(piece.Rejected);
                rejected += piece.Rejected;
                full |= ids.Count + rejected >= traceLimit;
            }

            if (full && window.Width > 1)
            {
                // Cut off: what else would come is of no use. Leaving the loop ends the call. A single nanosecond is taken as far as it goes.
                return new Answer(Outcome.Full, traces, ids.Count);
            }

            if (held >= MaxHeldSpans)
            {
                await sink(traces, null, cancellationToken);
                traces = [];
                held = 0;
            }
        }

        return new Answer(full ? Outcome.Full : Outcome.Whole, traces, ids.Count);
    }

    private async Task FailedAsync(JaegerReadException e, CancellationToken cancellationToken)
    {
        var final = (e.Problem == JaegerReadProblem.Refused && options.GiveUpAfter is not null) || backoff.Failing > options.GiveUpAfter;
        meter.Failed(e.Message, final);
        if (final)
        {
            throw new PullException(
                $"{options.Source} did not answer for {service}: {e.Message}. What was taken is stored; start the pull again to go on from there.", e);
        }

        await backoff.WaitAsync(cancellationToken);
    }
}
