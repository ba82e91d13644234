using System.Collections.Immutable;
using System.Text.Json.Serialization;

namespace DhtTracer.Analysis.Model;

/// <summary>
/// What became of the providers that a block request found: named by the lookup, dialed, connected, block. Bitswap's spans tell it
/// (<c>docs/providers.md</c> has the rules). Times are nanoseconds after the start of the operation that looked for the providers.
/// </summary>
public sealed record ProviderFates
{
    /// <summary>The CID that was asked for, as in the trace.</summary>
    public required string Cid { get; init; }

    /// <summary>Whether the block came.</summary>
    public required BlockArrival Block { get; init; }

    /// <summary>
    /// When the block came; null when it did not, and when the trace does not show it. Who sent it is not in the spans.
    /// </summary>
    public long? BlockNs { get; init; }

    /// <summary>
    /// The peer that sent the block, in base58, which need not be a provider. Only the daemon's log tells it (docs/providers.md); null
    /// without.
    /// </summary>
    public string? SentBy { get; init; }

    /// <summary>
    /// When bitswap first asked every connected peer, because none of those that it had asked has the block; null when it never did.
    /// </summary>
    public long? AskedAllNs { get; init; }

    /// <summary>When the search ended or was cancelled, the block having come; null when the trace does not show it.</summary>
    public long? EndNs { get; init; }

    /// <summary>Events that the exporter dropped. When above 0, a step that is missing is unknown.</summary>
    public int MissingEvents { get; init; }

    /// <summary>The providers in the order found, at most <see cref="MostProviders"/>.</summary>
    public ImmutableArray<ProviderFate> Providers { get; init; } = [];

    /// <summary>Most providers of one request that are kept. Real requests stop at 10.</summary>
    public const int MostProviders = 1000;
}

/// <summary>What became of one provider. Times are nanoseconds after the operation's start.</summary>
public sealed record ProviderFate
{
    /// <summary>Peer id in base58.</summary>
    public required string Peer { get; init; }

    /// <summary>How far it got.</summary>
    public required ProviderStep Step { get; init; }

    /// <summary>Why it failed, in a word; null when it did not, and when the trace lost it.</summary>
    public ProviderFailure? Failure { get; init; }

    /// <summary>The error as in the trace; null when there is none.</summary>
    public string? ErrorText { get; init; }

    /// <summary>When the lookup named it with <see cref="Addresses"/>; null when the trace does not show it.</summary>
    public long? NamedNs { get; init; }

    /// <summary>Multiaddrs that the lookup gave.</summary>
    public ImmutableArray<string> Addresses { get; init; } = [];

    /// <summary>When bitswap took it and began to connect; null when the trace does not show it.</summary>
    public long? FoundNs { get; init; }

    /// <summary>
    /// When the node began to look for its addresses: it had none, or the first dial had failed. Null when it did not.
    /// </summary>
    public long? AddressLookupNs { get; init; }

    /// <summary>When it was connected; null when it was not.</summary>
    public long? ConnectedNs { get; init; }

    /// <summary>When the connect failed; null when it did not, and when the trace lost the message.</summary>
    public long? FailedNs { get; init; }

    /// <summary>The transport of its first address: <c>tcp</c>, <c>quic</c>, <c>relay</c> and so on; null when it has none.</summary>
    public string? Transport { get; init; }

    /// <summary>Agent version, from another part of the trace; null when unknown.</summary>
    public string? Agent { get; init; }

    /// <summary>What it answered when it was asked for the block. Only the daemon's log tells it; null without.</summary>
    public ProviderAnswer? Answer { get; init; }

    /// <summary>How long the connect took, in nanoseconds; null when its start or its end is unknown.</summary>
    public long? ConnectNs => (ConnectedNs ?? FailedNs) - FoundNs is >= 0 and var took ? took : null;
}

/// <summary>How far a provider got.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<ProviderStep>))]
public enum ProviderStep
{
    /// <summary>The trace does not tell: the block came first, or the request ended before.</summary>
    [JsonStringEnumMemberName("unknown")]
    Unknown = 0,

    /// <summary>It was connected. Whether it sent the block is not in the spans.</summary>
    [JsonStringEnumMemberName("connected")]
    Connected = 1,

    /// <summary>It was connected, and no connected peer had the block.</summary>
    [JsonStringEnumMemberName("without-block")]
    WithoutBlock = 2,

    /// <summary>The connect failed.</summary>
    [JsonStringEnumMemberName("failed")]
    Failed = 3,

    /// <summary>The connect failed, and the block came before its message was written.</summary>
    [JsonStringEnumMemberName("failed-unsaid")]
    FailedUnsaid = 4,
}

/// <summary>What a provider answered to a request for a block.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<ProviderAnswer>))]
public enum ProviderAnswer
{
    /// <summary>It does not have the block.</summary>
    [JsonStringEnumMemberName("dont-have")]
    DontHave = 1,

    /// <summary>It has the block, and did not send it.</summary>
    [JsonStringEnumMemberName("have")]
    Have = 2,

    /// <summary>It sent the block.</summary>
    [JsonStringEnumMemberName("block")]
    Block = 3,
}

/// <summary>Why a provider could not be connected.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<ProviderFailure>))]
public enum ProviderFailure
{
    /// <summary>Its text fits none of the others.</summary>
    [JsonStringEnumMemberName("other")]
    Other = 0,

    /// <summary>Nobody listens there: the connection was refused.</summary>
    [JsonStringEnumMemberName("dead")]
    Dead = 1,

    /// <summary>Nothing came back in time.</summary>
    [JsonStringEnumMemberName("timeout")]
    Timeout = 2,

    /// <summary>The record had no address, and no lookup found one.</summary>
    [JsonStringEnumMemberName("no-address")]
    NoAddress = 3,

    /// <summary>Its relay does not forward to it.</summary>
    [JsonStringEnumMemberName("relay")]
    Relay = 4,

    /// <summary>Another peer answers at its address.</summary>
    [JsonStringEnumMemberName("wrong-peer")]
    WrongPeer = 5,

    /// <summary>The node speaks none of its transports.</summary>
    [JsonStringEnumMemberName("no-transport")]
    NoTransport = 6,

    /// <summary>There is no route to its addresses.</summary>
    [JsonStringEnumMemberName("no-route")]
    NoRoute = 7,
}

/// <summary>Whether a block came.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<BlockArrival>))]
public enum BlockArrival
{
    /// <summary>The trace does not tell.</summary>
    [JsonStringEnumMemberName("unknown")]
    Unknown = 0,

    /// <summary>It came.</summary>
    [JsonStringEnumMemberName("came")]
    Came = 1,

    /// <summary>It did not come before the request ended.</summary>
    [JsonStringEnumMemberName("none")]
    None = 2,
}
