using System.Text.Json.Serialization;

namespace DhtTracer.Analysis.Model;

/// <summary>Why a node did something that nobody asked for.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<BackgroundKind>))]
public enum BackgroundKind
{
    /// <summary>The refresh of the routing table, at the start and every ten minutes.</summary>
    [JsonStringEnumMemberName("refresh")]
    Refresh = 1,

    /// <summary>The bootstrap of the DHT.</summary>
    [JsonStringEnumMemberName("bootstrap")]
    Bootstrap = 2,

    /// <summary>A lookup of Kubo's provide sweep, which explores a region of the key space before it sends provider records.</summary>
    [JsonStringEnumMemberName("sweep")]
    Sweep = 3,

    /// <summary>A lookup of the node's own id that asks nobody: the sweep checks whether the network is reachable.</summary>
    [JsonStringEnumMemberName("connectivity-check")]
    ConnectivityCheck = 4,

    /// <summary>The periodic announcement of everything that Kubo provides, when it runs without the sweep.</summary>
    [JsonStringEnumMemberName("reprovide")]
    Reprovide = 5,

    /// <summary>The periodic publication of IPNS records.</summary>
    [JsonStringEnumMemberName("republish")]
    Republish = 6,

    /// <summary>
    /// A lookup below a request of another operation: the accelerated client looks up the address of the peer that it wants to ask.
    /// </summary>
    [JsonStringEnumMemberName("peer-address")]
    PeerAddress = 7,

    /// <summary>A request to a new peer for its own id, before that peer enters the routing table. Not a query.</summary>
    [JsonStringEnumMemberName("probe")]
    Probe = 8,

    /// <summary>A request of the accelerated client's crawl. Not a query.</summary>
    [JsonStringEnumMemberName("crawl")]
    Crawl = 9,

    /// <summary>
    /// The sweep's mark that a key is provided (<c>Provide</c> with <c>announce=false</c>). It asks nobody and is not a query.
    /// </summary>
    [JsonStringEnumMemberName("provide-mark")]
    ProvideMark = 10,
}

/// <summary>
/// Counts background work of one kind in a trace that is not a query: probes, requests of a crawl, marks of the sweep, bootstraps.
/// </summary>
/// <param name="Kind">The kind.</param>
/// <param name="Count">Number of spans.</param>
public readonly record struct BackgroundCount(BackgroundKind Kind, int Count);
