using System.Collections.Immutable;

namespace DhtTracer.Analysis.Model;

/// <summary>
/// A stream of Kubo's query events. It holds what is needed to find the daemon's spans of the same operation, which can be in another
/// trace.
/// </summary>
public sealed record EventStream
{
    /// <summary>Its permalink: the root span of the stream.</summary>
    public required QueryId Id { get; init; }

    /// <summary>The type of the command's operation.</summary>
    public required QueryType Type { get; init; }

    /// <summary>The key's bytes in hex, as in <see cref="QueryKey.Bytes"/>; null when the stream does not hold the key.</summary>
    public string? KeyBytes { get; init; }

    /// <summary>Peer id of the daemon; null when unknown.</summary>
    public string? Node { get; init; }

    /// <summary>Start, in nanoseconds since 1970-01-01 UTC; 0 when unknown.</summary>
    public ulong StartUnixNano { get; init; }

    /// <summary>Duration in nanoseconds; null while the command runs, and when the stream has no times.</summary>
    public long? DurationNs { get; init; }

    /// <summary>Whether its times are known. A saved stream has only an order.</summary>
    public bool IsTimed { get; init; }

    /// <summary>False while the command runs, and when its reader stopped early. The daemon may then have asked more peers.</summary>
    public bool IsWhole { get; init; } = true;

    /// <summary>Ids of the peers that the stream shows as asked, each once.</summary>
    public ImmutableArray<string> Asked { get; init; } = [];

    /// <summary>The operation of the daemon's spans that it is joined with; null when it is not joined.</summary>
    public QueryId? JoinedTo { get; init; }
}
