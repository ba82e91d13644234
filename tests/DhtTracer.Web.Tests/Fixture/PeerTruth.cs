using System.Text.Json;
using DhtTracer.Analysis.Model;
using DhtTracer.Analysis.Reconstruction;

namespace DhtTracer.Web.Tests.Fixture;

/// <summary>What simulated queries had to do with a peer, counted out.</summary>
internal sealed record PeerTruth(string PeerId)
{
    /// <summary>Queries that heard of it, with its row in each.</summary>
    public List<(Query Query, QueryPeer Row)> Seen { get; } = [];

    /// <summary>Answers of other peers that named it.</summary>
    public int Named { get; private set; }

    /// <summary>Queries that sent it a request.</summary>
    public int Queried => Operations(Seen.Where(item => item.Row.Requests.Length > 0));

    /// <summary>Queries in which it answered.</summary>
    public int Answered => Operations(Seen.Where(item => item.Row.Requests.Any(request => request.Outcome == RequestOutcome.Answered)));

    /// <summary>Error classes of its dials and requests.</summary>
    public List<string> Failures => [.. Seen.SelectMany(item => OverviewTruth.Errors(item.Row))];

    /// <summary>Its dials and requests that were taken back.</summary>
    public int Cancelled => Seen.Sum(item => OverviewTruth.Cancelled(item.Row));

    /// <summary>Durations of its first answered request in each query.</summary>
    public List<long?> Requests =>
        [
            .. Seen.Select(item => item.Row.Requests.FirstOrDefault(request => request.Outcome == RequestOutcome.Answered)?.DurationNs)
                .Where(time => time is not null),
        ];

    /// <summary>Durations of its new connections that succeeded.</summary>
    public List<long?> Dials =>
        [
            .. Seen.Where(item => item.Row.Dial is { Reused: not true, Error: null } && item.Row.Requests.Length > 0)
                .Select(item => item.Row.Dial!.DurationNs),
        ];

    /// <summary>Its agent versions with the starts of the queries that showed them.</summary>
    public IEnumerable<(string Text, List<ulong> Starts)> Agents =>
        Seen.Where(item => item.Row.Agent is not null)
            .GroupBy(item => item.Row.Agent!)
            .Select(group =>
                (group.Key, group.DistinctBy(item => item.Query.OperationId).Select(item => item.Query.StartUnixNano).ToList())
            );

    /// <summary>Its addresses with the starts of the queries that showed them.</summary>
    public IEnumerable<(string Text, List<ulong> Starts)> Addresses =>
        Seen.SelectMany(item => item.Row.Addresses.Distinct().Select(text => (text, item.Query)))
            .GroupBy(item => item.text)
            .Select(group =>
                (group.Key, group.DistinctBy(item => item.Query.OperationId).Select(item => item.Query.StartUnixNano).ToList())
            );

    /// <summary>All peers of some queries.</summary>
    public static Dictionary<string, PeerTruth> Of(IEnumerable<Query> queries)
    {
        var peers = new Dictionary<string, PeerTruth>(StringComparer.Ordinal);
        foreach (var query in queries)
        {
            foreach (var row in query.Peers)
            {
                Peer(row.Id).Seen.Add((query, row));
            }

            foreach (
                var (namer, named) in query.Peers.SelectMany(row =>
                    row.Requests.Where(request => !request.Named.IsDefault)
                        .SelectMany(request => request.Named.Select(name => (row.Id, name)))
                )
            )
            {
                Peer(named).Named += namer == named ? 0 : 1;
            }
        }

        // An answer that came after the lookup had stopped names peers that it never took in: they are no peers of any query.
        return peers.Where(peer => peer.Value.Seen.Count > 0).ToDictionary(StringComparer.Ordinal);

        PeerTruth Peer(string id) => peers.TryGetValue(id, out var peer) ? peer : peers[id] = new PeerTruth(id);
    }

    private static int Operations(IEnumerable<(Query Query, QueryPeer Row)> seen) =>
        seen.Select(item => item.Query.OperationId).Distinct().Count();

    /// <summary>Every number of the peer.</summary>
    public void Check(JsonElement json)
    {
        Assert.Equal(Operations(Seen), json.GetProperty("seen").GetInt32());
        Assert.Equal(Queried, json.GetProperty("queried").GetInt32());
        Assert.Equal(Answered, json.GetProperty("answered").GetInt32());
        var told = Seen.Any(item => item.Query.Peers.Any(row => row.Requests.Any(request => !request.Named.IsDefault)));
        Assert.Equal(
            told ? Named : (int?)null,
            json.GetProperty("namedByOthers") is { ValueKind: JsonValueKind.Number } named ? named.GetInt32() : (int?)null
        );
        OverviewTruth.CheckCounts(json.GetProperty("failures"), Failures);
        Assert.Equal(Cancelled, json.GetProperty("cancelled").GetInt32());
        OverviewTruth.CheckDistribution(json.GetProperty("requestLatency"), Requests);
        OverviewTruth.CheckDistribution(json.GetProperty("dialLatency"), Dials);
        Assert.Equal(Seen.Min(item => item.Query.StartUnixNano).ToString(), json.GetProperty("firstSeenUnixNano").GetString());
        Assert.Equal(Seen.Max(item => item.Query.StartUnixNano).ToString(), json.GetProperty("lastSeenUnixNano").GetString());
        Assert.Equal(
            Agents.Select(agent => (agent.Text, agent.Starts.Count, agent.Starts.Min().ToString(), agent.Starts.Max().ToString())).Order(),
            json.GetProperty("agents")
                .EnumerateArray()
                .Select(agent =>
                    (
                        agent.GetProperty("text").GetString()!,
                        agent.GetProperty("operations").GetInt32(),
                        agent.GetProperty("firstUnixNano").GetString()!,
                        agent.GetProperty("lastUnixNano").GetString()!
                    )
                )
                .Order()
        );
        Assert.Equal(
            Addresses
                .Select(address => (address.Text, address.Starts.Count, address.Starts.Min().ToString(), address.Starts.Max().ToString()))
                .Order(),
            json.GetProperty("addresses")
                .EnumerateArray()
                .Select(address =>
                    (
                        address.GetProperty("text").GetString()!,
                        address.GetProperty("operations").GetInt32(),
                        address.GetProperty("firstUnixNano").GetString()!,
                        address.GetProperty("lastUnixNano").GetString()!
                    )
                )
                .Order()
        );
    }
}
