using DhtTracer.Traces.EventLog2019;

namespace DhtTracer.Analysis.EventLog2019;

/// <summary>The state of a query runner of 2019 as its events change it.</summary>
internal sealed class RunnerState(Query query)
{
    private readonly HashSet<string> connected = new(StringComparer.Ordinal);
    private readonly HashSet<string> dialing = new(StringComparer.Ordinal);
    private readonly HashSet<string> seen = new(StringComparer.Ordinal);
    private readonly HashSet<string> over = new(StringComparer.Ordinal);
    private readonly HashSet<string> begun = new(StringComparer.Ordinal);

    /// <summary>The query.</summary>
    public Query Query { get; } = query;

    /// <summary>When the last event was, in nanoseconds after the start.</summary>
    public long NowNs { get; private set; }

    /// <summary>Peers added, in that order.</summary>
    public List<string> Seen { get; } = [];

    /// <summary>Peers whose request is over, in that order.</summary>
    public List<string> Queried { get; } = [];

    /// <summary>Peers to which a new connection was attempted, in that order.</summary>
    public List<string> DialedNew { get; } = [];

    /// <summary>Dials under way.</summary>
    public int DialQueue => dialing.Count;

    /// <summary>Connected peers that were not asked yet.</summary>
    public int ToQuery => connected.Count;

    /// <summary>Peers added of which no dial and no request has begun.</summary>
    public int Remaining => seen.Count - begun.Count;

    /// <summary>Requests under way.</summary>
    public int InFlight { get; private set; }

    /// <summary>Whether the goal is reached.</summary>
    public bool Success { get; private set; }

    /// <summary>Whether the run is over.</summary>
    public bool Ended { get; private set; }

    /// <summary>Takes an event.</summary>
    public void Apply(string name, long at, QueryPeer? peer, PeerRequest? request)
    {
        NowNs = at;
        switch (name)
        {
            case EventLogNames.AddPeer when seen.Add(peer!.Id):
                Seen.Add(peer.Id);
                break;
            case EventLogNames.AlreadyConnected:
                connected.Add(peer!.Id);
                break;
            case EventLogNames.Dialing:
                dialing.Add(peer!.Id);
                begun.Add(peer.Id);
                DialedNew.Add(peer.Id);
                break;
            case EventLogNames.DialSuccess:
                dialing.Remove(peer!.Id);
                connected.Add(peer.Id);
                break;
            case EventLogNames.DialFailure:
                dialing.Remove(peer!.Id);
                break;
            case EventLogNames.RequestStart:
                connected.Remove(peer!.Id);
                begun.Add(peer.Id);
                InFlight++;
                break;
            case EventLogNames.RequestResult:
                Success |= ReachesGoal(request!);
                break;
            case EventLogNames.RequestEnd:
                InFlight--;
                if (over.Add(peer!.Id))
                {
                    Queried.Add(peer.Id);
                }

                break;
            case EventLogNames.RunEnd:
                Ended = true;
                Success |= Query.Outcome == QueryOutcome.Success;
                break;
            default:
                break;
        }
    }

    /// <summary>Whether it was this answer that made the final answer known.</summary>
    public bool ReachesGoal(PeerRequest request) =>
        Query.Outcome == QueryOutcome.Success && Query.DiscoveryNs is { } discovered && request.StartNs + request.DurationNs == discovered;
}
