using DhtTracer.Multiformats;

namespace DhtTracer.Analysis;

/// <summary>What the spans of a lookup tell of one peer. Times are nanoseconds after the query's start.</summary>
/// <param name="draft">Its row.</param>
internal sealed class GoPeer(PeerDraft draft)
{
    /// <summary>No upper bound of the hops is known.</summary>
    public const int Unbounded = int.MaxValue;

    public PeerDraft Draft { get; } = draft;

    public KadId? Id { get; } = PeerText.KadId(draft.Id);

    /// <summary>Start of its <c>SpawnQuery</c>: the lookup chose it. Null for a peer that was only heard of.</summary>
    public long? SpawnNs { get; set; }

    /// <summary>When it was chosen or first sent something; null for a peer that was only heard of.</summary>
    public long? AskedNs { get; set; }

    /// <summary>The peer whose answer triggered the spawn; null for the node itself and when there was no spawn.</summary>
    public GoPeer? Cause { get; set; }

    /// <summary>One of the spawns that the node itself caused: certainly of the routing table.</summary>
    public bool IsFirstSpawn { get; set; }

    /// <summary>End of its <c>QueryPeer</c>: when its answer had been taken into the lookup.</summary>
    public long? QueryEndNs { get; set; }

    public long? DialStartNs { get; set; }

    public long? DialEndNs { get; set; }

    /// <summary>The request that the lookup itself sent; null when it sent none. Follow-ups and stores are not here.</summary>
    public RequestDraft? Request { get; set; }

    /// <summary>The dial failed before the lookup was over, or the request failed: the lookup no longer counts on it.</summary>
    public bool HasFailed { get; set; }

    /// <summary>When the first answer that names it was taken into the lookup; null when none does.</summary>
    public long? NamedNs { get; set; }

    /// <summary>Whose answer that was.</summary>
    public GoPeer? Namer { get; set; }

    /// <summary>Its place in that answer.</summary>
    public int NamedPosition { get; set; } = int.MaxValue;

    /// <summary>Known to be of the node's own routing table.</summary>
    public bool IsSeed { get; set; }

    /// <summary>Known not to be of the routing table.</summary>
    public bool IsNoSeed { get; set; }

    /// <summary>The peer that named it, as far as it is certain.</summary>
    public GoPeer? Referrer { get; set; }

    /// <summary>Hops are at least this.</summary>
    public int FewestHops { get; set; }

    /// <summary>Hops are at most this, or <see cref="Unbounded"/>.</summary>
    public int MostHops { get; set; } = Unbounded;

    /// <summary>Whether the hops have been worked out.</summary>
    public bool HasHops { get; set; }
}
