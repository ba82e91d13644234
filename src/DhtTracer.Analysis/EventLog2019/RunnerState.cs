using DhtTracer.Traces.EventLog2019;

namespace DhtTracer.Analysis.EventLog2019;

/// <summary>The state of a query runner of 2019 as its events change it.</summary>
internal sealed class RunnerState(Query query)
{
    private readonly HashSet<string> connected = new(StringComparer.Ordinal);
    private readonly HashSet<string> dialing = new(StringComparer.Ordinal);
    private readonly HashSet<string> seen = new(StringComparer.Ordinal);
    private readonly HashSet<string> queried = new(StringComparer.Ordinal);
    private readonly HashSet<string> done = new(StringComparer.Ordinal);
    private readonly PeerRequest? goal = GoalOf(query);

    private int requests;

    /// <summary>The query.</summary>
    public Query Query { get; } = query;

    /// <summary>When the last event was, in nanoseconds after the start.</summary>
    public long NowNs { get; private set; }

    /// <summary>Peers added, in that order.</summary>
    public List<string> Seen { get; } = [];

    /// <summary>Peers whose request was answered or is over, in that order.</summary>
    public List<string> Queried { get; } = [];

    /// <summary>Peers to which a new connection was attempted, in that order.</summary>
    public List<string> DialedNew { get; } = [];

    /// <summary>Dials under way.</summary>
    public int DialQueue => dialing.Count;

    /// <summary>Connected peers that were not asked yet.</summary>
    public int ToQuery => connected.Count;

    /// <summary>Peers added that the runner is not done with: their request is not over and their dial has not failed.</summary>
    public int Remaining => seen.Count - done.Count;

    /// <summary>Dials and requests that may still begin at once; null when the concurrency is unknown.</summary>
    public int? Free => Query.Parameters.Alpha is { } alpha ? Math.Max(0, alpha - dialing.Count - requests) : null;

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
                DialedNew.Add(peer.Id);
                break;
            case EventLogNames.DialSuccess:
                dialing.Remove(peer!.Id);
                connected.Add(peer.Id);
                break;
            case EventLogNames.DialFailure:
                dialing.Remove(peer!.Id);
                done.Add(peer.Id);
                break;
            case EventLogNames.RequestStart:
                connected.Remove(peer!.Id);
                requests++;
                break;
            case EventLogNames.RequestResult:
                Success |= ReachesGoal(request!);
                AddQueried(peer!.Id);
                break;
            case EventLogNames.RequestEnd:
                requests--;
                done.Add(peer!.Id);
                AddQueried(peer.Id);
                break;
            case EventLogNames.RunEnd:
                Ended = true;
                Success |= Query.Outcome == QueryOutcome.Success;
                break;
            default:
                break;
        }
    }

    /// <summary>Whether it was this answer that first gave what the query is for: the peer, a provider, or a record.</summary>
    public bool ReachesGoal(PeerRequest request) => ReferenceEquals(request, goal);

    private static PeerRequest? GoalOf(Query query)
    {
        var answers = query.Peers.SelectMany(static peer => peer.Requests)
            .Where(static request => request.Outcome == RequestOutcome.Answered && request.EndNs is not null).OrderBy(static request => request.EndNs);
        return query.Type switch
        {
            QueryType.FindPeer when query.Outcome == QueryOutcome.Success => answers.FirstOrDefault(request => request.EndNs == query.DiscoveryNs),
            QueryType.GetProviders => answers.FirstOrDefault(static request => request.Providers > 0),
            QueryType.GetValue => answers.FirstOrDefault(static request => request.Records > 0),
            _ => null,
        };
    }

    private void AddQueried(string peer)
    {
        if (queried.Add(peer))
        {
            Queried.Add(peer);
        }
    }
}
