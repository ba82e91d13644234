using DhtTracer.Analysis.Model;
using DhtTracer.Traces.EventLog2019;

namespace DhtTracer.Analysis.EventLog2019;

/// <summary>The state of a 2019 query runner, updated by each event.</summary>
internal sealed class RunnerState(Query query)
{
    private readonly HashSet<string> _connected = new(StringComparer.Ordinal);
    private readonly HashSet<string> _dialing = new(StringComparer.Ordinal);
    private readonly HashSet<string> _seen = new(StringComparer.Ordinal);
    private readonly HashSet<string> _queried = new(StringComparer.Ordinal);
    private readonly HashSet<string> _done = new(StringComparer.Ordinal);
    private readonly PeerRequest? _goal = GoalOf(query);

    private int _requests;

    public Query Query { get; } = query;

    /// <summary>Time of the last event, in nanoseconds after the start.</summary>
    public long NowNs { get; private set; }

    /// <summary>Peers added, in this order.</summary>
    public List<string> Seen { get; } = [];

    /// <summary>Peers whose request was answered or has ended, in this order.</summary>
    public List<string> Queried { get; } = [];

    /// <summary>Peers to which a new connection was attempted, in this order.</summary>
    public List<string> DialedNew { get; } = [];

    /// <summary>Dials under way.</summary>
    public int DialQueue => _dialing.Count;

    /// <summary>Connected peers that were not asked yet.</summary>
    public int ToQuery => _connected.Count;

    /// <summary>Added peers that are not finished: their request has not ended and their dial has not failed.</summary>
    public int Remaining => _seen.Count - _done.Count;

    /// <summary>Number of dials and requests that may still begin at once; null when the concurrency is unknown.</summary>
    public int? Free => Query.Parameters.Alpha is { } alpha ? Math.Max(0, alpha - _dialing.Count - _requests) : null;

    /// <summary>Whether the goal is reached.</summary>
    public bool Success { get; private set; }

    /// <summary>Whether the run is over.</summary>
    public bool Ended { get; private set; }

    /// <summary>Updates the state by one event.</summary>
    public void Apply(string name, long at, QueryPeer? peer, PeerRequest? request)
    {
        NowNs = at;
        switch (name)
        {
            case EventLogNames.AddPeer when _seen.Add(peer!.Id):
                Seen.Add(peer.Id);
                break;
            case EventLogNames.AlreadyConnected:
                _connected.Add(peer!.Id);
                break;
            case EventLogNames.Dialing:
                _dialing.Add(peer!.Id);
                DialedNew.Add(peer.Id);
                break;
            case EventLogNames.DialSuccess:
                _dialing.Remove(peer!.Id);
                _connected.Add(peer.Id);
                break;
            case EventLogNames.DialFailure:
                _dialing.Remove(peer!.Id);
                _done.Add(peer.Id);
                break;
            case EventLogNames.RequestStart:
                _connected.Remove(peer!.Id);
                _requests++;
                break;
            case EventLogNames.RequestResult:
                Success |= ReachesGoal(request!);
                AddQueried(peer!.Id);
                break;
            case EventLogNames.RequestEnd:
                _requests--;
                _done.Add(peer!.Id);
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

    /// <summary>Whether this answer was the first to give the result of the query: the peer, a provider, or a record.</summary>
    public bool ReachesGoal(PeerRequest request) => ReferenceEquals(request, _goal);

    private static PeerRequest? GoalOf(Query query)
    {
        var answers = query
            .Peers.SelectMany(static peer => peer.Requests)
            .Where(static request => request.Outcome == RequestOutcome.Answered && request.EndNs is not null)
            .OrderBy(static request => request.EndNs);
        return query.Type switch
        {
            QueryType.FindPeer when query.Outcome == QueryOutcome.Success => answers.FirstOrDefault(request =>
                request.EndNs == query.DiscoveryNs
            ),
            QueryType.GetProviders => answers.FirstOrDefault(static request => request.Providers > 0),
            QueryType.GetValue => answers.FirstOrDefault(static request => request.Records > 0),
            _ => null,
        };
    }

    private void AddQueried(string peer)
    {
        if (_queried.Add(peer))
        {
            Queried.Add(peer);
        }
    }
}
