using System.Diagnostics;

namespace DhtTracer.Kademlia;

/// <summary>What <see cref="ActivityObserver"/> keeps of a peer between its steps.</summary>
internal sealed class PeerSpans(LookupPeer of)
{
    public LookupPeer Of => of;

    public Activity? Span { get; set; }

    /// <summary>Of the dial that is under way, or of the one in <see cref="Reused"/>.</summary>
    public DateTimeOffset? DialStart { get; set; }

    /// <summary>The open connection that is still to be told.</summary>
    public DialResult? Reused { get; set; }

    /// <summary>The request that is under way.</summary>
    public RequestStart? Request { get; set; }

    /// <summary>When it began.</summary>
    public DateTimeOffset RequestStart { get; set; }
}
