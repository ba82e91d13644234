namespace DhtTracer.Kademlia;

/// <summary>Whether a node answers requests.</summary>
public enum DhtMode
{
    /// <summary>Asks only, and enters no routing table.</summary>
    Client = 1,

    /// <summary>Asks and answers.</summary>
    Server = 2,
}

/// <summary>Which records a node stores, sends and believes.</summary>
public enum RecordValidation
{
    /// <summary>Those of the namespaces <c>/pk/</c>, <c>/ipns/</c> and <c>/v/</c>, each by its rule; provider keys are
    /// multihashes.</summary>
    Libp2p = 1,

    /// <summary>
    /// All, under any key, as networks without validators do (Substrate, many rust-libp2p programs). Of two values neither is better: a
    /// store keeps the newer, a query the one that came first.
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

    /// <summary>Longest dial of one peer, all its addresses and the handshake together.</summary>
    /// <value>5 s.</value>
    public TimeSpan DialTimeout { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>Longest wait for the answer to one request.</summary>
    /// <value>10 s.</value>
    public TimeSpan RequestTimeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>Longest query, unless it says otherwise.</summary>
    /// <value>60 s.</value>
    public TimeSpan QueryTimeout { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>Time between two refreshes of the routing table; <see cref="Timeout.InfiniteTimeSpan"/> for none.</summary>
    /// <value>10 min.</value>
    public TimeSpan RefreshInterval { get; init; } = TimeSpan.FromMinutes(10);

    /// <summary>How long a provider record is kept.</summary>
    /// <value>48 h, as in the specification.</value>
    public TimeSpan ProviderRecordLifetime { get; init; } = TimeSpan.FromHours(48);

    /// <summary>How long a value record is kept.</summary>
    /// <value>48 h, as in the specification.</value>
    public TimeSpan ValueRecordLifetime { get; init; } = TimeSpan.FromHours(48);

    /// <summary>Time after which a key that this node provides is announced again; zero for never.</summary>
    /// <value>22 h, as in the specification.</value>
    public TimeSpan ReprovideInterval { get; init; } = TimeSpan.FromHours(22);

    /// <summary>Time after which a value that this node put is put again, as long as it is valid and the best known; zero for
    /// never.</summary>
    /// <value>22 h: before its holders forget it.</value>
    public TimeSpan RepublishInterval { get; init; } = TimeSpan.FromHours(22);

    /// <summary>How many providers <c>get-providers</c> looks for, unless the query says otherwise; 0 for all.</summary>
    /// <value>20.</value>
    public int ProviderCount { get; init; } = 20;

    /// <summary>How many valid records <c>get-value</c> wants before it trusts the best, unless the query says otherwise; 0 for
    /// all.</summary>
    /// <value>16, as in go-libp2p.</value>
    public int ValueQuorum { get; init; } = 16;

    /// <summary>Whether queries emit spans when somebody listens; off for nodes that are only the scenery of another one.</summary>
    /// <value>True.</value>
    public bool Traced { get; init; } = true;

    /// <summary>Limits of received messages.</summary>
    public KadMessageLimits MessageLimits { get; init; } = KadMessageLimits.Default;

    /// <summary>Throws when an option is out of range.</summary>
    /// <exception cref="DhtOptionsException">The text says which and what is allowed.</exception>
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

/// <summary>An option is out of range; the text says which and what is allowed.</summary>
public sealed class DhtOptionsException(string message) : Exception(message);
