namespace DhtTracer.Traces;

/// <summary>What the user says about input that does not tell it itself: saved query events of a Kubo, logs without key or type.</summary>
public sealed record TraceHints
{
    /// <summary>Nothing.</summary>
    public static TraceHints None { get; } = new();

    /// <summary>The key, as the user writes it: a CID, a peer id, a record key.</summary>
    public string? Key { get; init; }

    /// <summary>The operation, as in <c>get-providers</c>. What the input says itself goes before it.</summary>
    public string? Type { get; init; }

    /// <summary>Peer id of the querying node.</summary>
    public string? Node { get; init; }

    /// <summary>When it began, in nanoseconds since 1970-01-01 UTC.</summary>
    public ulong? StartUnixNano { get; init; }
}
