using DhtTracer.Analysis.Model;

namespace DhtTracer.Analysis.Reconstruction;

/// <summary>Maps the error texts of go-libp2p, js-libp2p, rust-libp2p and litep2p to <see cref="ErrorClass"/>.</summary>
internal static class ErrorText
{
    // The first match decides, so the more specific texts come first: "failed to dial: context deadline exceeded".
    private static readonly (string Part, string Class)[] Parts =
    [
        ("failed to find any peer in table", ErrorClass.NoPeers),
        ("context canceled", ErrorClass.Cancelled),
        ("AbortError", ErrorClass.Cancelled),
        ("dial backoff", ErrorClass.DialBackoff),
        ("connection refused", ErrorClass.DialRefused),
        ("ECONNREFUSED", ErrorClass.DialRefused),
        ("no route to host", ErrorClass.NoRoute),
        ("network is unreachable", ErrorClass.NoRoute),
        ("no good addresses", ErrorClass.NoRoute),
        ("no addresses", ErrorClass.NoRoute),
        ("NoValidAddressesError", ErrorClass.NoRoute),
        ("failed to negotiate security", ErrorClass.Handshake),
        ("handshake", ErrorClass.Handshake),
        ("EncryptionFailedError", ErrorClass.Handshake),
        ("protocols not supported", ErrorClass.ProtocolNotSupported),
        ("protocol not supported", ErrorClass.ProtocolNotSupported),
        ("NegotiationFailed", ErrorClass.ProtocolNotSupported),
        ("UnsupportedProtocolError", ErrorClass.ProtocolNotSupported),
        ("stream reset", ErrorClass.Reset),
        ("connection reset", ErrorClass.Reset),
        ("ECONNRESET", ErrorClass.Reset),
        ("ConnectionReset", ErrorClass.Reset),
        ("StreamResetError", ErrorClass.Reset),
        ("EOF", ErrorClass.Reset),
        // "connection closed (local): code: 0x1005: transport error: sent go away, code: 4101": the node's own connection manager closed
        // the connection.
        ("connection closed (", ErrorClass.Reset),
        ("go away", ErrorClass.Reset),
        ("not found", ErrorClass.NotFound),
        ("NotFoundError", ErrorClass.NotFound),
    ];

    /// <summary>The prefixes that go-libp2p puts before a context error, in the order of its layers.</summary>
    private static readonly string[] ContextPrefixes =
    [
        "sending request: ",
        "failed to dial: ",
        "failed to open stream: ",
        "failed to negotiate protocol: ",
        "identify failed to complete: ",
        "timed out: ",
    ];

    /// <summary>Classifies the text of a failed layer.</summary>
    /// <param name="text">The text; null when there is none.</param>
    public static TraceError Classify(string? text)
    {
        if (string.IsNullOrEmpty(text))
        {
            return new TraceError(ErrorClass.Other, null);
        }

        if (IsTimeout(text))
        {
            return new TraceError(Contains(text, "dial") ? ErrorClass.DialTimeout : ErrorClass.RequestTimeout, text);
        }

        foreach (var (part, errorClass) in Parts)
        {
            if (Contains(text, part))
            {
                return new TraceError(errorClass, text);
            }
        }

        return new TraceError(Contains(text, "failed to dial") ? ErrorClass.DialFailed : ErrorClass.Other, text);
    }

    /// <summary>
    /// Whether the caller's context ended, by a cancellation or by the caller's deadline, during any step: <c>context canceled</c>,
    /// <c>failed to open stream: timed out: context deadline exceeded</c>. The remote peer has no part in it. A dial that failed by itself
    /// lists its addresses and does not match.
    /// </summary>
    /// <param name="text">Error text of go-libp2p; null when there is none.</param>
    /// <param name="deadline">True when the caller's deadline passed.</param>
    public static bool IsOfContext(ReadOnlySpan<char> text, out bool deadline)
    {
        for (var stripped = true; stripped; )
        {
            stripped = false;
            foreach (var prefix in ContextPrefixes)
            {
                if (text.StartsWith(prefix, StringComparison.Ordinal))
                {
                    text = text[prefix.Length..];
                    stripped = true;
                }
            }
        }

        deadline = text is "context deadline exceeded" or "i/o deadline reached";
        return deadline || text is "context canceled";
    }

    /// <summary>
    /// Whether a text of go-libp2p shows that a request was never sent: its dial failed, or its stream was not negotiated. A stream that
    /// timed out does not match, because it is negotiated together with the first bytes of the request.
    /// </summary>
    public static bool NeverSent(ReadOnlySpan<char> text)
    {
        if (text.StartsWith(ContextPrefixes[0], StringComparison.Ordinal))
        {
            text = text[ContextPrefixes[0].Length..];
        }

        return text.StartsWith("failed to dial: ", StringComparison.Ordinal)
            || text.StartsWith("failed to negotiate protocol: ", StringComparison.Ordinal)
            || text is "failed to open stream: context canceled" or "message sender has been invalidated";
    }

    /// <summary>Whether the text reports a timeout.</summary>
    public static bool IsTimeout(string text) =>
        Contains(text, "deadline exceeded")
        || Contains(text, "i/o timeout")
        || Contains(text, "TimeoutError")
        || Contains(text, "timed out")
        || Contains(text, "TimedOut")
        || text.EndsWith(": Timeout", StringComparison.Ordinal);

    private static bool Contains(string text, string part) => text.Contains(part, StringComparison.OrdinalIgnoreCase);
}
