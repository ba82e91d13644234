using DhtTracer.Analysis.Model;

namespace DhtTracer.Analysis.Dialects.RustLogs;

/// <summary>Removes from a query what its log does not show: times, the order of requests, the greatest hops.</summary>
internal static class LogUnknowns
{
    /// <summary>Sets to null each time that would be counted from an unknown start.</summary>
    /// <param name="query">The query as built, with times after the first line about it.</param>
    /// <param name="spans">The spans of the query.</param>
    /// <param name="orderKnown">Whether the order in which peers were asked is known.</param>
    public static Query OnlyKnown(Query query, LogSpans spans, bool orderKnown)
    {
        if (!spans.IsStarted || spans.IsOrderOnly)
        {
            // The first line about the query is its first answer, or the opening of a stream. The query began before that.
            query = query with
            {
                DurationNs = null,
                DiscoveryNs = null,
                FirstAnswerNs = null,
            };
        }

        if (query.Peers.Any(static peer => !peer.Requests.IsEmpty && peer.Hops is null))
        {
            query = query with { Hops = null };
        }

        if (!orderKnown)
        {
            query = query with { Peers = [.. query.Peers.Select(static peer => peer with { Order = null })] };
        }

        return spans.IsOrderOnly
            ? query with
            {
                Peers =
                [
                    .. query.Peers.Select(static peer =>
                        peer with
                        {
                            HeardNs = null,
                            Dial = null,
                            Requests =
                            [
                                .. peer.Requests.Select(static request => request with { StartNs = null, DurationNs = null, EndNs = null }),
                            ],
                        }
                    ),
                ],
            }
            : query;
    }
}
