using DhtTracer.Kademlia.Lookups;
using DhtTracer.Kademlia.Messages;
using DhtTracer.Kademlia.Network;

namespace DhtTracer.EndToEnd.Tests.Truth;

/// <summary>
/// Keeps what a query does, as it does it, as raw facts and nothing else: no count, no state, no hop is taken from the lookup here.
/// Knows nothing of spans.
/// </summary>
internal sealed class QueryWitness(TimeProvider time) : IQueryObserver
{
    private readonly Dictionary<string, PeerFacts> _byId = [];

    public QueryDescription Query { get; private set; } = null!;

    public QueryEnd End { get; private set; } = null!;

    public QueryTermination? Termination { get; private set; }

    /// <summary>In the order heard.</summary>
    public List<PeerFacts> Peers { get; } = [];

    /// <summary>Requests in the order in which they ended.</summary>
    public List<RequestFacts> Ended { get; } = [];

    /// <summary>Records of the node's own store (their first 64 bytes), and when each was known.</summary>
    public List<(byte[] Value, long AtNs)> Local { get; } = [];

    /// <summary>Ids in the order of their first dial or request.</summary>
    public List<string> Contacted { get; } = [];

    public long Ns(DateTimeOffset time) => (time - Query.Start).Ticks * 100;

    /// <summary>Timestamp of when it was told that the query had begun.</summary>
    public long BegunAt { get; private set; }

    public void QueryStarted(QueryDescription query)
    {
        Query = query;
        BegunAt = time.GetTimestamp();
    }

    public void PeerHeard(LookupPeer peer)
    {
        var facts = new PeerFacts(peer, Ns(peer.HeardAt));
        Peers.Add(facts);
        _byId.Add(facts.Id, facts);
    }

    public void DialStarted(LookupPeer peer, DateTimeOffset time)
    {
        Contact(peer);
        Of(peer).Dials.Add(new DialFacts { StartNs = Ns(time) });
    }

    public void DialEnded(LookupPeer peer, DateTimeOffset time, DialResult result)
    {
        var dial = Of(peer).Dials[^1];
        dial.EndNs = Ns(time);
        dial.Reused = result.Reused;
        dial.Error = result.Error;
    }

    public void RequestStarted(LookupPeer peer, DateTimeOffset time, RequestStart request)
    {
        Contact(peer);
        Of(peer).Requests.Add(new RequestFacts(Of(peer)) { Type = request.Type, StartNs = Ns(time) });
    }

    public void RequestEnded(LookupPeer peer, DateTimeOffset time, RequestEnd request)
    {
        var facts = Of(peer).Requests[^1];
        facts.EndNs = Ns(time);
        facts.Outcome = request.Outcome;
        facts.Answer = request.Answer;
        facts.Error = request.Error;
        Ended.Add(facts);
    }

    public void ResultFound(LookupPeer? answeredBy, DateTimeOffset time, string result)
    {
        if (answeredBy is null)
        {
            Local.Add((Convert.FromHexString(result), Ns(time)));
        }
    }

    public void LookupTerminated(DateTimeOffset time, QueryTermination termination) => Termination = termination;

    public void PeerDone(LookupPeer peer) => Of(peer).Settle();

    public void QueryEnded(QueryEnd end)
    {
        End = end;
        Peers.ForEach(peer => peer.Settle());
    }

    private void Contact(LookupPeer peer)
    {
        if (!Contacted.Contains(peer.Id.ToString()))
        {
            Contacted.Add(peer.Id.ToString());
        }
    }

    private PeerFacts Of(LookupPeer peer) => _byId[peer.Id.ToString()];
}

/// <summary>A peer, and what was sent to it.</summary>
internal sealed class PeerFacts(LookupPeer peer, long heardNs)
{
    private bool _settled;

    public LookupPeer Peer => peer;

    public string Id { get; } = peer.Id.ToString();

    public string? ToldBy { get; } = peer.Referrer?.Id.ToString();

    public long HeardNs => heardNs;

    public List<DialFacts> Dials { get; } = [];

    public List<RequestFacts> Requests { get; } = [];

    public string? Agent { get; private set; }

    public IReadOnlyList<string> Addresses { get; private set; } = [];

    /// <summary>What is known of the peer when the query has done with it.</summary>
    public void Settle()
    {
        if (_settled)
        {
            return;
        }

        _settled = true;
        Agent = peer.Agent;
        Addresses = [.. peer.Addresses.Select(address => address.ToString())];
    }
}

internal sealed class DialFacts
{
    public long StartNs { get; init; }

    public long? EndNs { get; set; }

    public bool Reused { get; set; }

    public DhtError? Error { get; set; }
}

internal sealed class RequestFacts(PeerFacts peer)
{
    public PeerFacts Peer => peer;

    public MessageType Type { get; init; }

    public long StartNs { get; init; }

    public long? EndNs { get; set; }

    public RequestOutcome? Outcome { get; set; }

    public KadMessage? Answer { get; set; }

    public DhtError? Error { get; set; }
}
