namespace DhtTracer.Conventions;

/// <summary>The fixed list of error classes. The original text of the trace is kept too.</summary>
public static class ErrorClass
{
    /// <summary>The dial timed out.</summary>
    public const string DialTimeout = "dial-timeout";

    /// <summary>Connection refused.</summary>
    public const string DialRefused = "dial-refused";

    /// <summary>No route, no usable address, or the network is unreachable.</summary>
    public const string NoRoute = "no-route";

    /// <summary>The dialer refused to retry so soon.</summary>
    public const string DialBackoff = "dial-backoff";

    /// <summary>The dial failed, and the trace does not say why.</summary>
    public const string DialFailed = "dial-failed";

    /// <summary>Security or muxer negotiation failed.</summary>
    public const string Handshake = "handshake";

    /// <summary>The remote does not support the protocol.</summary>
    public const string ProtocolNotSupported = "protocol-not-supported";

    /// <summary>The request timed out.</summary>
    public const string RequestTimeout = "request-timeout";

    /// <summary>The stream or connection was reset or closed, by either end.</summary>
    public const string Reset = "reset";

    /// <summary>The answer could not be read or was invalid.</summary>
    public const string BadAnswer = "bad-answer";

    /// <summary>The caller or the end of the query cancelled it.</summary>
    public const string Cancelled = "cancelled";

    /// <summary>It completed and found nothing.</summary>
    public const string NotFound = "not-found";

    /// <summary>The routing table had no peers to ask.</summary>
    public const string NoPeers = "no-peers";

    /// <summary>Another error: see the text.</summary>
    public const string Other = "other";

    /// <summary>All classes, in the order they are shown.</summary>
    public static IReadOnlyList<string> All { get; } =
    [
        DialTimeout,
        DialRefused,
        NoRoute,
        DialBackoff,
        DialFailed,
        Handshake,
        ProtocolNotSupported,
        RequestTimeout,
        Reset,
        BadAnswer,
        Cancelled,
        NotFound,
        NoPeers,
        Other,
    ];
}
