using System.Collections.Immutable;
using DhtTracer.Traces;

namespace DhtTracer.Analysis;

/// <summary>
/// Spans of js-libp2p's kad-dht (<c>@libp2p/opentelemetry-metrics</c>): <c>contentRouting.*</c> or <c>peerRouting.*</c> above, which alone
/// tell the key; <c>kadDHT.*</c> operations; a <c>kadDHT.sendRequest</c> or <c>.sendMessage</c> for each request. Operations that a
/// consumer left early are never exported: their requests are orphans, and still a query.
/// </summary>
internal sealed class JsLibp2pDialect : IDialect
{
    private const string Kad = "libp2p.kadDHT.";

    /// <summary>The operations, and the wrapper that can tell the key of each.</summary>
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
            // A lookup beside requests under the same missing span is a part of that operation: only put and provide have both.
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

    /// <summary>Whether the span stands above the DHT in js-libp2p.</summary>
    internal static bool IsWrapper(Span span) =>
        span.Name.StartsWith("libp2p.contentRouting.", StringComparison.Ordinal)
        || span.Name.StartsWith("libp2p.peerRouting.", StringComparison.Ordinal);

    /// <summary>Whether this wrapper's key is the key of a query of this type.</summary>
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

    /// <summary>The one span of the trace that has no parent; none when there are several or it never arrived.</summary>
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

    /// <summary>What an operation that was never exported was for, from the messages it sent.</summary>
    private static QueryType TypeOf(TraceSpans trace, List<int> tops)
    {
        var types = new HashSet<MessageType?>(
            tops.Where(top => IsRequest(trace[top])).Select(top => JsLibp2pQuery.MessageTypeOf(trace[top]))
        );
        return types.Contains(MessageType.AddProvider) ? QueryType.AddProvider
            : types.Contains(MessageType.GetProviders) ? QueryType.GetProviders
            : types.Contains(MessageType.GetValue) ? QueryType.GetValue
            : types.Contains(MessageType.PutValue) ? QueryType.PutValue
            // FIND_NODE alone: findPeer is what consumers leave early, at the first event that names the peer.
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
