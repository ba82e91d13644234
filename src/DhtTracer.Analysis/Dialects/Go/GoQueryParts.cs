using DhtTracer.Analysis.Reconstruction;
using DhtTracer.Traces.Model;

namespace DhtTracer.Analysis.Dialects.Go;

/// <summary>The spans of one query.</summary>
internal sealed class GoQueryParts
{
    private readonly TraceSpans _trace;
    private readonly GoSpanKind[] _kinds;

    public GoQueryParts(TraceSpans trace, GoSpanKind[] kinds, List<int> members, int root, SpanId rootId)
    {
        _trace = trace;
        _kinds = kinds;
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

    public SpanId RootId { get; }

    /// <summary>Peers that were asked, dialed or chosen, as written in the spans.</summary>
    public HashSet<string> Peers { get; } = new(StringComparer.Ordinal);

    /// <summary>Start of the root, or of the earliest span.</summary>
    public ulong Start { get; private set; }

    /// <summary>End of the latest span.</summary>
    public ulong End { get; private set; }

    /// <summary>Adds another group of spans.</summary>
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
        var span = _trace[member];
        Start = Root == TraceSpans.None ? Math.Min(Start, span.StartUnixNano) : _trace[Root].StartUnixNano;
        End = Math.Max(End, Math.Max(span.StartUnixNano, span.EndUnixNano));
        var peer = _kinds[member] switch
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
