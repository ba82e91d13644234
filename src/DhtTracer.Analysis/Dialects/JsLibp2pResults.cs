using DhtTracer.Analysis.Reconstruction;
using DhtTracer.Traces.Model;

namespace DhtTracer.Analysis.Dialects;

/// <summary>
/// What a query of js-libp2p found, and when. The results of value queries and of a bare <c>getClosestPeers</c> are unknown, because no
/// span records them.
/// </summary>
internal sealed class JsLibp2pResults
{
    public JsLibp2pResults(
        LookupBuilder lookup,
        TraceSpans trace,
        List<int> members,
        QueryType type,
        QueryOutcome outcome,
        string? target,
        Span? root,
        Span? wrapper
    )
    {
        switch (type)
        {
            case QueryType.GetProviders:
                Providers(trace, members, root);
                break;
            case QueryType.AddProvider:
                Count =
                    root?.Strings("providers")?.Distinct(StringComparer.Ordinal).Count() ?? (outcome == QueryOutcome.Success ? 0 : null);
                DiscoveryNs = LookupDiscovery.LastHeard(lookup, MessageType.AddProvider);
                break;
            case QueryType.PutValue:
                DiscoveryNs = LookupDiscovery.LastHeard(lookup, MessageType.PutValue);
                break;
            case QueryType.FindPeer:
                DiscoveryNs = outcome is QueryOutcome.Success or QueryOutcome.Incomplete
                    ? LookupDiscovery.FirstNaming(lookup, target)
                    : null;
                Count = outcome switch
                {
                    QueryOutcome.Success => 1,
                    QueryOutcome.NotFound => 0,
                    _ => DiscoveryNs is null ? null : 1,
                };
                break;
            case QueryType.GetClosestPeers when wrapper?.Strings("peers") is { Count: > 0 } peers:
                Count = peers.Distinct(StringComparer.Ordinal).Count();
                DiscoveryNs = LookupDiscovery.AllHeard(lookup, peers);
                break;
            default:
                break;
        }

        void Providers(TraceSpans spans, List<int> within, Span? top)
        {
            var known = new HashSet<string>(StringComparer.Ordinal);
            var start = top?.StartUnixNano ?? within.Min(member => spans[member].StartUnixNano);
            foreach (
                var answer in within
                    .Select(member => spans[member])
                    .Where(static span => JsLibp2pDialect.IsRequest(span))
                    .OrderBy(static span => span.EndUnixNano)
                    .ThenBy(static span => span.SpanId)
            )
            {
                foreach (var provider in JsLibp2pQuery.Numbered(answer, "providers-"))
                {
                    if (known.Add(provider) && answer.EndUnixNano != 0)
                    {
                        DiscoveryNs = SpanReading.Nanoseconds(start, answer.EndUnixNano);
                    }
                }
            }

            // The operation's own list also contains providers that the node itself knew.
            known.UnionWith(top?.Strings("providers") ?? []);
            Count = known.Count;
        }
    }

    /// <summary>Number of results; null when the trace does not show it.</summary>
    public int? Count { get; private set; }

    /// <summary>When the final answer was first known, in nanoseconds after the start; null when the trace does not show it.</summary>
    public long? DiscoveryNs { get; private set; }
}
