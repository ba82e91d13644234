namespace DhtTracer.Libp2p.Yamux;

/// <summary>Limits of one multiplexed connection.</summary>
internal sealed record YamuxOptions
{
    /// <summary>Bytes that the remote may send on a stream before they are read; fixed by the specification.</summary>
    public const uint InitialWindow = 256 * 1024;

    /// <summary>Maximum bytes in one sent data frame. It is small, so that streams take turns.</summary>
    public const int MaxFrameData = 16 * 1024;

    /// <summary>Maximum number of streams that the remote may have open. Further ones are reset.</summary>
    public int MaxInboundStreams { get; init; } = 256;

    /// <summary>Maximum number of streams that this side may have open.</summary>
    public int MaxOutboundStreams { get; init; } = 256;

    /// <summary>Maximum number of unread bytes on all streams together. The stream that exceeds it is reset.</summary>
    public int MaxBuffered { get; init; } = 16 * 1024 * 1024;

    /// <summary>Interval of pings that check whether the remote is alive.</summary>
    public TimeSpan PingInterval { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Maximum time to answer a ping. After that, the connection is closed.</summary>
    public TimeSpan PingTimeout { get; init; } = TimeSpan.FromSeconds(20);

    /// <summary>How long a stream closed by this side may stay half open before it is reset.</summary>
    public TimeSpan HalfCloseTimeout { get; init; } = TimeSpan.FromSeconds(10);
}
