namespace DhtTracer.Libp2p.Yamux;

/// <summary>Limits of one multiplexed connection.</summary>
internal sealed record YamuxOptions
{
    /// <summary>Bytes that the remote may send on a stream ahead of what was read; fixed by the specification.</summary>
    public const uint InitialWindow = 256 * 1024;

    /// <summary>Most bytes in one data frame that is sent: small enough that streams take turns.</summary>
    public const int MaxFrameData = 16 * 1024;

    /// <summary>Most streams that the remote may have open; further ones are reset.</summary>
    public int MaxInboundStreams { get; init; } = 256;

    /// <summary>Most streams that this side may have open.</summary>
    public int MaxOutboundStreams { get; init; } = 256;

    /// <summary>Most bytes that wait to be read on all streams together; the stream that goes beyond is reset.</summary>
    public int MaxBuffered { get; init; } = 16 * 1024 * 1024;

    /// <summary>How often a ping shows whether the remote still lives.</summary>
    public TimeSpan PingInterval { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>How long the remote may take to answer a ping before the connection is given up.</summary>
    public TimeSpan PingTimeout { get; init; } = TimeSpan.FromSeconds(20);

    /// <summary>How long a stream that was closed here may stay half open before it is reset.</summary>
    public TimeSpan HalfCloseTimeout { get; init; } = TimeSpan.FromSeconds(10);
}
