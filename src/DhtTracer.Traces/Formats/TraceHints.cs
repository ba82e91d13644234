namespace DhtTracer.Traces.Formats;

/// <summary>What the user says about input that does not contain it: saved Kubo query events, or logs without key or type.</summary>
public sealed record TraceHints
{
    /// <summary>No hints.</summary>
    public static TraceHints None { get; } = new();

    /// <summary>The key, as the user writes it: a CID, a peer id, a record key.</summary>
    public string? Key { get; init; }

    /// <summary>The operation, such as <c>get-providers</c>. If the input states one, the input wins.</summary>
    public string? Type { get; init; }

    /// <summary>Peer id of the querying node.</summary>
    public string? Node { get; init; }

    /// <summary>Start time, in nanoseconds since 1970-01-01 UTC.</summary>
    public ulong? StartUnixNano { get; init; }
}
