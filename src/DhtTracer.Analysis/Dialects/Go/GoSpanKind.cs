using DhtTracer.Traces.Model;

namespace DhtTracer.Analysis.Dialects.Go;

/// <summary>The kind of a span of go-libp2p-kad-dht, from its name.</summary>
internal enum GoSpanKind
{
    /// <summary>Not a span of the DHT.</summary>
    None = 0,

    /// <summary>Above the queries: routing helpers, the dual DHT's dispatcher.</summary>
    Context,

    /// <summary>Above queries that a node makes for itself: routing-table refresh, bootstrap.</summary>
    Background,

    /// <summary><c>IpfsDHT.FindPeer</c> and the like.</summary>
    Method,

    /// <summary><c>GetClosestPeers</c>; a query when no method is above it.</summary>
    Lookup,

    /// <summary><c>IpfsDHT.Ping</c>.</summary>
    Ping,

    /// <summary><c>FindProvidersAsyncRoutine</c>, below <c>FindProvidersAsync</c>.</summary>
    ProvidersRoutine,

    /// <summary><c>RunLookupWithFollowup</c>.</summary>
    RunLookup,

    /// <summary><c>RunQuery</c>.</summary>
    RunQuery,

    /// <summary><c>Query.Run</c>.</summary>
    QueryRun,

    /// <summary><c>SpawnQuery</c>: ends before its children, because it only starts them.</summary>
    SpawnQuery,

    /// <summary><c>QueryPeer</c>.</summary>
    QueryPeer,

    /// <summary><c>DialPeer</c>: also exists for a connection that was there, and then takes a few microseconds.</summary>
    DialPeer,

    /// <summary><c>Query.Terminate</c>.</summary>
    Terminate,

    /// <summary><c>ProtocolMessenger.*</c>: a request.</summary>
    Message,

    /// <summary>Another span of the DHT, without meaning for a query.</summary>
    Other,
}

/// <summary>Names of go-libp2p-kad-dht and go-libp2p-routing-helpers.</summary>
internal static class GoSpans
{
    private const string Kad = "KademliaDHT.";
    private const string Messenger = Kad + "ProtocolMessenger.";

    /// <summary>The kind of a span.</summary>
    public static GoSpanKind Kind(Span span)
    {
        var name = span.Name;
        if (name.StartsWith(Kad, StringComparison.Ordinal))
        {
            return KindOfKad(name);
        }

        if (name.StartsWith("IpfsDHT.", StringComparison.Ordinal) || name.StartsWith("FullRT.", StringComparison.Ordinal))
        {
            return MethodType(name) is not null ? GoSpanKind.Method
                : name.EndsWith(".Ping", StringComparison.Ordinal) ? GoSpanKind.Ping
                : name.EndsWith(".Bootstrap", StringComparison.Ordinal) ? GoSpanKind.Background
                : GoSpanKind.Other;
        }

        if (
            name.StartsWith("Dual.", StringComparison.Ordinal)
            || name.StartsWith("ComposableParallel.", StringComparison.Ordinal)
            || name.StartsWith("Compose.", StringComparison.Ordinal)
        )
        {
            return name.EndsWith(".Bootstrap", StringComparison.Ordinal) ? GoSpanKind.Background : GoSpanKind.Context;
        }

        return GoSpanKind.None;
    }

    /// <summary>The query type of a method <c>Router.Method</c>; null when it is no query.</summary>
    public static QueryType? MethodType(string name) =>
        Method(name) switch
        {
            "FindProvidersAsync" => QueryType.GetProviders,
            "FindPeer" => QueryType.FindPeer,
            "Provide" or "ProvideMany" => QueryType.AddProvider,
            "PutValue" => QueryType.PutValue,
            "GetValue" or "SearchValue" or "GetPublicKey" => QueryType.GetValue,
            _ => null,
        };

    /// <summary>The message type of a request.</summary>
    public static MessageType? Message(Span span) =>
        span.Name.AsSpan(Messenger.Length) switch
        {
            "GetClosestPeers" => MessageType.FindNode,
            "GetProviders" => MessageType.GetProviders,
            "GetValue" => MessageType.GetValue,
            "PutValue" => MessageType.PutValue,
            "PutProvider" => MessageType.AddProvider,
            "Ping" => MessageType.Ping,
            _ => null,
        };

    /// <summary>Whether a span can be the root of a query.</summary>
    public static bool IsOperation(GoSpanKind kind) => kind is GoSpanKind.Method or GoSpanKind.Lookup or GoSpanKind.Ping;

    /// <summary>Whether a span belongs to the inside of a query.</summary>
    public static bool IsInner(GoSpanKind kind) => kind is >= GoSpanKind.ProvidersRoutine and <= GoSpanKind.Message;

    /// <summary>Whether the span is of the accelerated client, which connects inside its requests.</summary>
    public static bool IsFullRt(string name) =>
        name.StartsWith("FullRT.", StringComparison.Ordinal) || name.StartsWith(Kad + "FullRT.", StringComparison.Ordinal);

    private static ReadOnlySpan<char> Method(string name) => name.AsSpan(name.LastIndexOf('.') + 1);

    private static GoSpanKind KindOfKad(string name) =>
        name.AsSpan(Kad.Length) switch
        {
            "IpfsDHT.GetClosestPeers" or "FullRT.GetClosestPeers" => GoSpanKind.Lookup,
            "IpfsDHT.Ping" => GoSpanKind.Ping,
            "IpfsDHT.GetPublicKey" => GoSpanKind.Method,
            "IpfsDHT.FindProvidersAsyncRoutine" or "FullRT.FindProvidersAsyncRoutine" => GoSpanKind.ProvidersRoutine,
            "IpfsDHT.RunLookupWithFollowup" => GoSpanKind.RunLookup,
            "IpfsDHT.RunQuery" => GoSpanKind.RunQuery,
            "IpfsDHT.Query.Run" => GoSpanKind.QueryRun,
            "IpfsDHT.SpawnQuery" => GoSpanKind.SpawnQuery,
            "IpfsDHT.QueryPeer" => GoSpanKind.QueryPeer,
            "IpfsDHT.DialPeer" => GoSpanKind.DialPeer,
            "IpfsDHT.Query.Terminate" => GoSpanKind.Terminate,
            _ when name.StartsWith(Messenger, StringComparison.Ordinal) => GoSpanKind.Message,
            _ when name.StartsWith(Kad + "RefreshManager.", StringComparison.Ordinal) => GoSpanKind.Background,
            _ when name.StartsWith(Kad + "Dual.", StringComparison.Ordinal) => GoSpanKind.Context,
            _ => GoSpanKind.Other,
        };
}
