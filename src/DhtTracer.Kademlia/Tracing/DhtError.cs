namespace DhtTracer.Kademlia;

/// <summary>Why a dial, a request or a query failed.</summary>
/// <param name="Class">One of <see cref="DhtErrorClass"/>.</param>
/// <param name="Text">What the failing layer said.</param>
public sealed record DhtError(string Class, string Text);

/// <summary>The error classes of <c>docs/span-conventions.md</c>.</summary>
public static class DhtErrorClass
{
    /// <summary>The dial ran out of time.</summary>
    public const string DialTimeout = "dial-timeout";

    /// <summary>Connection refused.</summary>
    public const string DialRefused = "dial-refused";

    /// <summary>No route, or no usable address.</summary>
    public const string NoRoute = "no-route";

    /// <summary>The dialer refused to try again so soon.</summary>
    public const string DialBackoff = "dial-backoff";

    /// <summary>The dial failed otherwise.</summary>
    public const string DialFailed = "dial-failed";

    /// <summary>Security or muxer negotiation failed.</summary>
    public const string Handshake = "handshake";

    /// <summary>The remote does not speak the protocol.</summary>
    public const string ProtocolNotSupported = "protocol-not-supported";

    /// <summary>The request ran out of time.</summary>
    public const string RequestTimeout = "request-timeout";

    /// <summary>The stream or connection was reset or closed before the answer.</summary>
    public const string Reset = "reset";

    /// <summary>The answer could not be read or breaks the protocol.</summary>
    public const string BadAnswer = "bad-answer";

    /// <summary>The caller, or the end of the query, took it back.</summary>
    public const string Cancelled = "cancelled";

    /// <summary>The query ran to its end and found nothing.</summary>
    public const string NotFound = "not-found";

    /// <summary>The routing table held nobody to ask.</summary>
    public const string NoPeers = "no-peers";

    /// <summary>Something else: read the text.</summary>
    public const string Other = "other";
}
