using System.Text.Json;

namespace DhtTracer.Truth.Tests.Go;

/// <summary>A line of <c>truth.jsonl.gz</c>: one operation as its caller, the library's events and the servers' streams tell it. Times are
/// Unix nanoseconds.</summary>
internal sealed record GoTruth
{
    private static readonly JsonSerializerOptions Web = new(JsonSerializerDefaults.Web);

    public string Label { get; init; } = "";

    public string Op { get; init; } = "";

    public string TraceId { get; init; } = "";

    public string RootSpanId { get; init; } = "";

    public IReadOnlyList<string>? MethodSpans { get; init; }

    public IReadOnlyList<string>? LookupSpans { get; init; }

    public GoTruthKey Key { get; init; } = new();

    public GoTruthArguments Args { get; init; } = new();

    public long Start { get; init; }

    public long End { get; init; }

    public string? Error { get; init; }

    public IReadOnlyList<GoTruthResult>? Results { get; init; }

    public IReadOnlyList<GoLookupEvent>? LookupEvents { get; init; }

    public IReadOnlyList<GoQueryEvent>? QueryEvents { get; init; }

    public IReadOnlyList<GoServerMessage>? ServerMessages { get; init; }

    public int SpansStarted { get; init; }

    public int SpansEnded { get; init; }

    public int SpansExported { get; init; }

    public string Self { get; init; } = "";

    /// <summary>The fault of each peer of the network that is not alive, by peer id.</summary>
    public IReadOnlyDictionary<string, string> PeerKinds { get; init; } = new Dictionary<string, string>();

    /// <summary>The routing tables before the operation: <c>dht</c>, or <c>wan</c> and <c>lan</c>.</summary>
    public IReadOnlyDictionary<string, GoTruthTable> TableBefore { get; init; } = new Dictionary<string, GoTruthTable>();

    public GoTruthSettings Settings { get; init; } = new();

    /// <summary>Spans that ended and never arrived.</summary>
    public int Lost => SpansEnded - SpansExported;

    public static GoTruth Read(JsonElement line) => line.Deserialize<GoTruth>(Web)!;
}

internal sealed record GoTruthKey
{
    public string Bytes { get; init; } = "";

    public string Text { get; init; } = "";
}

internal sealed record GoTruthArguments
{
    public int? Count { get; init; }

    public bool? Announce { get; init; }

    public int? Quorum { get; init; }

    public long? TimeoutMs { get; init; }

    public long? CancelAfterMs { get; init; }

    public string? CtxErr { get; init; }
}

internal sealed record GoTruthTable
{
    public int Size { get; init; }
}

internal sealed record GoTruthSettings
{
    public int? Alpha { get; init; }

    public int? Beta { get; init; }

    public int? K { get; init; }
}

internal sealed record GoTruthResult
{
    public long T { get; init; }

    public string? Peer { get; init; }

    public string? Value { get; init; }
}

internal sealed record GoLookupEvent
{
    public long T { get; init; }

    public string Lookup { get; init; } = "";

    public string Type { get; init; } = "";

    public string Cause { get; init; } = "";

    public string Source { get; init; } = "";

    public IReadOnlyList<string> Heard { get; init; } = [];

    public IReadOnlyList<string> Waiting { get; init; } = [];

    public IReadOnlyList<string> Unreachable { get; init; } = [];

    public string? Reason { get; init; }
}

internal sealed record GoQueryEvent
{
    public string Type { get; init; } = "";

    public string? Id { get; init; }
}

internal sealed record GoServerMessage
{
    public long T { get; init; }

    public long TAnswer { get; init; }

    public string Server { get; init; } = "";

    public string Type { get; init; } = "";

    public string Key { get; init; } = "";

    public IReadOnlyList<string>? Closer { get; init; }

    public IReadOnlyList<string>? Providers { get; init; }

    public string? Record { get; init; }

    /// <summary>answered, oneway, silent, reset or cut.</summary>
    public string Result { get; init; } = "";
}
