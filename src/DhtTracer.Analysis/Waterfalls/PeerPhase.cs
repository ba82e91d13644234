using DhtTracer.Analysis.Model;

namespace DhtTracer.Analysis.Waterfalls;

/// <summary>A step in what happened to a peer.</summary>
public enum PeerPhaseKind
{
    /// <summary>The time at which it was first heard of.</summary>
    Heard = 0,

    /// <summary>From then until something was sent to it.</summary>
    Queued = 1,

    /// <summary>A new connection was being made.</summary>
    Dialing = 2,

    /// <summary>From the connection until the first request.</summary>
    Connected = 3,

    Request = 4,

    /// <summary>The time of the first answer.</summary>
    Answered = 5,
}

/// <summary>
/// A step of a peer with its exact times, in nanoseconds after the query's start; null where the trace does not show them.
/// </summary>
/// <param name="Kind">The kind of step.</param>
/// <param name="StartNs">Start.</param>
/// <param name="EndNs">End; null also when it never ended. Equals the start for a point in time.</param>
public sealed record PeerPhase(PeerPhaseKind Kind, long? StartNs, long? EndNs)
{
    /// <summary>The request of a <see cref="PeerPhaseKind.Request"/>; null for other kinds.</summary>
    public PeerRequest? Request { get; init; }

    /// <summary>Why it failed; null when it did not.</summary>
    public TraceError? Error { get; init; }

    /// <summary>True for a point in time, which has no duration.</summary>
    public bool IsMoment => Kind is PeerPhaseKind.Heard or PeerPhaseKind.Answered;

    /// <summary>End minus start; null when one of them is unknown, and for a point in time.</summary>
    public long? DurationNs => IsMoment ? null : EndNs - StartNs;

    /// <summary>
    /// The phases of a peer, in their order. A phase that did not happen is left out: a reused connection has no dialing, and a peer
    /// without answer has no answered. A phase without times in the trace is listed with unknown times.
    /// </summary>
    public static IReadOnlyList<PeerPhase> Of(QueryPeer peer)
    {
        var phases = new List<PeerPhase> { new(PeerPhaseKind.Heard, peer.HeardNs, peer.HeardNs) };
        var sent = PeerRows.StartNs(peer);
        if (sent is not null ? !(peer.HeardNs > sent) : peer.State == PeerState.Queued)
        {
            phases.Add(new PeerPhase(PeerPhaseKind.Queued, peer.HeardNs, sent));
        }

        if (peer.Dial is { } dial)
        {
            var end = dial.StartNs + dial.DurationNs;
            if (dial.Reused != true)
            {
                phases.Add(new PeerPhase(PeerPhaseKind.Dialing, dial.StartNs, end) { Error = dial.Error });
            }

            if (dial.Error is null && end is not null && !PeerRows.DialCameToNothing(peer))
            {
                phases.Add(new PeerPhase(PeerPhaseKind.Connected, end, Next(peer, end.Value)));
            }
        }
        else if (!peer.Requests.IsEmpty)
        {
            phases.Add(new PeerPhase(PeerPhaseKind.Dialing, null, null));
        }

        long? answered = null;
        foreach (var request in peer.Requests)
        {
            var end = request.EndNs;
            phases.Add(new PeerPhase(PeerPhaseKind.Request, request.StartNs, end) { Request = request, Error = request.Error });
            if (request.Outcome == RequestOutcome.Answered && end is not null)
            {
                answered = answered is { } earlier && earlier <= end ? earlier : end;
            }
        }

        if (answered is not null || peer.State == PeerState.Answered)
        {
            phases.Add(new PeerPhase(PeerPhaseKind.Answered, answered, answered));
        }

        return phases;
    }

    private static long? Next(QueryPeer peer, long connectedNs)
    {
        long? next = null;
        foreach (var request in peer.Requests)
        {
            if (request.StartNs >= connectedNs && (next is null || request.StartNs < next))
            {
                next = request.StartNs;
            }
        }

        return next;
    }
}
