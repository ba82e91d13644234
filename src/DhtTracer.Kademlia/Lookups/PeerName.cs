using System.Diagnostics;
using DhtTracer.Multiformats;

namespace DhtTracer.Kademlia.Lookups;

/// <summary>A peer id as used in spans, shared by all lookups that name the peer.</summary>
internal sealed class PeerName
{
    private static readonly BoundedCache<PeerId, PeerName> Names = new(10_000, static peer => new PeerName(peer.ToString()));

    private PeerName(string text)
    {
        Text = text;
        Tag = new ActivityTagsCollection { { NativeAttributes.PeerId, text } };
    }

    /// <summary>In base58.</summary>
    public string Text { get; }

    /// <summary>The id as the only attribute of an event. Shared, so it must not be modified.</summary>
    public ActivityTagsCollection Tag { get; }

    public static PeerName Of(PeerId peer) => Names.Get(peer);
}
