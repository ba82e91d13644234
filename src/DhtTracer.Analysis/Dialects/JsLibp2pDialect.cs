using DhtTracer.Analysis.Reconstruction;
using DhtTracer.Traces.Model;

namespace DhtTracer.Analysis.Dialects;

/// <summary>
/// Spans of js-libp2p's kad-dht (<c>@libp2p/opentelemetry-metrics</c>). Above are <c>contentRouting.*</c> or <c>peerRouting.*</c> spans,
/// the only ones that hold the key; below are <c>kadDHT.*</c> operations, with a <c>kadDHT.sendRequest</c> or <c>.sendMessage</c> for each
/// request. An operation that its consumer left early is never exported. Its requests are then orphans, but still a query.
/// </summary>
internal sealed class JsLibp2pDialect : IDialect
{
    private const string Kad = "libp2p.kadDHT.";

    /// <summary>The operations, each with the wrapper that can hold its key.</summary>
    private static readonly Dictionary<string, (QueryType Type, string Wrapper)> Operations = new(StringComparer.Ordinal)
    {
        [Kad + "findProviders"] = (QueryType.GetProviders, "libp2p.contentRouting.findProviders"),
        [Kad + "provide"] = (QueryType.AddProvider, "libp2p.contentRouting.provide"),
        [Kad + "findPeer"] = (QueryType.FindPeer, "libp2p.peerRouting.findPeer"),
        [Kad + "getClosestPeers"] = (QueryType.GetClosestPeers, "libp2p.peerRouting.getClosestPeers"),
        [Kad + "get"] = (QueryType.GetValue, "libp2p.contentRouting.get"),
        [Kad + "put"] = (QueryType.PutValue, "libp2p.contentRouting.put"),
    };

    /// <inheritdoc/>
    public void Reconstruct(TraceSpans trace, TraceDraft drafts)
    {
        var missing = new SortedDictionary<SpanId, List<int>>();
        var roots = new List<int>();
        for (var i = 0; i < trace.Spans.Length; i++)
        {
            if (IsRequest(trace[i]))
            {
                if (trace.IsOrphan(i))
                {
                    Group(missing, trace[i].ParentSpanId).Add(i);
                }
            }
            else if (Operations.ContainsKey(trace[i].Name) && !IsUnderOperation(trace, i))
            {
                roots.Add(i);
            }
        }

        var onlyRoot = OnlyRoot(trace);
        foreach (var root in roots)
        {
            // A lookup beside requests, below the same missing span, is part of that operation: only put and provide have both.
            if (trace.IsOrphan(root) && missing.TryGetValue(trace[root].ParentSpanId, out var beside))
            {
                beside.Add(root);
            }
            else
            {
                drafts.Add(new JsLibp2pQuery(trace, [root], trace[root].SpanId, Operations[trace[root].Name].Type, onlyRoot).Build());
            }
        }

        foreach (var (id, tops) in missing)
        {
            drafts.Add(new JsLibp2pQuery(trace, tops, id, TypeOf(trace, tops), onlyRoot).Build());
        }
    }

    /// <summary>Whether the span is a request of the DHT.</summary>
    internal static bool IsRequest(Span span) => span.Name is Kad + "sendRequest" or Kad + "sendMessage";

    /// <summary>Whether the span is above the DHT in js-libp2p.</summary>
    internal static bool IsWrapper(Span span) =>
        span.Name.StartsWith("libp2p.contentRouting.", StringComparison.Ordinal)
        || span.Name.StartsWith("libp2p.peerRouting.", StringComparison.Ordinal);

    /// <summary>Whether the wrapper's key is the key of a query of this type.</summary>
    internal static bool TellsKey(Span wrapper, QueryType type) =>
        Operations.Values.Any(operation => operation.Type == type && operation.Wrapper == wrapper.Name);

    private static bool IsUnderOperation(TraceSpans trace, int index)
    {
        foreach (var above in trace.Ancestors(index))
        {
            if (Operations.ContainsKey(trace[above].Name))
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>The only span of the trace without a parent; none when there are several or it never arrived.</summary>
    private static int OnlyRoot(TraceSpans trace)
    {
        var only = TraceSpans.None;
        for (var i = 0; i < trace.Spans.Length; i++)
        {
            if (trace[i].ParentSpanId.IsZero)
            {
                if (only != TraceSpans.None)
                {
                    return TraceSpans.None;
                }

                only = i;
            }
        }

        return only;
    }

    /// <summary>The type of an operation that was never exported, from the messages it sent.</summary>
    private static QueryType TypeOf(TraceSpans trace, List<int> tops)
    {
        var types = new HashSet<MessageType?>(
            tops.Where(top => IsRequest(trace[top])).Select(top => JsLibp2pQuery.MessageTypeOf(trace[top]))
        );
        return types.Contains(MessageType.AddProvider) ? QueryType.AddProvider
            : types.Contains(MessageType.GetProviders) ? QueryType.GetProviders
            : types.Contains(MessageType.GetValue) ? QueryType.GetValue
            : types.Contains(MessageType.PutValue) ? QueryType.PutValue
            // Only FIND_NODE: a findPeer, which consumers leave early, at the first event that names the peer.
            : QueryType.FindPeer;
    }

    private static List<int> Group(SortedDictionary<SpanId, List<int>> groups, SpanId id)
    {
        if (!groups.TryGetValue(id, out var group))
        {
            groups.Add(id, group = []);
        }

        return group;
    }
}
