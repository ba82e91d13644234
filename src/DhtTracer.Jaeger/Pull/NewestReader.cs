using System.Runtime.CompilerServices;
using DhtTracer.Traces.Model;

namespace DhtTracer.Jaeger.Pull;

/// <summary>
/// Asks for the newest traces of all time that may still get spans. A memory storage of Jaeger v2 returns those that arrived last, so this
/// finds late traces at once; elsewhere it brings nothing new, and late traces are found when their time is read again.
/// </summary>
internal sealed class NewestReader(WindowSearch search, SummaryReader summaries, TakenSpans taken)
{
    /// <summary>Traces asked for; more while all of them bring something new.</summary>
    private const int FirstDepth = 10;

    /// <summary>Spans that one poll may move again; after more of them some polls are left out.</summary>
    private const int SpansOfPoll = 50;

    /// <summary>Polls left out at most.</summary>
    private const int LongestPause = 120;

    private int _pause;

    /// <summary>Reads them. A failure only means that they come when their window is read.</summary>
    public async IAsyncEnumerable<WindowPart> ReadAsync(PullWindow wanted, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        if (_pause-- > 0)
        {
            yield break;
        }

        var moved = 0;
        for (var depth = Math.Min(FirstDepth, search.Depth); ; depth = Math.Min(search.Depth, depth * 4))
        {
            // One more than the depth: a comparison of a full answer is wanted, too.
            if (await summaries.CompareAsync(wanted.Time, depth + 1, cancellationToken) is { } comparison)
            {
                while (
                    comparison.Differing.Count > 0
                    && await summaries.FetchAsync(comparison.Differing, wanted.Purpose, cancellationToken) is { } fetched
                )
                {
                    yield return new WindowPart(fetched);
                }

                break;
            }

            var known = 0;
            await using var newest = search.Begin(wanted.Time, depth, wanted.Purpose, takeFull: true);
            while (!newest.Ended)
            {
                if (await NextAsync(newest, cancellationToken) is not { } traces)
                {
                    _pause = LongestPause;
                    yield break;
                }

                foreach (var (trace, spans) in traces)
                {
                    known += (await taken.NewAsync(trace, spans, cancellationToken)).Fresh.Count == 0 ? 1 : 0;
                    moved += spans.Count;
                }

                yield return new WindowPart(traces);
            }

            if (known > 0 || newest.Count < depth || depth == search.Depth)
            {
                break;
            }
        }

        _pause = Math.Min(LongestPause, moved / SpansOfPoll);
    }

    private static async Task<Dictionary<TraceId, List<Span>>?> NextAsync(TraceSearch newest, CancellationToken cancellationToken)
    {
        try
        {
            return await newest.NextAsync(cancellationToken);
        }
        catch (JaegerReadException)
        {
            // The windows of the same time meet the same problem, and deal with it.
            return null;
        }
    }
}
