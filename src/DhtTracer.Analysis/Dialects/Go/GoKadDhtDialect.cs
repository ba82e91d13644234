using System.Collections.Immutable;
using DhtTracer.Traces;

namespace DhtTracer.Analysis;

/// <summary>
/// Spans of go-libp2p-kad-dht, and so of Kubo. A query is a method (<c>IpfsDHT.FindPeer</c>) or a bare lookup with everything below it.
/// The WAN and the LAN lookup of the dual DHT have identical names and are two queries of one operation. A request that stands alone in
/// its trace (a probe, a correction, an optimistic provide) is no query.
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

        var orphans = GoOrphans.Find(trace, kinds);
        var parts = new List<GoQueryParts>();
        for (var i = 0; i < kinds.Length; i++)
        {
            if (IsRoot(trace, kinds, i) && !orphans.TakeBeside(i))
            {
                var members = new List<int>();
                trace.Collect(i, members);
                parts.Add(new GoQueryParts(trace, kinds, members, i, trace[i].SpanId));
            }
        }

        orphans.Adopt(parts);
        parts.AddRange(orphans.Rest());
        foreach (var part in parts)
        {
            drafts.Add(new GoKadDhtQuery(trace, kinds, part).Build());
        }
    }

    private static bool IsRoot(TraceSpans trace, GoSpanKind[] kinds, int index)
    {
        // A lookup that has no parent at all is its own root, whatever its level.
        if (!GoSpans.IsOperation(kinds[index])
            && !(kinds[index] is GoSpanKind.RunLookup or GoSpanKind.RunQuery or GoSpanKind.ProvidersRoutine && trace[index].ParentSpanId.IsZero))
        {
            return false;
        }

        foreach (var above in trace.Ancestors(index))
        {
            if (GoSpans.IsOperation(kinds[above]) || GoSpans.IsInner(kinds[above]))
            {
                return false;
            }
        }

        return true;
    }
}

/// <summary>The spans of one query.</summary>
internal sealed class GoQueryParts
{
    private readonly TraceSpans trace;
    private readonly GoSpanKind[] kinds;

    public GoQueryParts(TraceSpans trace, GoSpanKind[] kinds, List<int> members, int root, SpanId rootId)
    {
        this.trace = trace;
        this.kinds = kinds;
        Members = members;
        Root = root;
        RootId = rootId;
        Start = ulong.MaxValue;
        foreach (var member in members)
        {
            Note(member);
        }
    }

    /// <summary>Indexes of its spans.</summary>
    public List<int> Members { get; }

    /// <summary>Index of the root; <see cref="TraceSpans.None"/> when it never arrived.</summary>
    public int Root { get; }

    /// <summary>Id of the root.</summary>
    public SpanId RootId { get; }

    /// <summary>Peers that were asked, dialed or chosen, as the spans write them.</summary>
    public HashSet<string> Peers { get; } = new(StringComparer.Ordinal);

    /// <summary>Start of the root, or of the earliest span.</summary>
    public ulong Start { get; private set; }

    /// <summary>End of the latest span.</summary>
    public ulong End { get; private set; }

    /// <summary>Takes another group of spans in.</summary>
    public void Add(GoQueryParts other)
    {
        foreach (var member in other.Members)
        {
            Members.Add(member);
            Note(member);
        }
    }

    private void Note(int member)
    {
        var span = trace[member];
        Start = Root == TraceSpans.None ? Math.Min(Start, span.StartUnixNano) : trace[Root].StartUnixNano;
        End = Math.Max(End, Math.Max(span.StartUnixNano, span.EndUnixNano));
        var peer = kinds[member] switch
        {
            GoSpanKind.Message => span.Text("to"),
            GoSpanKind.DialPeer => span.Text("PeerID"),
            GoSpanKind.SpawnQuery => span.Text("QueryPeer"),
            _ => null,
        };
        if (peer is not null)
        {
            Peers.Add(peer);
        }
    }
}
