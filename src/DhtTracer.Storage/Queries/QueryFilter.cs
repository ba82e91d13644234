using DhtTracer.Analysis.Keys;
using DhtTracer.Analysis.Model;

namespace DhtTracer.Storage.Queries;

/// <summary>A filter for operations or queries. Null means "any". All conditions that are set must hold.</summary>
public sealed record QueryFilter
{
    /// <summary>The key: equal to any of these bytes (those that are hashed), or a text with this beginning.</summary>
    public KeyFilter? Key { get; init; }

    /// <summary>The type of operation.</summary>
    public QueryType? Type { get; init; }

    public QueryOutcome? Outcome { get; init; }

    /// <summary>The dialect of the spans.</summary>
    public TraceSource? Source { get; init; }

    /// <summary><c>service.name</c>.</summary>
    public string? Service { get; init; }

    /// <summary>Peer id of the querying node, in base58.</summary>
    public string? Node { get; init; }

    /// <summary>Lookups that a node makes for itself: true for only these, false for none of them, null for both.</summary>
    /// <value>The default is false.</value>
    public bool? Background { get; init; } = false;

    /// <summary>
    /// Operations without peers to ask: true for only these, false for none of them, null for both. Statistics leave them out.
    /// </summary>
    public bool? Skipped { get; init; }

    /// <summary>Start, at or after. In nanoseconds since 1970-01-01 UTC.</summary>
    public ulong? FromUnixNano { get; init; }

    /// <summary>Start, before. In nanoseconds since 1970-01-01 UTC.</summary>
    public ulong? ToUnixNano { get; init; }

    /// <summary>Hour of the day (UTC) of the start, 0 to 23.</summary>
    public int? HourOfDay { get; init; }

    /// <summary>Minimum duration, in nanoseconds.</summary>
    public long? MinDurationNs { get; init; }

    /// <summary>Maximum duration, in nanoseconds.</summary>
    public long? MaxDurationNs { get; init; }

    /// <summary>Minimum number of hops.</summary>
    public int? MinHops { get; init; }

    /// <summary>Maximum number of hops.</summary>
    public int? MaxHops { get; init; }

    /// <summary>Error class of the operation or query itself, one of <see cref="ErrorClass"/>.</summary>
    public string? ErrorClass { get; init; }

    /// <summary>Error class of at least one of its dials and requests, one of <see cref="ErrorClass"/>.</summary>
    public string? PeerErrorClass { get; init; }

    /// <summary>Beginning of the agent version of at least one peer that it met. Case-sensitive.</summary>
    public string? Agent { get; init; }

    /// <summary>Peer id, in base58, of a peer that it dialed or asked.</summary>
    public string? Peer { get; init; }

    /// <summary>Maximum number of requests in flight, as shown by the trace.</summary>
    public int? Alpha { get; init; }

    /// <summary>
    /// Rules of lookups that it breaks, all of them: bit <c>n</c> for rule <c>DHTn</c>. One that was not checked breaks none. An operation
    /// breaks a rule when one of its queries does.
    /// </summary>
    public long? LintMask { get; init; }

    /// <summary>
    /// What it must not be: it is left out if it passes any of these. Each has exactly one condition, and null for background and skipped.
    /// Here, a peer means one that the operation met, also in a list of queries.
    /// </summary>
    public IReadOnlyList<QueryFilter> Except { get; init; } = [];
}

/// <summary>A filter for keys: any of the bytes, or the prefix.</summary>
/// <param name="Bytes">The bytes that are hashed. One input can be read as several keys.</param>
/// <param name="TextPrefix">Beginning of the canonical text, case-sensitive; null for none.</param>
/// <param name="TextTail">End of the canonical text, case-sensitive. It is searched only if bytes and beginning find nothing; null for
/// none.</param>
public sealed record KeyFilter(IReadOnlyList<ReadOnlyMemory<byte>> Bytes, string? TextPrefix, string? TextTail = null)
{
    /// <summary>
    /// Parses user input in every way it can be read (see <see cref="KeySearch"/>), so a key in any encoding finds its queries.
    /// </summary>
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

/// <summary>Order of a list.</summary>
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

    /// <summary>By the text of the key, as UTF-8 bytes, then earliest start first; unknown keys last.</summary>
    Key = 8,

    /// <summary>By the text of the key, greatest first, then latest start first; unknown keys last.</summary>
    KeyBackward = 9,

    /// <summary>By type, in the order of <see cref="QueryType"/>, then latest first.</summary>
    Type = 10,

    /// <summary>By type, in the reverse order of <see cref="QueryType"/>, then latest first.</summary>
    TypeBackward = 11,

    /// <summary>By outcome, in the order of <see cref="QueryOutcome"/>, then latest first.</summary>
    Outcome = 12,

    /// <summary>By outcome, in the reverse order of <see cref="QueryOutcome"/>, then latest first.</summary>
    OutcomeBackward = 13,

    /// <summary>By source, in the order of <see cref="TraceSource"/>, then latest first.</summary>
    Source = 14,

    /// <summary>By source, in the reverse order of <see cref="TraceSource"/>, then latest first.</summary>
    SourceBackward = 15,
}

/// <param name="Rows">The rows, in the requested order.</param>
/// <param name="Next">Cursor of the next page; null if there is none.</param>
/// <param name="Previous">Cursor of the previous page; null if there is none.</param>
public sealed record QueryPage(IReadOnlyList<QuerySummary> Rows, string? Next, string? Previous);

/// <summary>The queries of the same key before and after a query, by start.</summary>
/// <param name="Previous">The query before; null if there is none.</param>
/// <param name="Next">The query after; null if there is none.</param>
public sealed record QueryNeighbours(QueryId? Previous, QueryId? Next);
