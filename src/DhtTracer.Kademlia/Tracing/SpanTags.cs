using System.Diagnostics;
using DhtTracer.Libp2p.Multiformats;

namespace DhtTracer.Kademlia;

/// <summary>Attributes and events of the DHT's spans, made as cheaply as they can be: there are some hundred in each lookup.</summary>
internal static class SpanTags
{
    private static readonly TextCache<Multiaddr> AddressTexts = new(10_000, address => address.ToString());
    private static readonly object[] SmallNumbers = [.. Enumerable.Range(0, 257).Select(number => (object)number)];

    /// <summary>Adds ids as text. The lookup has met most of them and has their texts at hand.</summary>
    public static void AddPeers(this Activity span, string key, IReadOnlyList<KadPeer> peers, IReadOnlyList<LookupPeer?> known)
    {
        if (peers.Count == 0)
        {
            return;
        }

        var texts = new string[peers.Count];
        for (var i = 0; i < texts.Length; i++)
        {
            texts[i] = (i < known.Count ? known[i]?.Text : null) ?? LookupPeer.TextOf(peers[i].Id);
        }

        span.AddTag(key, texts);
    }

    /// <summary>Addresses as text; null when there is none.</summary>
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

    /// <summary>A number as an object: one for each of the few that nearly every span has.</summary>
    public static object Boxed(int number) => (uint)number < (uint)SmallNumbers.Length ? SmallNumbers[number] : number;

    /// <summary>An event with one attribute.</summary>
    public static ActivityEvent Event(string name, DateTimeOffset time, string key, string value) =>
        new(name, time, new ActivityTagsCollection { { key, value } });

    /// <summary>Adds a value unless it is unknown.</summary>
    public static void AddKnown(this Activity span, string key, object? value)
    {
        if (value is not null)
        {
            span.AddTag(key, value);
        }
    }

    /// <summary>Adds why something failed, and the status that says so.</summary>
    public static void AddError(this Activity span, DhtError? error)
    {
        if (error is not null)
        {
            span.AddTag("dht.error.class", error.Class);
            span.AddTag("dht.error.text", error.Text);
            span.SetStatus(ActivityStatusCode.Error, error.Text);
        }
    }
}
