using DhtTracer.Analysis.Model;

namespace DhtTracer.Analysis.Dialects.Go;

/// <summary>
/// Dials of a lookup. A <c>DialPeer</c> span never holds an error, and exists even when the connection already existed. So the result of a
/// dial follows from the request after it, and from the time when the lookup was over.
/// </summary>
internal static class GoDials
{
    /// <summary>
    /// A DialPeer that finds a connection takes microseconds. A new connection needs four round trips and a key exchange; that takes longer
    /// than this limit, even on one machine.
    /// </summary>
    private const long LongestReuseNs = 500_000;

    /// <summary>
    /// When no request followed a dial, only the lookup's own bookkeeping lies between the end of the dial and the end of its QueryPeer. It
    /// takes at most this long.
    /// </summary>
    private const long LongestBookkeepingNs = 3_000_000;

    /// <summary>A cancellation reaches dials a little before the lookup notices it.</summary>
    private const long CancellationLeadNs = 1_000_000;

    /// <summary>True when a request must have followed the dial, but its span is missing.</summary>
    public static bool LacksItsRequest(GoPeer peer) =>
        peer.Request is null && peer is { DialEndNs: { } dialed, QueryEndNs: { } ended } && ended - dialed > LongestBookkeepingNs;

    /// <summary>Sets the dial of every spawned peer, and the state of those without a request.</summary>
    public static void Read(GoLookup lookup)
    {
        var over = Over(lookup);
        foreach (var peer in lookup.Peers)
        {
            peer.Draft.TakenNs = peer.QueryEndNs;
            if (peer.Request is { Outcome: RequestOutcome.Failed } failed)
            {
                peer.HasFailed = lookup.TerminatedNs is not { } terminated || (peer.QueryEndNs ?? failed.EndNs) <= terminated;
            }

            if (peer.DialStartNs is { } start)
            {
                peer.Draft.Add(Dial(peer, start, over));
            }
            else if (peer is { SpawnNs: not null, Request: null })
            {
                peer.Draft.StateWithoutRequests = PeerState.Unknown;
            }
        }
    }

    private static PeerDial Dial(GoPeer peer, long start, long? over)
    {
        if (peer.DialEndNs is not { } end)
        {
            return new PeerDial(start, null, null, null);
        }

        var took = end - start;
        if (peer.Request is not null)
        {
            return new PeerDial(start, took, took < LongestReuseNs, null);
        }

        if (peer.QueryEndNs is null || LacksItsRequest(peer) || over is null)
        {
            peer.Draft.StateWithoutRequests = PeerState.Unknown;
            return new PeerDial(start, took, took < LongestReuseNs ? null : false, null);
        }

        peer.HasFailed = end < over;
        return new PeerDial(start, took, false, new TraceError(peer.HasFailed ? ErrorClass.DialFailed : ErrorClass.Cancelled, null));
    }

    /// <summary>The time from which on the lookup's end aborts dials; null when unknown.</summary>
    private static long? Over(GoLookup lookup)
    {
        if (lookup.TerminatedNs is not { } over || lookup.Termination != QueryTermination.Cancelled)
        {
            return lookup.TerminatedNs;
        }

        foreach (var request in lookup.Phases.Keys)
        {
            if (lookup.Phases[request] != GoPhase.Direct && request is { Outcome: RequestOutcome.Cancelled, EndNs: { } end })
            {
                over = Math.Min(over, end);
            }
        }

        return over - CancellationLeadNs;
    }
}
