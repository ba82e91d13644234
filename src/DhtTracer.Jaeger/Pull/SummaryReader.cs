using DhtTracer.Traces.Model;

namespace DhtTracer.Jaeger.Pull;

/// <summary>
/// Compares what a Jaeger has with what is stored, by its trace summaries, and fetches single traces. For a Jaeger since v2.19.
/// </summary>
internal sealed class SummaryReader(string service, PullSession session, PullMeter meter)
{
    /// <summary>Spans fetched before they are stored.</summary>
    private const int Enough = 10_000;

    /// <summary>How many traces a window holds, and which of them differ from what is stored; null where the server does not say.</summary>
    /// <exception cref="Storage.DatabaseException">The store cannot be read.</exception>
    public async Task<Comparison?> CompareAsync(TimeWindow window, int depth, CancellationToken cancellationToken)
    {
        IReadOnlyList<FoundSummary> found;
        await session.Searching.WaitAsync(cancellationToken);
        try
        {
            var reader = await session.Connection.GetAsync(cancellationToken);
            meter.Connected(reader.Transport, session.Connection.Server);
            if (session.Connection.Summaries is not { } summaries)
            {
                return null;
            }

            found = await summaries.FindSummariesAsync(service, window, depth, cancellationToken);
        }
        catch (JaegerReadException)
        {
            // The search that follows meets the same problem, and deals with it.
            return null;
        }
        finally
        {
            session.Searching.Release();
        }

        return found.Count >= depth
            ? new Comparison(found.Count, IsFull: true, [])
            : new Comparison(found.Count, IsFull: false, await session.Taken.DifferingAsync(found, cancellationToken));
    }

    /// <summary>Fetches traces until there are enough to store, and removes them from the list; null when one cannot be read.</summary>
    public async Task<Dictionary<TraceId, List<Span>>?> FetchAsync(
        List<TraceId> wanted,
        WindowPurpose purpose,
        CancellationToken cancellationToken
    )
    {
        var traces = new Dictionary<TraceId, List<Span>>();
        var held = 0;
        await session.Searching.WaitAsync(cancellationToken);
        try
        {
            while (wanted.Count > 0 && held < Enough)
            {
                var spans = new List<Span>();
                await foreach (var piece in session.Connection.Summaries!.GetTraceAsync(wanted[^1], cancellationToken))
                {
                    spans.AddRange(piece.Spans);
                    meter.Moved(piece.Spans.Count, purpose is WindowPurpose.Again or WindowPurpose.Newest);
                }

                traces[wanted[^1]] = spans;
                held += spans.Count;
                wanted.RemoveAt(wanted.Count - 1);
            }

            return traces;
        }
        catch (JaegerReadException)
        {
            // The search of its window meets the same problem, and deals with it.
            return null;
        }
        finally
        {
            session.Searching.Release();
        }
    }

    /// <summary>What a window holds.</summary>
    /// <param name="Count">Traces.</param>
    /// <param name="IsFull">Whether there may be more, so that nothing was compared.</param>
    /// <param name="Differing">Those that have another number of spans than what is stored of them.</param>
    internal sealed record Comparison(int Count, bool IsFull, List<TraceId> Differing)
    {
        /// <summary>Whether fetching what differs costs less than reading the window.</summary>
        public bool IsMostlyKnown => !IsFull && Differing.Count * 5 <= Count * 4;
    }
}
