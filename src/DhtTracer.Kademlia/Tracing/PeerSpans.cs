using System.Diagnostics;
using DhtTracer.Kademlia.Lookups;
using DhtTracer.Kademlia.Network;

namespace DhtTracer.Kademlia.Tracing;

/// <summary>The state that <see cref="ActivityObserver"/> keeps of a peer between its steps.</summary>
internal sealed class PeerSpans(LookupPeer of)
{
    public LookupPeer Of => of;

    public Activity? Span { get; set; }

    /// <summary>Start of the dial under way, or of the one in <see cref="Reused"/>.</summary>
    public DateTimeOffset? DialStart { get; set; }

    /// <summary>The reused connection that is not recorded yet.</summary>
    public DialResult? Reused { get; set; }

    /// <summary>The request under way.</summary>
    public RequestStart? Request { get; set; }

    /// <summary>When it began.</summary>
    public DateTimeOffset RequestStart { get; set; }
}
