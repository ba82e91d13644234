using DhtTracer.Kademlia.Messages;
using DhtTracer.Kademlia.Network;
using DhtTracer.Multiformats;

namespace DhtTracer.Kademlia.Lookups;

/// <summary>A peer that a query has heard of. Only the query changes it; observers read it.</summary>
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

    /// <summary>Number in the order heard, from 0 without gaps, so observers can keep their state in a list.</summary>
    public int Index { get; }

    public PeerId Id { get; }

    /// <summary>Its id in base58.</summary>
    public string Text => Name.Text;

    /// <summary>SHA-256 of its id.</summary>
    public KadId KadId { get; }

    /// <summary>256 minus the common prefix length with the target; 0 is the target itself.</summary>
    public int Xor { get; }

    /// <summary>The peer that named it first; null for a seed from the routing table.</summary>
    public LookupPeer? Referrer { get; }

    /// <summary>0 for a seed, else 1 + the referrer's hops.</summary>
    public int Hops { get; }

    /// <summary>When it was first heard of.</summary>
    public DateTimeOffset HeardAt { get; }

    /// <summary>When its last dial or request ended. Before the first one, when it was heard of.</summary>
    public DateTimeOffset DoneAt { get; internal set; }

    /// <summary>Addresses known for it.</summary>
    public IReadOnlyList<Multiaddr> Addresses { get; internal set; }

    /// <summary>How far it got.</summary>
    public PeerState State { get; internal set; } = PeerState.Heard;

    /// <summary>1 for the first peer that was dialed or asked; null if it was not.</summary>
    public int? Order { get; internal set; }

    /// <summary>Whether it was sent more than one request of the same type.</summary>
    public bool Duplicate { get; internal set; }

    /// <summary>Agent version from identify; null when unknown.</summary>
    public string? Agent { get; internal set; }

    /// <summary>Protocols from identify; null when unknown.</summary>
    public IReadOnlyList<string>? Protocols { get; internal set; }

    /// <summary>Its id as used in spans.</summary>
    internal PeerName Name => _name ??= PeerName.Of(Id);

    /// <summary>Its connection once it has one.</summary>
    internal IDhtConnection? Connection { get; set; }

    /// <summary>One bit for each <see cref="MessageType"/> that was sent to it.</summary>
    internal int SentTypes { get; set; }

    /// <summary>Whether it could not be reached or did not answer properly. Such a peer does not count among the closest.</summary>
    internal bool Unreachable => State is PeerState.DialFailed or PeerState.RequestFailed or PeerState.Cancelled;

    /// <inheritdoc/>
    public override string ToString() => $"{Text} {State} xor {Xor} hops {Hops}";
}
