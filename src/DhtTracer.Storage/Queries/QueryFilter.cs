using DhtTracer.Analysis;

namespace DhtTracer.Storage;

/// <summary>Which operations, or which queries. Null means "any"; what is set must all hold.</summary>
public sealed record QueryFilter
{
    /// <summary>The key: any of these bytes (what is hashed), or a text that begins like this.</summary>
    public KeyFilter? Key { get; init; }

    /// <summary>What it was for.</summary>
    public QueryType? Type { get; init; }

    /// <summary>How it ended.</summary>
    public QueryOutcome? Outcome { get; init; }

    /// <summary>Whose spans.</summary>
    public TraceSource? Source { get; init; }

    /// <summary><c>service.name</c>.</summary>
    public string? Service { get; init; }

    /// <summary>Peer id of the querying node, in base58.</summary>
    public string? Node { get; init; }

    /// <summary>Lookups that a node makes for itself: true only these, false none of these, null both.</summary>
    /// <value>The default is false.</value>
    public bool? Background { get; init; } = false;

    /// <summary>True only those that had nobody to ask (no peers), false none of these, null both. Statistics leave them out.</summary>
    public bool? Skipped { get; init; }

    /// <summary>Started at or after, in nanoseconds since 1970-01-01 UTC.</summary>
    public ulong? FromUnixNano { get; init; }

    /// <summary>Started before.</summary>
    public ulong? ToUnixNano { get; init; }

    /// <summary>Took at least this many nanoseconds.</summary>
    public long? MinDurationNs { get; init; }

    /// <summary>Took at most this many nanoseconds.</summary>
    public long? MaxDurationNs { get; init; }

    /// <summary>At least this many hops.</summary>
    public int? MinHops { get; init; }

    /// <summary>At most this many hops.</summary>
    public int? MaxHops { get; init; }

    /// <summary>One of <see cref="ErrorClass"/>: of the operation or query itself.</summary>
    public string? ErrorClass { get; init; }

    /// <summary>One of <see cref="ErrorClass"/>: of at least one of its dials and requests.</summary>
    public string? PeerErrorClass { get; init; }

    /// <summary>The agent version of at least one peer that it met begins like this, case as it is.</summary>
    public string? Agent { get; init; }

    /// <summary>Peer id, in base58, of a peer that it dialed or asked.</summary>
    public string? Peer { get; init; }

    /// <summary>Requests in flight at most, as the trace tells.</summary>
    public int? Alpha { get; init; }
}

/// <summary>Which keys: any of the bytes, or the prefix.</summary>
/// <param name="Bytes">What is hashed, in any of the readings of what was typed.</param>
/// <param name="TextPrefix">Beginning of the canonical text, case as it is; null for none.</param>
/// <param name="TextTail">End of the canonical text, case as it is, looked for where bytes and beginning find nothing; null for
/// none.</param>
public sealed record KeyFilter(IReadOnlyList<ReadOnlyMemory<byte>> Bytes, string? TextPrefix, string? TextTail = null)
{
    /// <summary>What a user typed, in every reading (see <see cref="KeySearch"/>): the same key in any encoding finds its
    /// queries.</summary>
    public static KeyFilter Parse(string text)
    {
        var search = KeySearch.Parse(text);
        return new KeyFilter(
            [.. search.Candidates.Select(reading => (ReadOnlyMemory<byte>)Convert.FromHexString(reading.Bytes))],
            search.TextPrefix,
            search.Tail
        );
    }
}

/// <summary>In what order.</summary>
public enum QuerySort
{
    /// <summary>Latest start first.</summary>
    Newest = 0,

    /// <summary>Earliest start first.</summary>
    Oldest = 1,

    /// <summary>Longest first; unknown durations last.</summary>
    Slowest = 2,

    /// <summary>Shortest first; unknown durations last.</summary>
    Fastest = 3,

    /// <summary>Most peers seen first; unknown counts last.</summary>
    MostPeers = 4,

    /// <summary>Fewest peers seen first; unknown counts last.</summary>
    FewestPeers = 5,

    /// <summary>Most hops first; unknown ones last.</summary>
    MostHops = 6,

    /// <summary>Fewest hops first; unknown ones last.</summary>
    FewestHops = 7,

    /// <summary>By the text of the key, by its UTF-8 bytes, and queries of one key from the earliest start; unknown keys last.</summary>
    Key = 8,

    /// <summary>By the text of the key, greatest first, and queries of one key from the latest start; unknown keys last.</summary>
    KeyBackward = 9,

    /// <summary>By type, in the order of <see cref="QueryType"/>, and of each the latest first.</summary>
    Type = 10,

    /// <summary>By type, the last of <see cref="QueryType"/> first, and of each the latest first.</summary>
    TypeBackward = 11,

    /// <summary>By outcome, in the order of <see cref="QueryOutcome"/>, and of each the latest first.</summary>
    Outcome = 12,

    /// <summary>By outcome, the last of <see cref="QueryOutcome"/> first, and of each the latest first.</summary>
    OutcomeBackward = 13,

    /// <summary>By source, in the order of <see cref="TraceSource"/>, and of each the latest first.</summary>
    Source = 14,

    /// <summary>By source, the last of <see cref="TraceSource"/> first, and of each the latest first.</summary>
    SourceBackward = 15,
}

/// <summary>A page of queries.</summary>
/// <param name="Rows">The rows in the order asked for.</param>
/// <param name="Next">Cursor of the page after it; null when there is none.</param>
/// <param name="Previous">Cursor of the page before it; null when there is none.</param>
public sealed record QueryPage(IReadOnlyList<QuerySummary> Rows, string? Next, string? Previous);

/// <summary>The queries before and after one of the same key, by start.</summary>
/// <param name="Previous">The one before; null when there is none.</param>
/// <param name="Next">The one after; null when there is none.</param>
public sealed record QueryNeighbours(QueryId? Previous, QueryId? Next);
