using DhtTracer.Traces.Model;

namespace DhtTracer.Jaeger.Pull;

/// <summary>How a search ended.</summary>
internal enum SearchOutcome
{
    /// <summary>All there is has come.</summary>
    Whole,

    /// <summary>As many traces came as were asked for: there may be more.</summary>
    Full,

    /// <summary>The answer is too much; less is to be asked for.</summary>
    TooLarge,

    /// <summary>However little is asked for, the server cannot read it.</summary>
    Unreadable,
}

/// <summary>What a search gave: the spans that are not handed on yet, how many traces it had in all, and why it failed.</summary>
internal readonly record struct SearchAnswer(SearchOutcome Outcome, Dictionary<TraceId, List<Span>> Traces, int Count, string Problem = "");

/// <summary>Asks for the traces of one window until there is an answer, or until it is clear that there is none.</summary>
internal sealed class WindowSearch(
    string service,
    JaegerConnection connection,
    PullOptions options,
    SemaphoreSlim gate,
    PullMeter meter,
    TimeProvider clock
)
{
    /// <summary>Spans held at most before they are stored, whether or not their window is read to its end.</summary>
    private const int MaxHeldSpans = 10_000;

    /// <summary>After so many failures a window is suspected, if the server answers otherwise.</summary>
    private const int FailuresOfOneWindow = 3;

    /// <summary>So many windows are passed over without a success in between; then the server is taken to be unwell and waited
    /// for.</summary>
    private const int MaxPassedOver = 8;

    /// <summary>Before less is asked for: a server that says "too much" to everything is not to be stormed.</summary>
    private static readonly TimeSpan Breath = TimeSpan.FromSeconds(1);

    private readonly Backoff _backoff = new(clock);
    private int _passedOver;

    /// <summary>Up to where a window lies of which something is known not to be readable; its halves are not tried three times.</summary>
    private long _suspectUntil = long.MinValue;

    /// <summary>Whether the last attempt came as far as the search.</summary>
    private bool _reached;

    /// <summary>A window of this width or less that cannot be read is passed over, in nanoseconds.</summary>
    public long Finest { get; set; } = WindowReader.GapWidth;

    /// <summary>Traces to ask for; lowered where the server takes less.</summary>
    public int Depth { get; private set; } = options.Depth;

    /// <summary>Searches, as often as it takes.</summary>
    /// <param name="window">The time in which spans start.</param>
    /// <param name="traceLimit">Traces asked for.</param>
    /// <param name="sink">Takes what is too much to hold until the answer has ended.</param>
    /// <param name="cancellationToken">Stops.</param>
    /// <exception cref="JaegerReadException">The server takes no search of this depth, and it is deeper than
    /// <see cref="Depth"/>.</exception>
    /// <exception cref="PullException">The server refuses, or was away for longer than the options allow.</exception>
    public async Task<SearchAnswer> AskAsync(TimeWindow window, int traceLimit, WindowSink sink, CancellationToken cancellationToken)
    {
        var failures = 0;
        while (true)
        {
            try
            {
                return await AskOnceAsync(window, traceLimit, sink, cancellationToken);
            }
            catch (JaegerReadException e) when (e.Problem == JaegerReadProblem.AnswerTooLarge && window.Width > Finest)
            {
                meter.Failed(e.Message, final: false);
                _suspectUntil = Math.Max(_suspectUntil, window.To);
                await Task.Delay(Breath, clock, cancellationToken);
                return new SearchAnswer(SearchOutcome.TooLarge, [], 0);
            }
            catch (JaegerReadException e) when (e.Problem == JaegerReadProblem.DepthRefused && traceLimit > Depth)
            {
                throw;
            }
            catch (JaegerReadException e) when (e.Problem == JaegerReadProblem.DepthRefused && Depth > 1)
            {
                // The configured depth is above this server's own limit.
                Depth /= 2;
                traceLimit = Math.Min(traceLimit, Depth);
            }
            catch (JaegerReadException e)
            {
                await FailedAsync(e, cancellationToken);
                if (
                    _reached
                    && ++failures >= (window.To <= _suspectUntil ? 1 : FailuresOfOneWindow)
                    && _passedOver < MaxPassedOver
                    && e.Problem is JaegerReadProblem.Unavailable or JaegerReadProblem.AnswerTooLarge
                    && await AnswersAsync(cancellationToken)
                )
                {
                    _backoff.Reset();
                    _passedOver += window.Width > Finest ? 0 : 1;
                    _suspectUntil = Math.Max(_suspectUntil, window.To);
                    return new SearchAnswer(window.Width > Finest ? SearchOutcome.TooLarge : SearchOutcome.Unreadable, [], 0, e.Message);
                }
            }
        }
    }

    private async Task<SearchAnswer> AskOnceAsync(TimeWindow window, int traceLimit, WindowSink sink, CancellationToken cancellationToken)
    {
        _reached = false;
        await gate.WaitAsync(cancellationToken);
        try
        {
            var reader = await connection.GetAsync(cancellationToken);
            meter.Connected(reader.Transport);
            _reached = true;
            try
            {
                var answer = await CollectAsync(reader, window, traceLimit, sink, cancellationToken);
                connection.Succeeded();
                _backoff.Reset();
                _passedOver = 0;
                return answer;
            }
            catch (JaegerReadException e) when (e.Problem is not (JaegerReadProblem.AnswerTooLarge or JaegerReadProblem.DepthRefused))
            {
                connection.Failed(reader);
                throw;
            }
        }
        finally
        {
            gate.Release();
        }
    }

    private async Task<bool> AnswersAsync(CancellationToken cancellationToken)
    {
        try
        {
            var reader = await connection.GetAsync(cancellationToken);
            await reader.GetServicesAsync(cancellationToken);
            return true;
        }
        catch (JaegerReadException)
        {
            // Then it is the server and not the window, and the server is waited for.
            return false;
        }
    }

    private async Task<SearchAnswer> CollectAsync(
        IJaegerReader reader,
        TimeWindow window,
        int traceLimit,
        WindowSink sink,
        CancellationToken cancellationToken
    )
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
                // Cut off: what else would come is of no use. Leaving the loop ends the call. A single nanosecond is taken as far as it
                // goes.
                return new SearchAnswer(SearchOutcome.Full, traces, ids.Count);
            }

            if (held >= MaxHeldSpans)
            {
                await sink(traces, null, cancellationToken);
                traces = [];
                held = 0;
            }
        }

        return new SearchAnswer(full ? SearchOutcome.Full : SearchOutcome.Whole, traces, ids.Count);
    }

    private async Task FailedAsync(JaegerReadException e, CancellationToken cancellationToken)
    {
        var final = (e.Problem == JaegerReadProblem.Refused && options.GiveUpAfter is not null) || _backoff.Failing > options.GiveUpAfter;
        meter.Failed(e.Message, final);
        if (final)
        {
            throw new PullException(
                $"{options.Source} did not answer for {service}: {e.Message}. "
                    + "What was taken is stored; start the pull again to go on from there.",
                e
            );
        }

        await _backoff.WaitAsync(cancellationToken);
    }
}
