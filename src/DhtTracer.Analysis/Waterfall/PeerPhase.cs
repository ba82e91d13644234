namespace DhtTracer.Analysis;

/// <summary>What happened to a peer, step by step.</summary>
public enum PeerPhaseKind
{
    /// <summary>The moment at which it was first heard of.</summary>
    Heard = 0,

    /// <summary>From then until something was sent to it.</summary>
    Queued = 1,

    /// <summary>A new connection was being made.</summary>
    Dialing = 2,

    /// <summary>From the connection until the first request.</summary>
    Connected = 3,

    /// <summary>A request.</summary>
    Request = 4,

    /// <summary>The moment of the first answer.</summary>
    Answered = 5,
}

/// <summary>A step of a peer with its exact times, in nanoseconds after the query's start; null where the trace does not tell.</summary>
/// <param name="Kind">What it is.</param>
/// <param name="StartNs">Start.</param>
/// <param name="EndNs">End; null also for what never ended. The same as the start for a moment.</param>
public sealed record PeerPhase(PeerPhaseKind Kind, long? StartNs, long? EndNs)
{
    /// <summary>The request of a <see cref="PeerPhaseKind.Request"/>; null for other kinds.</summary>
    public PeerRequest? Request { get; init; }

    /// <summary>Why it failed.</summary>
    public TraceError? Error { get; init; }

    /// <summary>A moment, which has no duration.</summary>
    public bool IsMoment => Kind is PeerPhaseKind.Heard or PeerPhaseKind.Answered;

    /// <summary>End minus start; null when one of them is unknown, and for a moment.</summary>
    public long? DurationNs => IsMoment ? null : EndNs - StartNs;

    /// <summary>
    /// The phases of a peer, in their order. What did not happen is left out: a reused connection has no dialing, a peer that never
    /// answered no answer. What happened without the trace telling when stands there with unknown times.
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
