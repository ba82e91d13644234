namespace DhtTracer.Analysis.Keys;

/// <summary>The transport of a multiaddr, from its text.</summary>
public static class TransportText
{
    // The first match decides, so what runs on top of another comes first.
    private static readonly (string Part, string Transport)[] Parts =
    [
        ("/p2p-circuit", "relay"),
        ("/webtransport", "webtransport"),
        ("/webrtc-direct", "webrtc-direct"),
        ("/webrtc", "webrtc"),
        ("/quic", "quic"),
        ("/http", "http"),
        ("/wss", "websocket"),
        ("/ws", "websocket"),
        ("/tcp/", "tcp"),
    ];

    /// <summary>
    /// One of <c>tcp</c>, <c>quic</c>, <c>websocket</c>, <c>webtransport</c>, <c>webrtc</c>, <c>webrtc-direct</c>, <c>http</c>,
    /// <c>relay</c> and <c>other</c>; null without an address.
    /// </summary>
    /// <param name="address">A multiaddr as text, such as <c>/ip4/192.0.2.1/udp/4001/quic-v1</c>.</param>
    public static string? Of(string? address)
    {
        if (string.IsNullOrEmpty(address))
        {
            return null;
        }

        foreach (var (part, transport) in Parts)
        {
            if (address.Contains(part, StringComparison.Ordinal))
            {
                return transport;
            }
        }

        return "other";
    }
}
