using System.Diagnostics;
using DhtTracer.Kademlia.Lookups;
using DhtTracer.Kademlia.Messages;
using DhtTracer.Kademlia.Network;
using DhtTracer.Multiformats;

namespace DhtTracer.Kademlia.Tracing;

/// <summary>Makes attributes and events of DHT spans as cheaply as possible, because each lookup has hundreds.</summary>
internal static class SpanTags
{
    /// <summary>The value of attributes that are either present or absent.</summary>
    public static readonly object True = true;

    private static readonly object False = false;
    private static readonly BoundedCache<Multiaddr, string> AddressTexts = new(10_000, static address => address.ToString());
    private static readonly BoundedCache<string, ActivityTagsCollection> ReusedConnections = new(
        10_000,
        static address => new ActivityTagsCollection { { NativeAttributes.DialReused, True }, { NativeAttributes.DialAddress, address } }
    );

    private static readonly object[] SmallNumbers = [.. Enumerable.Range(0, 257).Select(number => (object)number)];

    /// <summary>Adds ids as text. The lookup already has the texts of most of them.</summary>
    public static void AddPeers(this TagBuffer tags, string key, IReadOnlyList<KadPeer> peers, IReadOnlyList<LookupPeer?> known)
    {
        if (peers.Count == 0)
        {
            return;
        }

        var texts = new string[peers.Count];
        for (var i = 0; i < texts.Length; i++)
        {
            texts[i] = (i < known.Count ? known[i]?.Name : null)?.Text ?? PeerName.Of(peers[i].Id).Text;
        }

        tags.Add(key, texts);
    }

    /// <summary>Adds the reason of a failure.</summary>
    public static void AddError(this TagBuffer tags, DhtError? error)
    {
        if (error is not null)
        {
            tags.Add(NativeAttributes.ErrorClass, error.Class);
            tags.Add(NativeAttributes.ErrorText, error.Text);
        }
    }

    /// <summary>Addresses as text; null if there are none.</summary>
    public static string[]? TextsOf(IReadOnlyList<Multiaddr> addresses)
    {
        if (addresses.Count == 0)
        {
            return null;
        }

        var texts = new string[addresses.Count];
        for (var i = 0; i < texts.Length; i++)
        {
            texts[i] = AddressTexts.Get(addresses[i]);
        }

        return texts;
    }

    /// <summary>A boxed number. Small numbers, which nearly every span has, share one object each.</summary>
    public static object Boxed(int number) => (uint)number < (uint)SmallNumbers.Length ? SmallNumbers[number] : number;

    /// <summary>A boxed boolean.</summary>
    public static object Boxed(bool value) => value ? True : False;

    /// <summary>An event that names a peer.</summary>
    public static ActivityEvent Event(string name, DateTimeOffset time, LookupPeer peer) => new(name, time, peer.Name.Tag);

    /// <summary>An event with one attribute.</summary>
    public static ActivityEvent Event(string name, DateTimeOffset time, string key, string value) =>
        new(name, time, new ActivityTagsCollection { { key, value } });

    /// <summary>An event for a peer whose connection was already open.</summary>
    public static ActivityEvent Reused(DateTimeOffset time, string? address) =>
        new(
            NativeSpans.Dial,
            time,
            address is null ? new ActivityTagsCollection { { NativeAttributes.DialReused, True } } : ReusedConnections.Get(address)
        );

    /// <summary>Adds a value unless it is unknown.</summary>
    public static void AddKnown(this Activity span, string key, object? value)
    {
        if (value is not null)
        {
            span.AddTag(key, value);
        }
    }
}
