using System.Runtime.CompilerServices;

namespace DhtTracer.Jaeger.Pull;

/// <summary>
/// Reads a microsecond that holds more traces than a search returns: first by asking deeper, as deep as the server goes, then in parts of
/// it, down to a nanosecond. What is still full there is said to be incomplete.
/// </summary>
internal sealed class CrowdedReader(WindowSearch searches, PullMeter meter)
{
    /// <summary>Reads a microsecond that holds more traces than the depth: asks deeper, as deep as the server goes.</summary>
    public async IAsyncEnumerable<WindowPart> ReadAsync(
        PullWindow wanted,
        TimeWindow window,
        [EnumeratorCancellation] CancellationToken cancellationToken
    )
    {
        var accepted = searches.Depth;
        int? refused = null;
        while ((refused ?? int.MaxValue) - accepted > 1)
        {
            var next = refused is { } limit ? accepted + ((limit - accepted) / 2) : (int)Math.Min(2L * accepted, int.MaxValue - 1);
            await using var search = searches.Begin(window, next, wanted.Purpose);
            var outcome = SearchOutcome.Full;
            while (!search.Ended)
            {
                (outcome, var traces) = await searches.NextAsync(search, wanted.Purpose, cancellationToken);
                if (outcome is SearchOutcome.Failed or SearchOutcome.DepthRefused)
                {
                    break;
                }

                if (!search.Ended || !search.IsFull)
                {
                    yield return new WindowPart(traces, search.Ended ? window : null);
                }
            }

            if (outcome == SearchOutcome.Failed)
            {
                yield return WindowPart.Unread(window);
                yield break;
            }

            if (outcome == SearchOutcome.Whole)
            {
                yield break;
            }

            if (outcome == SearchOutcome.Full)
            {
                accepted = next;
            }
            else
            {
                refused = next;
            }
        }

        await foreach (var part in ReadFineAsync(wanted, window, accepted, cancellationToken))
        {
            yield return part;
        }
    }

    /// <summary>Reads a microsecond in ever smaller parts, each as deep as the server goes.</summary>
    private async IAsyncEnumerable<WindowPart> ReadFineAsync(
        PullWindow wanted,
        TimeWindow window,
        int deepest,
        [EnumeratorCancellation] CancellationToken cancellationToken
    )
    {
        await using var search = searches.Begin(window, deepest, wanted.Purpose, takeFull: !CanHalve(window));
        var outcome = SearchOutcome.Full;
        while (!search.Ended)
        {
            (outcome, var traces) = await searches.NextAsync(search, wanted.Purpose, cancellationToken);
            if (outcome is SearchOutcome.Failed or SearchOutcome.DepthRefused)
            {
                break;
            }

            if (!search.Ended || outcome == SearchOutcome.Whole || !CanHalve(window))
            {
                yield return new WindowPart(traces, search.Ended ? window : null);
            }
        }

        if (outcome == SearchOutcome.Failed)
        {
            yield return WindowPart.Unread(window);
        }
        else if (outcome == SearchOutcome.DepthRefused || (outcome == SearchOutcome.Full && CanHalve(window)))
        {
            // Refused: the server was started again with a smaller limit.
            deepest = outcome == SearchOutcome.DepthRefused ? searches.Depth : deepest;
            meter.Bisect();
            var middle = window.From + (window.Width / 2);
            foreach (var half in new[] { new TimeWindow(window.From, middle - 1), new TimeWindow(middle, window.To) })
            {
                await foreach (var part in ReadFineAsync(wanted, half, deepest, cancellationToken))
                {
                    yield return part;
                }
            }
        }
        else if (outcome == SearchOutcome.Full)
        {
            meter.CouldNotComplete(
                $"more than {deepest} traces of {searches.Service} start within {window}, "
                    + "and the server returns no more at once: some are missing"
            );
        }
    }

    private bool CanHalve(TimeWindow window) => window.Width > 1 && searches.CountsNanoseconds;
}
