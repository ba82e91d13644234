using DhtTracer.Kademlia.Lookups;
using DhtTracer.Kademlia.Network;

namespace DhtTracer.Kademlia.Tracing;

/// <summary>Records a query in memory as a <see cref="QueryTrace"/>. One recorder per query.</summary>
public sealed class QueryRecorder : IQueryObserver
{
    private QueryTrace? _trace;

    /// <summary>The record so far.</summary>
    /// <exception cref="InvalidOperationException">The query has not begun.</exception>
    public QueryTrace Trace => _trace ?? throw new InvalidOperationException("the query has not begun: give the recorder to a query first");

    /// <inheritdoc/>
    public void QueryStarted(QueryDescription query) =>
        _trace = _trace is null
            ? new QueryTrace { Query = query }
            : throw new InvalidOperationException("a recorder records one query: make another");

    /// <inheritdoc/>
    public void PeerHeard(LookupPeer peer) => Trace.PeerList.Add(new PeerTrace(peer));

    /// <inheritdoc/>
    public void DialStarted(LookupPeer peer, DateTimeOffset time) => Of(peer).DialList.Add(new DialTrace(time));

    /// <inheritdoc/>
    public void DialEnded(LookupPeer peer, DateTimeOffset time, DialResult result)
    {
        var dials = Of(peer).DialList;
        dials[^1] = dials[^1] with { EndedAt = time, Reused = result.Reused, Address = result.Address, Error = result.Error };
    }

    /// <inheritdoc/>
    public void RequestStarted(LookupPeer peer, DateTimeOffset time, RequestStart request) =>
        Of(peer)
            .RequestList.Add(
                new RequestTrace
                {
                    Type = request.Type,
                    StartedAt = time,
                    FollowUp = request.FollowUp,
                    Duplicate = request.Duplicate,
                }
            );

    /// <inheritdoc/>
    public void RequestEnded(LookupPeer peer, DateTimeOffset time, RequestEnd request)
    {
        var requests = Of(peer).RequestList;
        requests[^1] = requests[^1] with
        {
            EndedAt = time,
            Outcome = request.Outcome,
            CloserPeers = [.. (request.Answer?.CloserPeers ?? []).Select(named => named.Id.ToString())],
            ProviderPeers = [.. (request.Answer?.ProviderPeers ?? []).Select(named => named.Id.ToString())],
            NewPeers = [.. request.NewPeers.Select(heard => heard.Text)],
            Record = request.Answer is null ? null : request.Answer.Record is not null,
            RecordValid = request.RecordValid,
            Error = request.Error,
        };
    }

    /// <inheritdoc/>
    public void ResultFound(LookupPeer? answeredBy, DateTimeOffset time, string result) =>
        Trace.ResultList.Add(new ResultTrace(answeredBy?.Text ?? Trace.Query.Node.ToString(), time, result));

    /// <inheritdoc/>
    public void LookupTerminated(DateTimeOffset time, QueryTermination termination) => Trace.Terminated = (time, termination);

    /// <inheritdoc/>
    public void QueryEnded(QueryEnd end) => Trace.End = end;

    private PeerTrace Of(LookupPeer peer) => Trace.PeerList[peer.Index];
}
