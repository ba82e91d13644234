using DhtTracer.Kademlia.Lookups;
using DhtTracer.Kademlia.Messages;

namespace DhtTracer.Kademlia;

/// <summary>Whether a node answers requests.</summary>
public enum DhtMode
{
    /// <summary>Sends requests only. Other nodes do not add it to their routing tables.</summary>
    Client = 1,

    /// <summary>Sends and answers requests.</summary>
    Server = 2,
}

/// <summary>Which records a node stores, sends and accepts.</summary>
public enum RecordValidation
{
    /// <summary>
    /// Records of the namespaces <c>/pk/</c>, <c>/ipns/</c> and <c>/v/</c>, each by its rule. Provider keys must be multihashes.
    /// </summary>
    Libp2p = 1,

    /// <summary>
    /// All records, under any key, as in networks without validators (Substrate, many rust-libp2p programs). No value is better than
    /// another: a store keeps the newest, a query the one received first.
    /// </summary>
    None = 2,
}

/// <summary>Options of a DHT node.</summary>
public sealed record DhtOptions
{
    /// <summary>Protocol of the public IPFS network.</summary>
    public const string AminoProtocol = "/ipfs/kad/1.0.0";

    private static readonly TimeSpan LongestInterval = TimeSpan.FromDays(30);

    /// <summary>The stream protocol.</summary>
    /// <value><c>/ipfs/kad/1.0.0</c>.</value>
    public string Protocol { get; init; } = AminoProtocol;

    /// <summary>Which records are valid.</summary>
    /// <value>Those of libp2p.</value>
    public RecordValidation Validation { get; init; } = RecordValidation.Libp2p;

    /// <summary>Client or server.</summary>
    /// <value>Server.</value>
    public DhtMode Mode { get; init; } = DhtMode.Server;

    /// <summary>Alpha, beta and k.</summary>
    /// <value>10, 3, 20.</value>
    public LookupParameters Lookup { get; init; } = new();

    /// <summary>Maximum duration of a dial to one peer: all its addresses and the handshake together.</summary>
    /// <value>5 s.</value>
    public TimeSpan DialTimeout { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>Maximum wait for the answer to one request.</summary>
    /// <value>10 s.</value>
    public TimeSpan RequestTimeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>Maximum duration of a query, unless the query sets its own.</summary>
    /// <value>60 s.</value>
    public TimeSpan QueryTimeout { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>Interval between refreshes of the routing table; <see cref="Timeout.InfiniteTimeSpan"/> for none.</summary>
    /// <value>10 min.</value>
    public TimeSpan RefreshInterval { get; init; } = TimeSpan.FromMinutes(10);

    /// <summary>How long a provider record is kept.</summary>
    /// <value>48 h, as in the specification.</value>
    public TimeSpan ProviderRecordLifetime { get; init; } = TimeSpan.FromHours(48);

    /// <summary>How long a value record is kept.</summary>
    /// <value>48 h, as in the specification.</value>
    public TimeSpan ValueRecordLifetime { get; init; } = TimeSpan.FromHours(48);

    /// <summary>Interval after which this node announces its provided keys again; zero for never.</summary>
    /// <value>22 h, as in the specification.</value>
    public TimeSpan ReprovideInterval { get; init; } = TimeSpan.FromHours(22);

    /// <summary>Interval after which this node puts its values again, while they are valid and the best known; zero for never.</summary>
    /// <value>22 h: before the other peers drop them.</value>
    public TimeSpan RepublishInterval { get; init; } = TimeSpan.FromHours(22);

    /// <summary>How many providers <c>get-providers</c> looks for, unless the query sets its own number; 0 for all.</summary>
    /// <value>20.</value>
    public int ProviderCount { get; init; } = 20;

    /// <summary>
    /// How many valid records <c>get-value</c> collects before it trusts the best, unless the query sets its own number; 0 for all.
    /// </summary>
    /// <value>16, as in go-libp2p.</value>
    public int ValueQuorum { get; init; } = 16;

    /// <summary>
    /// Whether queries emit spans if there is a listener. Off for nodes that only serve as the environment of another node.
    /// </summary>
    /// <value>True.</value>
    public bool Traced { get; init; } = true;

    /// <summary>Limits of received messages.</summary>
    public KadMessageLimits MessageLimits { get; init; } = KadMessageLimits.Default;

    /// <summary>Validates all options.</summary>
    /// <exception cref="DhtOptionsException">An option is out of range. The text names it and the allowed range.</exception>
    public void Validate()
    {
        Lookup.Validate();
        Require(Enum.IsDefined(Validation), "the validation must be libp2p or none");
        Require(
            Protocol.StartsWith('/') && Protocol.Length <= 256,
            $"the protocol '{Protocol}' must begin with '/' and have at most 256 characters"
        );
        Require(DialTimeout > TimeSpan.Zero, "the dial timeout must be above 0");
        Require(RequestTimeout > TimeSpan.Zero, "the request timeout must be above 0");
        Require(QueryTimeout > TimeSpan.Zero, "the query timeout must be above 0");
        Require(
            RefreshInterval > TimeSpan.Zero || RefreshInterval == Timeout.InfiniteTimeSpan,
            "the refresh interval must be above 0, or infinite"
        );
        Require(
            ReprovideInterval >= TimeSpan.Zero && ReprovideInterval <= LongestInterval,
            "the reprovide interval must be 0 (never) to 30 days"
        );
        Require(
            RepublishInterval >= TimeSpan.Zero && RepublishInterval <= LongestInterval,
            "the republish interval must be 0 (never) to 30 days"
        );
        Require(ProviderCount >= 0, "the number of providers must be at least 0");
        Require(ValueQuorum >= 0, "the quorum must be at least 0");

        static void Require(bool holds, string otherwise)
        {
            if (!holds)
            {
                throw new DhtOptionsException(otherwise);
            }
        }
    }
}

/// <summary>An option is out of range. The text names it and the allowed range.</summary>
public sealed class DhtOptionsException(string message) : Exception(message);
