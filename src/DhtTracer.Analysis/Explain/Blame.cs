using System.Collections.Immutable;
using System.Text.Json.Serialization;
using DhtTracer.Analysis.Model;
using DhtTracer.Analysis.Reconstruction;

namespace DhtTracer.Analysis.Explain;

/// <summary>What a part of the duration was spent on.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<BlameKind>))]
public enum BlameKind
{
    /// <summary>Dials that connected.</summary>
    [JsonStringEnumMemberName("connecting")]
    Connecting = 1,

    /// <summary>Requests that were answered.</summary>
    [JsonStringEnumMemberName("answers")]
    Answers = 2,

    /// <summary>Dialing and asking in one, answered.</summary>
    [JsonStringEnumMemberName("dial-and-answers")]
    DialAndAnswers = 3,

    [JsonStringEnumMemberName("failed-dials")]
    FailedDials = 4,

    [JsonStringEnumMemberName("failed-requests")]
    FailedRequests = 5,

    /// <summary>Dials or requests without an answer in the trace.</summary>
    [JsonStringEnumMemberName("no-answer")]
    NoAnswer = 6,

    /// <summary>Dials or requests that were cancelled by the end of the query or by the caller.</summary>
    [JsonStringEnumMemberName("taken-back")]
    TakenBack = 7,

    /// <summary>A known peer was not asked yet, although the trace shows free slots and nothing that the lookup waited for.</summary>
    [JsonStringEnumMemberName("queueing")]
    Queueing = 8,

    /// <summary>The node's own work at the start, between steps and at the end.</summary>
    [JsonStringEnumMemberName("own-work")]
    OwnWork = 9,

    /// <summary>Time that the trace does not explain.</summary>
    [JsonStringEnumMemberName("unknown")]
    Unknown = 10,

    /// <summary>Stores: answered PUT_VALUE requests, and sent ADD_PROVIDER requests (the protocol has no answer to them).</summary>
    [JsonStringEnumMemberName("stores")]
    Stores = 11,
}

/// <summary>A part of the duration and what it was spent on. The parts of a query add up to its duration.</summary>
/// <param name="Kind">What it was spent on.</param>
/// <param name="ErrorClass">Class of the failures; null when nothing failed.</param>
/// <param name="Peers">
/// Number of peers: those on the path, and those that failed the same way at the same time. Without the first, the query would have waited
/// as long for the others.
/// </param>
/// <param name="DurationNs">Length in nanoseconds.</param>
/// <param name="Share">Share of the query's duration, 0 to 1.</param>
/// <param name="Text">In words, such as <c>waiting for 2 dials that timed out</c>.</param>
public sealed record Blame(BlameKind Kind, string? ErrorClass, int Peers, long DurationNs, double Share, string Text)
{
    /// <summary>A dial or request that covers at least this share of a wait was waited for too.</summary>
    private const double AsWell = 0.9;

    /// <summary>
    /// A wait shorter than this share of its group does not show who else was waited for: during a microsecond, everybody is under way.
    /// </summary>
    private const double Weighty = 0.1;

    /// <summary>At least nine tenths of this part lie in the follow-up.</summary>
    public bool InFollowUp { get; private init; }

    /// <summary>Groups the segments of a path by their cause, longest first.</summary>
    internal static ImmutableArray<Blame> Of(CriticalPath path, Query query, ImmutableArray<PeerActivity> activities)
    {
        var duration = path.Segments.Sum(static s => s.DurationNs);
        var others = activities.ToLookup(static a => CauseOf(KindOf(a), a.IsStore, a.Result, a.ErrorClass));
        return
        [
            .. path
                .Segments.GroupBy(CauseOf)
                .Select(group =>
                {
                    var sum = group.Sum(static segment => segment.DurationNs);
                    var concerned = group
                        .Where(static segment => segment.PeerId is not null)
                        .Select(static segment => (segment.PeerId!, IsDial: segment.Kind == SegmentKind.Dial))
                        .ToHashSet();
                    if (group.Key.Kind is BlameKind.FailedDials or BlameKind.FailedRequests or BlameKind.NoAnswer or BlameKind.TakenBack)
                    {
                        var waits = group.Where(segment => segment.DurationNs >= sum * Weighty).ToList();
                        concerned.UnionWith(
                            others[group.Key]
                                .Where(other => waits.Exists(wait => Spans(other, wait)))
                                .Select(other => (query.Peers[other.Peer].Id, other.Kind == PeerActivityKind.Dial))
                        );
                    }

                    var peers = concerned.Select(static item => item.Item1).Distinct(StringComparer.Ordinal).Count();
                    return new Blame(
                        group.Key.Kind,
                        group.Key.ErrorClass,
                        peers,
                        sum,
                        (double)sum / duration,
                        Words(group.Key.Kind, group.Key.ErrorClass, peers, Noun(concerned))
                    )
                    {
                        InFollowUp =
                            sum > 0
                            && group.Sum(static segment => segment.Phase == PathPhase.FollowUp ? segment.DurationNs : 0) >= sum * AsWell,
                    };
                })
                .OrderByDescending(static blame => blame.DurationNs)
                .ThenBy(static blame => blame.Kind)
                .ThenBy(static blame => blame.ErrorClass, StringComparer.Ordinal),
        ];
    }

    /// <summary>What a segment of a path was spent on.</summary>
    internal static (BlameKind Kind, string? ErrorClass) CauseOf(PathSegment segment) =>
        segment switch
        {
            { Kind: SegmentKind.Queued } => (BlameKind.Queueing, null),
            { Kind: SegmentKind.Unknown } => (BlameKind.Unknown, null),
            { Result: { } result } => CauseOf(
                segment.Kind,
                segment.Message is MessageType.PutValue or MessageType.AddProvider,
                result,
                segment.ErrorClass
            ),
            _ => (BlameKind.OwnWork, null),
        };

    private static bool Spans(PeerActivity activity, PathSegment wait) =>
        Math.Min(activity.EndNs ?? long.MaxValue, wait.EndNs) - Math.Max(activity.StartNs, wait.StartNs) >= wait.DurationNs * AsWell;

    private static SegmentKind KindOf(PeerActivity activity) =>
        activity.Kind switch
        {
            PeerActivityKind.Dial => SegmentKind.Dial,
            PeerActivityKind.Request => SegmentKind.Request,
            _ => SegmentKind.DialAndRequest,
        };

    private static string Noun(HashSet<(string PeerId, bool IsDial)> concerned) =>
        concerned.All(static item => item.IsDial) ? "dial"
        : concerned.Any(static item => item.IsDial) ? "peer"
        : "request";

    private static (BlameKind Kind, string? ErrorClass) CauseOf(SegmentKind kind, bool isStore, ActivityResult result, string? errorClass)
    {
        var isDial = kind == SegmentKind.Dial;
        return result switch
        {
            ActivityResult.Failed => (
                isDial ? BlameKind.FailedDials : BlameKind.FailedRequests,
                errorClass ?? Conventions.ErrorClass.Other
            ),
            ActivityResult.TakenBack => (BlameKind.TakenBack, null),
            ActivityResult.Unknown => (BlameKind.NoAnswer, null),
            _ when isDial => (BlameKind.Connecting, null),
            _ when isStore => (BlameKind.Stores, null),
            _ => (kind == SegmentKind.DialAndRequest ? BlameKind.DialAndAnswers : BlameKind.Answers, null),
        };
    }

    private static string Words(BlameKind kind, string? errorClass, int peers, string noun) =>
        kind switch
        {
            BlameKind.Connecting => $"connecting to {Count(peers, "peer")}",
            BlameKind.Answers => $"waiting for {Count(peers, "peer")} that answered",
            BlameKind.Stores => $"storing at {Count(peers, "peer")}",
            BlameKind.DialAndAnswers => $"dialing and asking {Count(peers, "peer")} that answered (the trace does not tell the two apart)",
            BlameKind.FailedDials => $"waiting for {Count(peers, "dial")} that {Failed(errorClass, peers == 1)}",
            BlameKind.FailedRequests => $"waiting for {Count(peers, "request")} that {Failed(errorClass, peers == 1)}",
            BlameKind.NoAnswer => $"waiting for {Count(peers, "peer")} of which the trace shows no answer",
            BlameKind.TakenBack => $"waiting for {Count(peers, noun)} still under way at the end",
            BlameKind.Queueing => $"{Count(peers, "peer")} waiting to be asked, for reasons that the trace does not tell",
            BlameKind.OwnWork => "the node's own work before, between and after its dials and requests",
            _ => "time that the trace does not explain",
        };

    private static string Failed(string? errorClass, bool one) =>
        errorClass switch
        {
            Conventions.ErrorClass.DialTimeout or Conventions.ErrorClass.RequestTimeout => "timed out",
            Conventions.ErrorClass.DialRefused => one ? "was refused" : "were refused",
            Conventions.ErrorClass.DialBackoff => one ? "was put off after an earlier failure" : "were put off after earlier failures",
            Conventions.ErrorClass.NoRoute => "found no route",
            Conventions.ErrorClass.Handshake => "failed in the handshake",
            Conventions.ErrorClass.ProtocolNotSupported => one ? "met a peer without the protocol" : "met peers without the protocol",
            Conventions.ErrorClass.Reset => one ? "was reset" : "were reset",
            Conventions.ErrorClass.BadAnswer => "got a bad answer",
            _ => "failed",
        };

    private static string Count(int count, string noun) => count == 1 ? $"1 {noun}" : $"{count} {noun}s";
}
