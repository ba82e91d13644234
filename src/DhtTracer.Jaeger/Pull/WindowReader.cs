using System.Runtime.CompilerServices;

namespace DhtTracer.Jaeger.Pull;

/// <summary>
/// Reads windows of one service, in parts so narrow that no answer comes back full. A server silently cuts a search at its depth, so an
/// answer with as many traces as were asked for counts as cut: it is thrown away and less time is asked for. Time that fails while the
/// server answers otherwise is cut down too, and a second that still fails is passed over as unreadable.
/// </summary>
internal sealed class WindowReader(WindowSearch searches, SummaryReader summaries, TakenSpans taken, PullMeter meter)
{
    /// <summary>Traces asked for when nothing is known about the traffic: few, because they come again.</summary>
    private const int ProbeDepth = 50;

    private readonly CrowdedReader _crowded = new(searches, meter);
    private readonly NewestReader _newest = new(searches, summaries, taken);
    private readonly WindowWidth _width = new();

    /// <summary>Reads a window from its beginning to its end. The complete parts follow one another without a hole.</summary>
    /// <exception cref="PullException">The server refuses, or was away for longer than the options allow.</exception>
    public async IAsyncEnumerable<WindowPart> ReadAsync(PullWindow wanted, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        if (wanted.Purpose == WindowPurpose.Newest)
        {
            await foreach (var part in _newest.ReadAsync(wanted, cancellationToken))
            {
                yield return part;
            }

            yield break;
        }

        // How wide a gap's readable parts are says nothing about the traffic.
        var width = _width;
        if (wanted.Purpose == WindowPurpose.Gap)
        {
            width = new WindowWidth();
            width.Set(wanted.Time.Width);
        }

        var from = wanted.Time.From / TimeWindow.Microsecond * TimeWindow.Microsecond;
        while (from <= wanted.Time.To)
        {
            var window = width.Next(from, wanted.Time.To);
            await foreach (var part in ReadPartAsync(new PullWindow(window, wanted.Purpose), width, cancellationToken))
            {
                from = part.Complete is { } complete ? complete.To + 1 : from;
                yield return part;
            }
        }
    }

    /// <summary>Reads one window to its end, or, when it is too much, sets a smaller width.</summary>
    private async IAsyncEnumerable<WindowPart> ReadPartAsync(
        PullWindow wanted,
        WindowWidth width,
        [EnumeratorCancellation] CancellationToken cancellationToken
    )
    {
        var window = wanted.Time;
        if (
            wanted.Purpose != WindowPurpose.Gap
            && await summaries.CompareAsync(window, searches.Depth, cancellationToken) is { } comparison
        )
        {
            if (comparison.IsFull && window.Width > TimeWindow.Microsecond)
            {
                meter.Bisect();
                width.Set(window.Width / 2);
                yield break;
            }

            while (
                comparison.IsMostlyKnown
                && await summaries.FetchAsync(comparison.Differing, wanted.Purpose, cancellationToken) is { } traces
            )
            {
                var isWhole = comparison.Differing.Count == 0;
                yield return new WindowPart(traces, isWhole ? window : null);
                if (isWhole)
                {
                    width.Whole(window, comparison.Count, searches.Depth);
                    yield break;
                }
            }
        }

        var depth = width.IsKnown ? searches.Depth : Math.Min(ProbeDepth, searches.Depth);
        await using var search = searches.Begin(window, depth, wanted.Purpose);
        var outcome = SearchOutcome.Whole;
        while (!search.Ended)
        {
            (outcome, var traces) = await searches.NextAsync(search, wanted.Purpose, cancellationToken);
            if (outcome != SearchOutcome.Whole)
            {
                break;
            }

            yield return new WindowPart(traces, search.Ended ? window : null);
        }

        switch (outcome)
        {
            case SearchOutcome.Whole:
                width.Whole(window, search.Count, searches.Depth);
                break;
            case SearchOutcome.DepthRefused:
                // The configured depth is above this server's own limit.
                searches.Depth = Math.Max(1, depth / 2);
                break;
            case SearchOutcome.Full when window.Width > TimeWindow.Microsecond:
                meter.Bisect();
                width.Full(window, search.Earliest, search.Count, searches.Depth);
                break;
            case SearchOutcome.Full:
                await foreach (var part in _crowded.ReadAsync(wanted, window, cancellationToken))
                {
                    yield return part;
                }

                break;
            case SearchOutcome.Failed when window.Width > WindowSearch.Finest(wanted.Purpose):
                meter.Bisect();
                width.Set(window.Width / 2);
                break;
            default:
                yield return WindowPart.Unread(window);
                break;
        }
    }
}
