using System.Collections.Immutable;
using System.Text.Json.Serialization;
using DhtTracer.Analysis.Model;

namespace DhtTracer.Analysis.Explain;

internal enum PeerActivityKind
{
    Dial = 1,

    Request = 2,

    /// <summary>A request that includes its dial, because the trace does not separate them (js-libp2p).</summary>
    DialAndRequest = 3,
}

/// <summary>How a dial or request ended.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<ActivityResult>))]
public enum ActivityResult
{
    /// <summary>The dial connected, or the request was answered or sent.</summary>
    [JsonStringEnumMemberName("done")]
    Done = 1,

    /// <summary>The dial or request failed.</summary>
    [JsonStringEnumMemberName("failed")]
    Failed = 2,

    /// <summary>The caller, or the end of the query, cancelled it.</summary>
    [JsonStringEnumMemberName("taken-back")]
    TakenBack = 3,

    /// <summary>The trace shows neither success nor failure.</summary>
    [JsonStringEnumMemberName("unknown")]
    Unknown = 4,
}

/// <summary>A dial or a request of a query.</summary>
/// <param name="Peer">Index into <see cref="Query.Peers"/>.</param>
/// <param name="Request">Index into the peer's requests; -1 for the dial.</param>
/// <param name="Kind">Dial, request, or both in one.</param>
/// <param name="StartNs">Start, in nanoseconds after the query's start.</param>
/// <param name="EndNs">End, in nanoseconds after the query's start; null when it never ended.</param>
/// <param name="Result">How it ended.</param>
/// <param name="ErrorClass">Why it failed; null when it did not.</param>
/// <param name="Message">The message of a request; null for a dial.</param>
internal readonly record struct PeerActivity(
    int Peer,
    int Request,
    PeerActivityKind Kind,
    long StartNs,
    long? EndNs,
    ActivityResult Result,
    string? ErrorClass,
    MessageType? Message
)
{
    /// <summary>True for PUT_VALUE and ADD_PROVIDER. The alpha of a lookup does not limit them.</summary>
    public bool IsStore => Message is MessageType.PutValue or MessageType.AddProvider;

    /// <summary>
    /// The end, if it was an answer, a failure, or unknown in the trace. Null if it never ended or was cancelled: a cancelled activity
    /// ended because the query did, so it explains nothing that came later.
    /// </summary>
    public long? OwnEndNs => Result == ActivityResult.TakenBack ? null : EndNs;

    /// <summary>
    /// Every dial and request of a query, grouped by peer. A dial comes before the peer's requests, which are sorted by start.
    /// </summary>
    public static ImmutableArray<PeerActivity> Of(Query query)
    {
        var activities = ImmutableArray.CreateBuilder<PeerActivity>();
        for (var i = 0; i < query.Peers.Length; i++)
        {
            var peer = query.Peers[i];
            if (peer.Dial is { } dial)
            {
                activities.Add(OfDial(i, peer, dial));
            }

            for (var r = 0; r < peer.Requests.Length; r++)
            {
                var request = peer.Requests[r];
                if (request.StartNs is not { } start)
                {
                    // Without a recorded start, the duration of a request is unknown.
                    continue;
                }

                var kind =
                    peer.Dial is null && query.Source == TraceSource.JsLibp2p ? PeerActivityKind.DialAndRequest : PeerActivityKind.Request;
                activities.Add(new PeerActivity(i, r, kind, start, request.EndNs, ResultOf(request), request.Error?.Class, request.Type));
            }
        }

        return activities.ToImmutable();
    }

    private static PeerActivity OfDial(int index, QueryPeer peer, PeerDial dial)
    {
        // A failed dial of go-libp2p has no error; only the state of the peer's row shows the failure.
        var failed = peer.State == PeerState.DialFailed || dial.Error is not null;
        var result = dial switch
        {
            { Error.Class: Conventions.ErrorClass.Cancelled } => ActivityResult.TakenBack,
            _ when failed => ActivityResult.Failed,
            { DurationNs: null } => ActivityResult.Unknown,
            _ when peer.State == PeerState.Cancelled && peer.Requests.IsEmpty => ActivityResult.TakenBack,
            _ => ActivityResult.Done,
        };
        return new PeerActivity(
            index,
            -1,
            PeerActivityKind.Dial,
            dial.StartNs,
            End(dial.StartNs, dial.DurationNs),
            result,
            dial.Error?.Class ?? (failed ? Conventions.ErrorClass.DialFailed : null),
            null
        );
    }

    private static ActivityResult ResultOf(PeerRequest request) =>
        request.Outcome switch
        {
            // ADD_PROVIDER has no answer: once written, it is done.
            RequestOutcome.Answered or RequestOutcome.Sent => ActivityResult.Done,
            RequestOutcome.Failed => ActivityResult.Failed,
            RequestOutcome.Cancelled => ActivityResult.TakenBack,
            _ => ActivityResult.Unknown,
        };

    private static long? End(long start, long? duration) => start + duration;
}
