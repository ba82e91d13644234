using DhtTracer.Kademlia.Lookups;
using DhtTracer.Kademlia.Network;

namespace DhtTracer.Kademlia.Tracing;

/// <summary>Combines several observers.</summary>
internal sealed class QueryObservers(IQueryObserver[] observers) : IQueryObserver
{
    /// <summary>Combines all observers; null if there are none, so an unobserved query costs nothing.</summary>
    public static IQueryObserver? Combine(IQueryObserver? first, IReadOnlyList<IQueryObserver> others)
    {
        if (first is null)
        {
            return others.Count switch
            {
                0 => null,
                1 => others[0],
                _ => new QueryObservers([.. others]),
            };
        }

        return others.Count == 0 ? first : new QueryObservers([first, .. others]);
    }

    public void QueryStarted(QueryDescription query)
    {
        foreach (var observer in observers)
        {
            observer.QueryStarted(query);
        }
    }

    public void PeerHeard(LookupPeer peer)
    {
        foreach (var observer in observers)
        {
            observer.PeerHeard(peer);
        }
    }

    public void DialStarted(LookupPeer peer, DateTimeOffset time)
    {
        foreach (var observer in observers)
        {
            observer.DialStarted(peer, time);
        }
    }

    public void DialEnded(LookupPeer peer, DateTimeOffset time, DialResult result)
    {
        foreach (var observer in observers)
        {
            observer.DialEnded(peer, time, result);
        }
    }

    public void RequestStarted(LookupPeer peer, DateTimeOffset time, RequestStart request)
    {
        foreach (var observer in observers)
        {
            observer.RequestStarted(peer, time, request);
        }
    }

    public void RequestEnded(LookupPeer peer, DateTimeOffset time, RequestEnd request)
    {
        foreach (var observer in observers)
        {
            observer.RequestEnded(peer, time, request);
        }
    }

    public void ResultFound(LookupPeer? answeredBy, DateTimeOffset time, string result)
    {
        foreach (var observer in observers)
        {
            observer.ResultFound(answeredBy, time, result);
        }
    }

    public void LookupTerminated(DateTimeOffset time, QueryTermination termination)
    {
        foreach (var observer in observers)
        {
            observer.LookupTerminated(time, termination);
        }
    }

    public void PeerDone(LookupPeer peer)
    {
        foreach (var observer in observers)
        {
            observer.PeerDone(peer);
        }
    }

    public void QueryEnded(QueryEnd end)
    {
        foreach (var observer in observers)
        {
            observer.QueryEnded(end);
        }
    }
}
