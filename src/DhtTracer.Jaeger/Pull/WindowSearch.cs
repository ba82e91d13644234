using DhtTracer.Traces.Model;

namespace DhtTracer.Jaeger.Pull;

/// <summary>How a step of a search ended.</summary>
internal enum SearchOutcome
{
    /// <summary>A piece has come; when the search has ended with it, all there is has come.</summary>
    Whole,

    /// <summary>As many traces came as were asked for: there may be more.</summary>
    Full,

    /// <summary>Nothing came: the answer is too large, or something in it cannot be read.</summary>
    Failed,

    /// <summary>The server takes no search of this depth.</summary>
    DepthRefused,
}

/// <summary>
/// Searches windows of one service, and tells a window that cannot be read from a server that is away: a server that is away is waited
/// for, a window that fails while the server answers otherwise is given up.
/// </summary>
internal sealed class WindowSearch(string service, PullSession session, PullRetry retry, PullMeter meter)
{
    /// <summary>What cannot be read is passed over at this width, and tried again later in finer parts: a second.</summary>
    private const long GapWidth = 1_000_000_000;

    /// <summary>After so many failures a window is suspected, if the server answers otherwise.</summary>
    private const int FailuresOfOneWindow = 3;

    /// <summary>So many windows are passed over without a success in between; then the server counts as unwell and is waited for.</summary>
    private const int MaxPassedOver = 8;

    /// <summary>Before less is asked for: a server that says "too much" to everything is not to be flooded.</summary>
    private static readonly TimeSpan Breath = TimeSpan.FromSeconds(1);

    private int _passedOver;

    /// <summary>Up to where a window lies of which something is known not to be readable; its halves are not tried three times.</summary>
    private long _suspectUntil = long.MinValue;

    /// <summary>Traces asked for at once; lowered where the server takes less.</summary>
    public int Depth { get; set; } = session.Options.Depth;

    /// <summary>The service.</summary>
    public string Service => service;

    /// <summary>Whether windows below a microsecond can be asked for.</summary>
    public bool CountsNanoseconds => session.Connection.Transport != PullTransport.HttpV1;

    /// <summary>A window of this width or less that cannot be read is passed over, in nanoseconds.</summary>
    public static long Finest(WindowPurpose purpose) => purpose == WindowPurpose.Gap ? TimeWindow.Microsecond : GapWidth;

    /// <summary>Begins a search.</summary>
    /// <param name="window">The time.</param>
    /// <param name="depth">Traces asked for.</param>
    /// <param name="purpose">Why the window is read.</param>
    /// <param name="takeFull">Whether an answer that is cut at the depth is of use.</param>
    public TraceSearch Begin(TimeWindow window, int depth, WindowPurpose purpose, bool takeFull = false) =>
        new(service, session.Connection, session.Searching, meter)
        {
            Window = window,
            Depth = depth,
            TakeFull = takeFull,
            IsAgain = purpose is WindowPurpose.Again or WindowPurpose.Newest,
        };

    /// <summary>Reads the next piece, as often as it takes.</summary>
    /// <param name="search">The search.</param>
    /// <param name="purpose">Why its window is read.</param>
    /// <param name="cancellationToken">Stops.</param>
    /// <exception cref="PullException">The server refuses, or was away for longer than the options allow.</exception>
    public async Task<(SearchOutcome Outcome, Dictionary<TraceId, List<Span>> Traces)> NextAsync(
        TraceSearch search,
        WindowPurpose purpose,
        CancellationToken cancellationToken
    )
    {
        var failures = 0;
        var finest = Finest(purpose);
        try
        {
            var traces = await retry.RunAsync(search.NextAsync, IsWindowAsync, cancellationToken);
            if (search.Ended)
            {
                retry.Succeeded();
                _passedOver = 0;
            }

            return (search.Ended && search.IsFull ? SearchOutcome.Full : SearchOutcome.Whole, traces);
        }
        catch (JaegerReadException e) when (e.Problem == JaegerReadProblem.DepthRefused)
        {
            return (SearchOutcome.DepthRefused, []);
        }
        catch (JaegerReadException e)
        {
            var unreadable = search.Window.Width <= finest;
            meter.Failed(
                unreadable
                    ? $"what starts of {service} within {search.Window} cannot be read now and is tried again later: {e.Message}"
                    : e.Message,
                final: false
            );
            _passedOver += unreadable ? 1 : 0;
            _suspectUntil = Math.Max(_suspectUntil, search.Window.To);
            await Task.Delay(Breath, session.Clock, cancellationToken);
            return (SearchOutcome.Failed, []);
        }

        async ValueTask<bool> IsWindowAsync(JaegerReadException e, CancellationToken token) =>
            e.Problem switch
            {
                JaegerReadProblem.DepthRefused => search.Depth > 1,
                JaegerReadProblem.AnswerTooLarge when search.Window.Width > finest => true,
                JaegerReadProblem.AnswerTooLarge or JaegerReadProblem.Unavailable => search.Reached
                    && ++failures >= (search.Window.To <= _suspectUntil ? 1 : FailuresOfOneWindow)
                    && _passedOver < MaxPassedOver
                    && await AnswersAsync(token),
                _ => false,
            };
    }

    private async Task<bool> AnswersAsync(CancellationToken cancellationToken)
    {
        try
        {
            var reader = await session.Connection.GetAsync(cancellationToken);
            await reader.GetServicesAsync(cancellationToken);
            return true;
        }
        catch (JaegerReadException)
        {
            // Then it is the server and not the window, and the server is waited for.
            return false;
        }
    }
}
