using DhtTracer.Analysis.Reconstruction;
using DhtTracer.Multiformats;

namespace DhtTracer.Analysis.Dialects.Go;

/// <summary>What the spans of a lookup show of one peer. Times are nanoseconds after the query's start.</summary>
/// <param name="draft">Its row.</param>
internal sealed class GoPeer(PeerDraft draft)
{
    /// <summary>The hops have no known upper bound.</summary>
    public const int Unbounded = int.MaxValue;

    public PeerDraft Draft { get; } = draft;

    public KadId? Id => Draft.KadId;

    /// <summary>Start of its <c>SpawnQuery</c>: the lookup chose it. Null for a peer that was only heard of.</summary>
    public long? SpawnNs { get; set; }

    /// <summary>When it was chosen or first sent something; null for a peer that was only heard of.</summary>
    public long? AskedNs { get; set; }

    /// <summary>The peer whose answer triggered the spawn; null for the node itself and when there was no spawn.</summary>
    public GoPeer? Cause { get; set; }

    /// <summary>One of the spawns that the node itself caused, so the peer is certainly in the routing table.</summary>
    public bool IsFirstSpawn { get; set; }

    /// <summary>End of its <c>QueryPeer</c>: when the lookup had processed its answer.</summary>
    public long? QueryEndNs { get; set; }

    public long? DialStartNs { get; set; }

    public long? DialEndNs { get; set; }

    /// <summary>The request that the lookup itself sent; null when it sent none. Follow-ups and stores are not here.</summary>
    public RequestDraft? Request { get; set; }

    /// <summary>The request failed, or the dial failed before the lookup was over. The lookup no longer counts on this peer.</summary>
    public bool HasFailed { get; set; }

    /// <summary>When the lookup had processed the first answer that names the peer; null when no answer does.</summary>
    public long? NamedNs { get; set; }

    /// <summary>The peer that gave this answer.</summary>
    public GoPeer? Namer { get; set; }

    /// <summary>Its position in that answer.</summary>
    public int NamedPosition { get; set; } = int.MaxValue;

    /// <summary>Known to be in the node's own routing table.</summary>
    public bool IsSeed { get; set; }

    /// <summary>Known not to be in the routing table.</summary>
    public bool IsNoSeed { get; set; }

    /// <summary>The peer that named it first; null when that is not certain.</summary>
    public GoPeer? Referrer { get; set; }

    /// <summary>Lower bound of the hops.</summary>
    public int FewestHops { get; set; }

    /// <summary>Upper bound of the hops, or <see cref="Unbounded"/>.</summary>
    public int MostHops { get; set; } = Unbounded;

    /// <summary>Whether the bounds of the hops have been computed.</summary>
    public bool HasHops { get; set; }
}
