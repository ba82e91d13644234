using DhtTracer.Analysis.Model;

namespace DhtTracer.Analysis.Reconstruction;

/// <summary>Derives how far a peer got, if the source does not say it.</summary>
internal static class PeerStates
{
    public static PeerState Derive(PeerDraft peer, PeerDial? dial)
    {
        if (peer.Requests.Count > 0)
        {
            return Has(peer, RequestOutcome.Answered) ? PeerState.Answered
                : Has(peer, RequestOutcome.Sent) ? PeerState.Sent
                : Has(peer, RequestOutcome.Failed) ? PeerState.RequestFailed
                : Has(peer, RequestOutcome.Cancelled) ? PeerState.Cancelled
                : Has(peer, RequestOutcome.NoAnswer) ? PeerState.NoAnswer
                : PeerState.Unknown;
        }

        return peer.StateWithoutRequests
            ?? dial switch
            {
                null => PeerState.Heard,
                { Error.Class: ErrorClass.Cancelled } => PeerState.Cancelled,
                { Error: not null } => PeerState.DialFailed,
                { DurationNs: null } => PeerState.Dialing,
                _ => PeerState.Connected,
            };
    }

    private static bool Has(PeerDraft peer, RequestOutcome outcome) => peer.Requests.Any(request => request.Outcome == outcome);
}
