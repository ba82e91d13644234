using DhtTracer.Analysis;
using DhtTracer.Analysis.Lint;
using DhtTracer.Analysis.Model;
using DhtTracer.Analysis.Statistics;
using DhtTracer.Storage.Queries;
using DhtTracer.Traces.Model;

namespace DhtTracer.Storage.Contract.Statistics;

/// <summary>What the store gives to statistics equals what statistics take from the reconstruction itself.</summary>
public abstract class StatisticsContract : StoreContract
{
    private const string Answering = "12D3KooWGzxzKZYveHXtpG6AsrUJBcWxHBFS2HsEoGTxrMLvKXtf";
    private const string Refusing = "QmaCpDMGvV2BGHeYERUEnRQAwe3N8SzbUtfsmvsqQLuvuJ";
    private const string Heard = "no base58 at all: 0OIl";

    [Fact]
    public async Task Facts_of_a_query_and_its_peers_come_back_as_statistics_take_them_from_the_reconstruction()
    {
        await using var store = await OpenAsync();
        var query = Rich(Make.Trace(7));
        await Make.SaveAsync(store, query.Id.TraceId, query);

        var facts = Assert.Single(await store.ListOperationFactsAsync(new QueryFilter()));
        var found = ReconstructedTrace.Of([query]);
        var expected = OperationFacts.From(found.Operations[0], found.Queries[0]) with { LintMask = QueryLint.Of(found.Queries[0]).Mask };
        Assert.Equal(expected.PeerErrors.AsEnumerable(), facts.PeerErrors.AsEnumerable());
        Assert.Equal(expected.Agents.AsEnumerable(), facts.Agents.AsEnumerable());
        Assert.Equal(expected with { PeerErrors = [], Agents = [] }, facts with { PeerErrors = [], Agents = [] });

        var peers = (await store.ListPeerFactsAsync(new QueryFilter())).Facts;
        foreach (var peer in PeerFacts.From(found.Queries[0]))
        {
            var stored = Assert.Single(peers, item => item.PeerId == peer.PeerId);
            Assert.Equal(peer.Errors.AsEnumerable(), stored.Errors.AsEnumerable());
            Assert.Equal(peer.Addresses.AsEnumerable(), stored.Addresses.AsEnumerable());
            Assert.Equal(peer with { Errors = [], Addresses = [] }, stored with { Errors = [], Addresses = [] });
        }

        Assert.Equal(3, peers.Count);
        Assert.Equal(Heard, Assert.Single((await store.ListPeerFactsAsync(new QueryFilter(), Heard)).Facts).PeerId);
    }

    [Fact]
    public async Task A_query_is_found_by_peers_that_it_dialed_or_asked_and_not_by_those_only_heard_of()
    {
        await using var store = await OpenAsync();
        var query = Rich(Make.Trace(7));
        await Make.SaveAsync(store, query.Id.TraceId, query);

        Assert.Equal([query.Id], await FoundBy(Answering));
        Assert.Equal([query.Id], await FoundBy(Refusing));
        Assert.Empty(await FoundBy(Heard));

        // Analysed again without them: the index follows.
        await store.AppendAsync([Make.Chunk(Make.Span(query.Id.TraceId, 9))]);
        await Make.AnalyseAsync(store, query.Id.TraceId, query with { Peers = [query.Peers[0]] });
        Assert.Equal([query.Id], await FoundBy(Answering));
        Assert.Empty(await FoundBy(Refusing));

        async Task<IEnumerable<QueryId>> FoundBy(string peer) =>
            (await store.ListQueriesAsync(new QueryFilter { Peer = peer })).Rows.Select(row => row.Id);
    }

    private static Query Rich(TraceId trace) =>
        Make.Query(trace, new SpanId(1)) with
        {
            DurationNs = 5_000_000_000,
            DiscoveryNs = 4_000_000_000,
            Hops = 3,
            Counts = new QueryCounts
            {
                Seen = 3,
                Queried = 1,
                Dialed = 2,
                DialFailed = 1,
                Duplicates = 0,
            },
            Error = new TraceError(ErrorClass.RequestTimeout, "context deadline exceeded"),
            Peers =
            [
                new QueryPeer
                {
                    Id = Answering,
                    Order = 1,
                    State = PeerState.Answered,
                    Agent = "kubo/0.30.0",
                    Addresses = ["/ip4/1.2.3.4/tcp/4001", "/ip6/::1/tcp/1"],
                    Dial = new PeerDial(0, 1_000, false, null),
                    Requests =
                    [
                        new PeerRequest
                        {
                            Type = MessageType.FindNode,
                            StartNs = 5,
                            Outcome = RequestOutcome.Failed,
                            Error = new TraceError(ErrorClass.Reset, "x"),
                        },
                        new PeerRequest
                        {
                            Type = MessageType.FindNode,
                            StartNs = 9,
                            DurationNs = 70,
                            Outcome = RequestOutcome.Answered,
                            Named = [Heard, Refusing],
                        },
                    ],
                },
                new QueryPeer
                {
                    Id = Refusing,
                    Order = 2,
                    State = PeerState.DialFailed,
                    Dial = new PeerDial(3, 8, null, new TraceError(ErrorClass.DialRefused, "no")),
                },
                new QueryPeer
                {
                    Id = Heard,
                    State = PeerState.Heard,
                    Agent = "kubo/0.30.0",
                },
            ],
        };
}
