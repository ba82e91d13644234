using DhtTracer.Multiformats;

namespace DhtTracer.Kademlia;

/// <summary>A peer that a query has heard of. Changed by the query alone; observers read it.</summary>
public sealed class LookupPeer
{
    private PeerName? _name;

    internal LookupPeer(int index, KadPeer peer, LookupPeer? referrer, KadId target, DateTimeOffset heardAt)
    {
        Index = index;
        Id = peer.Id;
        Addresses = peer.Addresses;
        Referrer = referrer;
        Hops = referrer is null ? 0 : referrer.Hops + 1;
        KadId = KadId.Of(peer.Id);
        Xor = KadId.XorBitLength(target);
        HeardAt = heardAt;
        DoneAt = heardAt;
    }

    /// <summary>Number in the order heard, from 0: dense, so that observers keep their state in a list.</summary>
    public int Index { get; }

    /// <summary>The peer.</summary>
    public PeerId Id { get; }

    /// <summary>Its id in base58.</summary>
    public string Text => Name.Text;

    /// <summary>SHA-256 of its id.</summary>
    public KadId KadId { get; }

    /// <summary>256 minus the common prefix length with the target; 0 is the target itself.</summary>
    public int Xor { get; }

    /// <summary>Who named it first; null for a seed from the routing table.</summary>
    public LookupPeer? Referrer { get; }

    /// <summary>0 for a seed, else 1 + the referrer's.</summary>
    public int Hops { get; }

    /// <summary>When it was first heard of.</summary>
    public DateTimeOffset HeardAt { get; }

    /// <summary>When its last dial or request ended; when it was heard, as long as there was none.</summary>
    public DateTimeOffset DoneAt { get; internal set; }

    /// <summary>Addresses known for it.</summary>
    public IReadOnlyList<Multiaddr> Addresses { get; internal set; }

    /// <summary>How far it got.</summary>
    public PeerState State { get; internal set; } = PeerState.Heard;

    /// <summary>1 for the first peer that was dialed or asked; null as long as it was not.</summary>
    public int? Order { get; internal set; }

    /// <summary>A request of the same type went to it more than once.</summary>
    public bool Duplicate { get; internal set; }

    /// <summary>Agent version from identify; null when unknown.</summary>
    public string? Agent { get; internal set; }

    /// <summary>Protocols from identify; null when unknown.</summary>
    public IReadOnlyList<string>? Protocols { get; internal set; }

    /// <summary>Its id as spans show it.</summary>
    internal PeerName Name => _name ??= PeerName.Of(Id);

    /// <summary>Its connection once it has one.</summary>
    internal IDhtConnection? Connection { get; set; }

    /// <summary>Bit per <see cref="MessageType"/> that was sent to it.</summary>
    internal int SentTypes { get; set; }

    /// <summary>A peer that could not be reached or did not answer properly counts no longer among the closest.</summary>
    internal bool Unreachable => State is PeerState.DialFailed or PeerState.RequestFailed or PeerState.Cancelled;

    /// <inheritdoc/>
    public override string ToString() => $"{Text} {State} xor {Xor} hops {Hops}";
}
