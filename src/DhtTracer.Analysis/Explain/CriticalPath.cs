using System.Collections.Immutable;
using System.Text.Json.Serialization;
using DhtTracer.Analysis.Model;

namespace DhtTracer.Analysis.Explain;

/// <summary>What the query waited for in a part of the critical path.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<SegmentKind>))]
public enum SegmentKind
{
    /// <summary>From the start of the query until it dialed or asked the first peer on the path.</summary>
    [JsonStringEnumMemberName("start")]
    Start = 1,

    /// <summary>A known peer was not asked yet, and the trace does not show what the lookup waited for.</summary>
    [JsonStringEnumMemberName("queued")]
    Queued = 2,

    [JsonStringEnumMemberName("dial")]
    Dial = 3,

    /// <summary>From the end of one step to the start of the next one, which waited for it.</summary>
    [JsonStringEnumMemberName("between")]
    Between = 4,

    [JsonStringEnumMemberName("request")]
    Request = 5,

    /// <summary>A dial and a request that the trace does not separate.</summary>
    [JsonStringEnumMemberName("dial-and-request")]
    DialAndRequest = 6,

    /// <summary>From the last dial or request that the end waited for to the end itself.</summary>
    [JsonStringEnumMemberName("end")]
    End = 7,

    /// <summary>The trace does not show what the query waited for.</summary>
    [JsonStringEnumMemberName("unknown")]
    Unknown = 8,
}

/// <summary>The phase of a query in which a segment lies; the same phases as in <see cref="PhaseTimes"/>.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<PathPhase>))]
public enum PathPhase
{
    /// <summary>The node's own work.</summary>
    [JsonStringEnumMemberName("own")]
    Own = 1,

    /// <summary>The first requests, to peers of the routing table.</summary>
    [JsonStringEnumMemberName("first-peers")]
    FirstPeers = 2,

    /// <summary>A later dial.</summary>
    [JsonStringEnumMemberName("dials")]
    Dials = 3,

    /// <summary>A later request.</summary>
    [JsonStringEnumMemberName("requests")]
    Requests = 4,

    /// <summary>After the answer was known, or after the lookup stopped choosing peers.</summary>
    [JsonStringEnumMemberName("tail")]
    Tail = 5,

    /// <summary>The follow-up to the K closest.</summary>
    [JsonStringEnumMemberName("follow-up")]
    FollowUp = 6,

    /// <summary>Storing at the K closest.</summary>
    [JsonStringEnumMemberName("stores")]
    Stores = 7,

    /// <summary>Time that the trace does not explain.</summary>
    [JsonStringEnumMemberName("unknown")]
    Unknown = 8,
}

/// <summary>A part of the critical path. Times are nanoseconds after the query's start.</summary>
public sealed record PathSegment
{
    /// <summary>What the query waited for.</summary>
    public required SegmentKind Kind { get; init; }

    /// <summary>The phase of the query.</summary>
    public required PathPhase Phase { get; init; }

    /// <summary>Start; equals the end of the previous segment.</summary>
    public required long StartNs { get; init; }

    /// <summary>End; later than the start.</summary>
    public required long EndNs { get; init; }

    /// <summary>The peer that the query waited for; null when it waited for no peer, or when the trace does not show it.</summary>
    public string? PeerId { get; init; }

    /// <summary>How the dial or request ended; null for other kinds.</summary>
    public ActivityResult? Result { get; init; }

    /// <summary>Why the dial or request failed; null when it did not.</summary>
    public string? ErrorClass { get; init; }

    /// <summary>The message of the request; null for other kinds.</summary>
    public MessageType? Message { get; init; }

    /// <summary>
    /// The next peer on the path, if it was known during the whole segment and waited for a slot: a greater alpha could have asked it
    /// sooner. Null when no peer waited.
    /// </summary>
    public string? QueuedPeerId { get; init; }

    /// <summary>The query waited for a dial or request of <see cref="PeerId"/>, so this segment is time lost to that peer.</summary>
    public bool IsLostToPeer => Kind is SegmentKind.Dial or SegmentKind.Request or SegmentKind.DialAndRequest;

    /// <summary>End minus start, in nanoseconds.</summary>
    public long DurationNs => EndNs - StartNs;
}

/// <summary>
/// The chain of waits that determined when the query ended. It starts at the last dial or request that the end waited for, and follows what
/// each one waited for, back to the start. Every segment names the peer that was waited for, never the peer that waited. The segments have
/// no gaps and add up exactly to the duration.
/// </summary>
public sealed record CriticalPath
{
    /// <summary>Segments in time order; the first starts at 0, the last ends with the query.</summary>
    public required ImmutableArray<PathSegment> Segments { get; init; }

    /// <summary>Ids of the peers that the query waited for, in time order, each once.</summary>
    public required ImmutableArray<string> Peers { get; init; }

    /// <summary>
    /// The trace does not hold alpha. A peer then counts as queued when as many peers were in flight as the query ever had.
    /// </summary>
    public required bool AlphaObserved { get; init; }

    /// <summary>The path of a query; null when its end is not known.</summary>
    public static CriticalPath? Of(Query query) => Of(query, PeerActivity.Of(query));

    /// <summary>The same with the query's activities at hand.</summary>
    internal static CriticalPath? Of(Query query, ImmutableArray<PeerActivity> activities) =>
        CriticalPathFinder.Find(query, activities, new Lazy<ConcurrencySeries>(() => ConcurrencySeries.Of(query, activities)));

    /// <summary>The segments summed by phase.</summary>
    public PhaseTimes Phases()
    {
        Span<long> sums = stackalloc long[(int)PathPhase.Unknown + 1];
        foreach (var segment in Segments)
        {
            sums[(int)segment.Phase] += segment.DurationNs;
        }

        return new PhaseTimes(
            sums[(int)PathPhase.Own],
            sums[(int)PathPhase.FirstPeers],
            sums[(int)PathPhase.Dials],
            sums[(int)PathPhase.Requests],
            sums[(int)PathPhase.Tail],
            sums[(int)PathPhase.FollowUp],
            sums[(int)PathPhase.Stores],
            sums[(int)PathPhase.Unknown]
        );
    }
}
