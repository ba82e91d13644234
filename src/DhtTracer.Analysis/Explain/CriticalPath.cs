using System.Collections.Immutable;
using System.Text.Json.Serialization;

namespace DhtTracer.Analysis.Explain;

/// <summary>What a part of the critical path is.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<SegmentKind>))]
public enum SegmentKind
{
    /// <summary>From the start of the query until the first peer of the path was known.</summary>
    [JsonStringEnumMemberName("start")] Start = 1,

    /// <summary>The peer was known and waited for its turn.</summary>
    [JsonStringEnumMemberName("queued")] Queued = 2,

    /// <summary>The peer was dialed.</summary>
    [JsonStringEnumMemberName("dial")] Dial = 3,

    /// <summary>Between the end of one step and the start of the next that waited for it.</summary>
    [JsonStringEnumMemberName("between")] Between = 4,

    /// <summary>The peer was asked.</summary>
    [JsonStringEnumMemberName("request")] Request = 5,

    /// <summary>The peer was dialed and asked; the trace does not tell the two apart.</summary>
    [JsonStringEnumMemberName("dial-and-request")] DialAndRequest = 6,

    /// <summary>From the last dial or request that the end waited for, until the end.</summary>
    [JsonStringEnumMemberName("end")] End = 7,

    /// <summary>The trace does not tell what this time was waiting for.</summary>
    [JsonStringEnumMemberName("unknown")] Unknown = 8,
}

/// <summary>Whose dial or request a queued peer waited for.</summary>
/// <param name="PeerId">That peer.</param>
/// <param name="Kind"><see cref="SegmentKind.Dial"/>, <see cref="SegmentKind.Request"/> or <see cref="SegmentKind.DialAndRequest"/>.</param>
/// <param name="Result">How it ended.</param>
/// <param name="ErrorClass">Why it failed; null when it did not.</param>
public sealed record PlaceHolder(string PeerId, SegmentKind Kind, ActivityResult Result, string? ErrorClass);

/// <summary>A part of the critical path. Times are nanoseconds after the query's start.</summary>
public sealed record PathSegment
{
    /// <summary>What it is.</summary>
    public required SegmentKind Kind { get; init; }

    /// <summary>Start; the end of the segment before.</summary>
    public required long StartNs { get; init; }

    /// <summary>End, after the start.</summary>
    public required long EndNs { get; init; }

    /// <summary>The peer; null where none belongs to it.</summary>
    public string? PeerId { get; init; }

    /// <summary>How the dial or request ended; null for other kinds.</summary>
    public ActivityResult? Result { get; init; }

    /// <summary>Why the dial or request failed.</summary>
    public string? ErrorClass { get; init; }

    /// <summary>The message of a request.</summary>
    public MessageType? Message { get; init; }

    /// <summary>
    /// For a queued peer: whose end it waited for. Either all alpha places were taken and this one came free next, or this end is what made
    /// the lookup go on to ask the peer, as in a follow-up. Null when the trace does not tell.
    /// </summary>
    public PlaceHolder? HeldBy { get; init; }

    /// <summary>End minus start, in nanoseconds.</summary>
    public long DurationNs => EndNs - StartNs;
}

/// <summary>
/// The chain of peers whose queueing, dialing and request made the end of the query come when it came: from the last dial or request that the
/// end waited for, back over the answers that named each peer, to the start. The segments follow each other without gap and sum exactly
/// to the duration.
/// </summary>
public sealed record CriticalPath
{
    /// <summary>Segments in time order; the first starts at 0, the last ends with the query.</summary>
    public required ImmutableArray<PathSegment> Segments { get; init; }

    /// <summary>Peer ids of the chain in time order, each once.</summary>
    public required ImmutableArray<string> Peers { get; init; }

    /// <summary>The trace does not tell alpha: a peer counts as held up when as many were in flight as ever were in this query.</summary>
    public required bool AlphaObserved { get; init; }

    /// <summary>The path of a query; null when its end is not known.</summary>
    public static CriticalPath? Of(Query query) => Of(query, KeyDistances.Of(query));

    internal static CriticalPath? Of(Query query, KeyDistances distances)
    {
        var activities = Activity.Of(query);
        return CriticalPathFinder.Find(query, activities, distances, ConcurrencySeries.Of(query, activities));
    }
}
