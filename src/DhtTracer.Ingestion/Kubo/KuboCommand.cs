using DhtTracer.Multiformats;

namespace DhtTracer.Ingestion.Kubo;

/// <summary>A DHT command for a Kubo's RPC API.</summary>
public sealed record KuboCommand
{
    /// <summary>Maximum size of a value, in bytes.</summary>
    public const int LargestValue = 1024 * 1024;

    private KuboCommand() { }

    /// <summary>The operations that a Kubo supports. Its <c>ping</c> is not a DHT message.</summary>
    public static IReadOnlyList<QueryType> Types { get; } =
    [QueryType.FindPeer, QueryType.GetProviders, QueryType.AddProvider, QueryType.PutValue, QueryType.GetValue, QueryType.GetClosestPeers];

    /// <summary>The operation.</summary>
    public required QueryType Type { get; init; }

    /// <summary>The key as the user wrote it.</summary>
    public required string Key { get; init; }

    /// <summary>The key in the daemon's format.</summary>
    public required string Argument { get; init; }

    /// <summary>The value of put-value; empty for other operations.</summary>
    public ReadOnlyMemory<byte> Value { get; init; }

    /// <summary>Number of providers wanted; null for the daemon's default of 20.</summary>
    public int? Count { get; init; }

    /// <summary>Time limit enforced by the daemon; null for none.</summary>
    public TimeSpan? Timeout { get; init; }

    /// <summary>The command's name in the API, such as <c>routing/findprovs</c>.</summary>
    public string Path =>
        Type switch
        {
            QueryType.FindPeer => "routing/findpeer",
            QueryType.GetProviders => "routing/findprovs",
            QueryType.AddProvider => "routing/provide",
            QueryType.PutValue => "routing/put",
            QueryType.GetValue => "routing/get",
            _ => "dht/query",
        };

    /// <summary>Whether the daemon reports the lookup while it runs. For other commands it returns only the result.</summary>
    public bool HasEvents => Type is QueryType.FindPeer or QueryType.GetProviders or QueryType.GetClosestPeers;

    /// <summary>Path and query: <c>api/v0/routing/findprovs?arg=…&amp;verbose=true</c>.</summary>
    public string PathAndQuery
    {
        get
        {
            var query = $"api/v0/{Path}?arg={Uri.EscapeDataString(Argument)}";
            query += Type is QueryType.PutValue or QueryType.GetValue ? "" : "&verbose=true";
            query += Type == QueryType.GetProviders && Count is { } count ? FormattableString.Invariant($"&num-providers={count}") : "";
            return query + (Timeout is { } limit ? FormattableString.Invariant($"&timeout={(long)limit.TotalMilliseconds}ms") : "");
        }
    }

    /// <summary>Makes a command.</summary>
    /// <param name="type">The operation, one of <see cref="Types"/>.</param>
    /// <param name="key">Peer id, CID or record key.</param>
    /// <param name="value">The value of put-value.</param>
    /// <exception cref="KuboException">A Kubo does not support the operation, or the key does not fit it.</exception>
    public static KuboCommand Create(QueryType type, string key, ReadOnlyMemory<byte> value = default)
    {
        var argument = type switch
        {
            QueryType.FindPeer => PeerId.TryParse(key, out var peer) ? peer.ToString() : throw Bad($"'{key}' is no peer id."),
            QueryType.GetProviders or QueryType.AddProvider => Cid.TryParse(key, out var cid)
                ? cid.ToString()
                : throw Bad($"'{key}' is no CID."),
            QueryType.GetValue or QueryType.PutValue => RecordOf(key),
            QueryType.GetClosestPeers => ClosestTo(key),
            _ => throw Bad($"A Kubo runs {string.Join(", ", Types.Select(Words.Of))}."),
        };
        if (type == QueryType.PutValue && value.Length is 0 or > LargestValue)
        {
            throw Bad(value.IsEmpty ? "put-value needs a value." : $"The value has {value.Length} bytes; at most {LargestValue} are sent.");
        }

        return new KuboCommand
        {
            Type = type,
            Key = key,
            Argument = argument,
            Value = type == QueryType.PutValue ? value : default,
        };
    }

    private static string RecordOf(string key)
    {
        if (!RecordKey.TryParse(key, out var bytes))
        {
            throw Bad($"'{key}' is no record key, as in /ipns/12D3KooW… or /pk/12D3KooW….");
        }

        return RecordKey.TryParseIpns(bytes, out var name) ? "/ipns/" + name
            : RecordKey.TryParsePublicKey(bytes, out var peer) ? "/pk/" + peer
            : throw Bad($"A Kubo takes record keys below /ipns/ and /pk/ only, not '{key}'.");
    }

    /// <summary>The daemon accepts only peer ids. Any multihash can be written as one, and the lookup uses only its bytes.</summary>
    private static string ClosestTo(string key) =>
        PeerId.TryParse(key, out var peer) ? peer.ToString()
        : Cid.TryParse(key, out var cid) && PeerId.TryParse(cid.Multihash.Bytes, out var same) ? same.ToString()
        : throw Bad($"A Kubo looks for the closest peers of a peer id or CID only, not of '{key}'.");

    private static KuboException Bad(string message) => new(KuboProblem.BadRequest, message);
}
