using DhtTracer.Analysis.Reconstruction;

namespace DhtTracer.Analysis.Dialects.Go;

/// <summary>
/// Spans of go-libp2p-kad-dht, and therefore of Kubo. A query is a method (<c>IpfsDHT.FindPeer</c>) or a bare lookup, with everything below
/// it. The WAN and the LAN lookup of the dual DHT have identical names and are two queries of one operation. A request that is alone in its
/// trace (a probe, a correction, an optimistic provide) is no query. The rules are in <c>docs/dialects/go.md</c> for queries and in
/// <c>docs/dialects/kubo.md</c> for operations.
/// </summary>
internal sealed class GoKadDhtDialect : IDialect
{
    /// <inheritdoc/>
    public void Reconstruct(TraceSpans trace, TraceDraft drafts)
    {
        var kinds = new GoSpanKind[trace.Spans.Length];
        var any = false;
        for (var i = 0; i < kinds.Length; i++)
        {
            kinds[i] = GoSpans.Kind(trace[i]);
            any |= kinds[i] is not (GoSpanKind.None or GoSpanKind.Context);
        }

        if (!any)
        {
            return;
        }

        GoMarks.Read(trace, kinds, drafts);
        if (kinds is [GoSpanKind.Message or GoSpanKind.Background or GoSpanKind.Other])
        {
            // A crawl of the accelerated client is thousands of traces with one span each.
            return;
        }

        var partition = new GoPartition(trace, kinds);
        var operations = new GoOperations(trace, kinds, partition);
        var parts = Parts(trace, kinds, partition);
        var losses = new GoLosses(trace, kinds, parts);
        foreach (var part in parts)
        {
            if (!GoMarks.IsMark(trace, kinds, part))
            {
                operations.Add(part, new GoKadDhtQuery(trace, kinds, part, losses[part]).Build());
            }
        }

        operations.Build(drafts);
    }

    private static List<GoQueryParts> Parts(TraceSpans trace, GoSpanKind[] kinds, GoPartition partition)
    {
        var members = new Dictionary<int, List<int>>();
        for (var i = 0; i < kinds.Length; i++)
        {
            if (partition.Query(i) is var root and not TraceSpans.None)
            {
                (members.TryGetValue(root, out var list) ? list : members[root] = []).Add(i);
            }
        }

        var orphans = GoOrphans.Find(trace, kinds, partition);
        var parts = new List<GoQueryParts>(members.Count);
        foreach (var (root, list) in members.OrderBy(static group => group.Key))
        {
            if (!orphans.TakeBeside(root))
            {
                parts.Add(new GoQueryParts(trace, kinds, list, root, trace[root].SpanId));
            }
        }

        orphans.Adopt(parts);
        parts.AddRange(orphans.Rest());
        return parts;
    }
}
