using System.Diagnostics;
using DhtTracer.Multiformats;

namespace DhtTracer.Kademlia;

/// <summary>A peer id as spans show it, made once for all lookups that name the peer.</summary>
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

    /// <summary>As the only attribute of an event. Shared: nobody may change it.</summary>
    public ActivityTagsCollection Tag { get; }

    public static PeerName Of(PeerId peer) => Names.Get(peer);
}
