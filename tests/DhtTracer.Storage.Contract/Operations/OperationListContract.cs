using DhtTracer.Analysis;
using DhtTracer.Analysis.Keys;
using DhtTracer.Analysis.Model;
using DhtTracer.Analysis.Reconstruction;
using DhtTracer.Analysis.Statistics;
using DhtTracer.Storage.Queries;
using DhtTracer.Storage.Traces;
using DhtTracer.Traces.Model;

namespace DhtTracer.Storage.Contract.Operations;

/// <summary>One row for each thing that was asked, whatever number of lookups it took.</summary>
public abstract class OperationListContract : StoreContract
{
    private const string OnBothSides = "12D3KooWGzxzKZYveHXtpG6AsrUJBcWxHBFS2HsEoGTxrMLvKXtf";
    private const string OnLan = "QmaCpDMGvV2BGHeYERUEnRQAwe3N8SzbUtfsmvsqQLuvuJ";

    [Fact]
    public async Task Two_sides_are_one_row_with_both_queries()
    {
        await using var store = await OpenAsync();
        await SaveAsync(store, Dual(1));
        var row = Assert.Single((await store.ListOperationsAsync(new QueryFilter())).Rows);
        var expected = Dual(1).Operations[0] with { Queries = [], Context = [], Routers = [], Parts = [] };
        Assert.Equal(expected, row.Operation with { Queries = [], Context = [], Routers = [], Parts = [] });
        Assert.Equal(Dual(1).Operations[0].Queries.AsEnumerable(), row.Operation.Queries.AsEnumerable());
        Assert.Equal(Dual(1).Operations[0].Context.AsEnumerable(), row.Operation.Context.AsEnumerable());
        Assert.Equal(Dual(1).Operations[0].Routers.AsEnumerable(), row.Operation.Routers.AsEnumerable());
        Assert.Equal([DhtSide.Wan, DhtSide.Lan], row.Queries.Select(query => query.Side!.Value));
        Assert.Equal([false, true], row.Queries.Select(query => query.Skipped));
        Assert.Equal(row.Queries[0], row.Decisive);
        Assert.False(row.Skipped);
        Assert.Equal(1, await store.CountOperationsAsync(new QueryFilter()));
        Assert.Equal(2, (await store.ListQueriesAsync(new QueryFilter())).Rows.Count);
        Assert.Equal((1L, 2L), ((await store.CountsAsync()).Operations, (await store.CountsAsync()).Queries));
    }

    [Fact]
    public async Task What_a_query_tells_comes_back_as_it_was()
    {
        await using var store = await OpenAsync();
        var query = Make.Query(Make.Trace(1), new SpanId(1)) with
        {
            Side = DhtSide.Lan,
            DiscoveredBy = OnLan,
            Missing = new MissingParts(2, 3),
            DiscoveryNs = 7,
            Counts = new QueryCounts
            {
                Seen = 60,
                SeenComplete = false,
                Sent = 4,
            },
        };
        await Make.SaveAsync(store, Make.Trace(1), query);
        var row = Assert.Single((await store.ListQueriesAsync(new QueryFilter())).Rows);
        Assert.Equal(
            (query.Side, query.DiscoveredBy, query.Missing, query.Counts, query.DiscoveryNs, query.AnalysisVersion),
            (row.Side, row.DiscoveredBy, row.Missing, row.Counts, row.DiscoveryNs, row.AnalysisVersion)
        );
    }

    [Fact]
    public async Task Filters_and_counts_are_about_operations_and_not_about_their_sides()
    {
        await using var store = await OpenAsync();
        await SaveAsync(store, Dual(1));
        Assert.Equal(1, await store.CountOperationsAsync(new QueryFilter { Outcome = QueryOutcome.Success }));
        Assert.Equal(0, await store.CountOperationsAsync(new QueryFilter { Outcome = QueryOutcome.Failed }));
        Assert.Single((await store.ListQueriesAsync(new QueryFilter { Outcome = QueryOutcome.Failed })).Rows);
        Assert.Equal([QueryOutcome.Success], (await store.ListOperationFactsAsync(new QueryFilter())).Select(fact => fact.Outcome));
        Assert.Equal(1, (await store.ListFacetsAsync(new QueryFilter())).Operations);
    }

    [Fact]
    public async Task An_operation_that_had_nobody_to_ask_is_listed_and_counts_in_no_statistic()
    {
        await using var store = await OpenAsync();
        await Make.SaveAsync(store, Make.Trace(1), Make.Query(Make.Trace(1), new SpanId(1)) with { Skipped = true });
        await Make.SaveAsync(store, Make.Trace(2), Make.Query(Make.Trace(2), new SpanId(1)));
        Assert.Equal(2, await store.CountOperationsAsync(new QueryFilter()));
        Assert.Equal(
            Make.Trace(1),
            Assert.Single((await store.ListOperationsAsync(new QueryFilter { Skipped = true })).Rows).Operation.Id.TraceId
        );
        Assert.Equal(Make.Trace(2), Assert.Single(await store.ListOperationFactsAsync(new QueryFilter())).Id.TraceId);
        Assert.Equal(1, (await store.ListFacetsAsync(new QueryFilter())).Operations);
    }

    [Fact]
    public async Task Facts_have_the_operations_times_and_the_decisive_querys_counts()
    {
        await using var store = await OpenAsync();
        var found = Dual(1);
        await SaveAsync(store, found);
        var facts = Assert.Single(await store.ListOperationFactsAsync(new QueryFilter()));
        var expected = OperationFacts.From(found.Operations[0], found.Queries[0]);
        Assert.Equal(expected with { PeerErrors = [], Agents = [] }, facts with { PeerErrors = [], Agents = [] });
        Assert.Equal((9_000_000, 5_000_000, 3), (facts.DurationNs!.Value, facts.DiscoveryNs!.Value, facts.Queried!.Value));
    }

    [Fact]
    public async Task A_peer_that_both_sides_met_finds_the_operation_once_and_each_query()
    {
        await using var store = await OpenAsync();
        var found = Dual(1);
        var (wan, lan) = (
            found.Queries[0] with
            {
                Peers = [Asked(OnBothSides)],
            },
            found.Queries[1] with
            {
                Skipped = false,
                Peers = [Asked(OnBothSides), Asked(OnLan)],
            }
        );
        await SaveAsync(store, found with { Queries = [wan, lan] });
        Assert.Single((await store.ListOperationsAsync(new QueryFilter { Peer = OnBothSides })).Rows);
        Assert.Equal(
            [lan.Id, wan.Id],
            (await store.ListQueriesAsync(new QueryFilter { Peer = OnBothSides })).Rows.Select(query => query.Id)
        );
        Assert.Single((await store.ListOperationsAsync(new QueryFilter { Peer = OnLan })).Rows);
        Assert.Equal([lan.Id], (await store.ListQueriesAsync(new QueryFilter { Peer = OnLan })).Rows.Select(query => query.Id));
        var summary = Assert.Single(PeerSummary.Of((await store.ListPeerFactsAsync(new QueryFilter(), OnBothSides)).Facts));
        Assert.Equal((1, 1), (summary.Seen, summary.Queried));

        // Again without it: the index follows.
        await SaveAsync(store, found with { Queries = [wan, lan with { Peers = [] }] });
        Assert.Empty((await store.ListOperationsAsync(new QueryFilter { Peer = OnLan })).Rows);
    }

    [Fact]
    public async Task Pages_of_operations_follow_one_another_and_keep_their_place()
    {
        await using var store = await OpenAsync();
        for (var i = 1; i <= 7; i++)
        {
            await SaveAsync(store, Dual(i));
        }

        var first = await store.ListOperationsAsync(new QueryFilter(), limit: 3);
        await SaveAsync(store, Dual(8));
        await SaveAsync(store, Dual(6));
        var second = await store.ListOperationsAsync(new QueryFilter(), cursor: first.Next, limit: 3);
        Assert.Equal(new[] { 7, 6, 5 }.Select(Make.Trace), first.Rows.Select(row => row.Operation.Id.TraceId));
        Assert.Equal(new[] { 4, 3, 2 }.Select(Make.Trace), second.Rows.Select(row => row.Operation.Id.TraceId));
        Assert.Equal(
            first.Rows.Select(row => row.Operation.Id),
            (await store.ListOperationsAsync(new QueryFilter(), cursor: second.Previous, limit: 3)).Rows.Select(row => row.Operation.Id)
        );
    }

    [Fact]
    public async Task An_id_leads_to_its_operation_or_query_and_a_prefix_to_both()
    {
        await using var store = await OpenAsync(spans => Dual(spans[0].TraceId.Low == 1 ? 1 : 2));
        var found = Dual(1);
        await SaveAsync(store, found);
        var operation = await store.GetOperationAsync(found.Operations[0].Id);
        Assert.Equal(found.Queries.Select(query => query.Id), operation!.Queries.Select(query => query.Id));
        Assert.Null(await store.GetOperationAsync(found.Queries[0].Id));
        Assert.Null(await store.GetQueryAsync(found.Operations[0].Id));
        Assert.Equal(found.Queries[1].Id, (await store.GetQueryAsync(found.Queries[1].Id))!.Id);
        Assert.Equal(2, (await store.FindQueriesAsync(found.Operations[0].Id)).Length);
        Assert.Equal(3, (await store.FindByPrefixAsync(Make.Trace(1).ToString(), 10)).Count);
    }

    [Theory]
    [InlineData("whole", "bafkreigh2akiscaildcqabsyg3dfr6chu3fgpregiymsck7e7aqa4s52zy")]
    [InlineData("beginning", "bafkreigh2a")]
    [InlineData("last six", "4s52zy")]
    [InlineData("quoted", "\"bafkreigh2akiscaildcqabsyg3dfr6chu3fgpregiymsck7e7aqa4s52zy\"")]
    [InlineData("path gateway", "https://ipfs.io/ipfs/bafkreigh2akiscaildcqabsyg3dfr6chu3fgpregiymsck7e7aqa4s52zy/readme.md?format=raw")]
    [InlineData("subdomain gateway", "https://bafkreigh2akiscaildcqabsyg3dfr6chu3fgpregiymsck7e7aqa4s52zy.ipfs.dweb.link/a")]
    [InlineData("scheme", "ipfs://bafkreigh2akiscaildcqabsyg3dfr6chu3fgpregiymsck7e7aqa4s52zy/a/b")]
    [InlineData(
        "RPC",
        "http://127.0.0.1:5001/api/v0/routing/findprovs?arg=bafkreigh2akiscaildcqabsyg3dfr6chu3fgpregiymsck7e7aqa4s52zy&verbose=true"
    )]
    [InlineData("0x hex", "0x1220c7e1a8212405a18a2006583646c8f847a6ca6fc48c46192127c9f0200e4bbace")]
    public async Task A_key_is_found_by_what_people_paste(string form, string typed)
    {
        const string Cid = "bafkreigh2akiscaildcqabsyg3dfr6chu3fgpregiymsck7e7aqa4s52zy";
        Assert.NotEmpty(form);
        await using var store = await OpenAsync();
        var bytes = KeySearch.Parse(Cid).Candidates[0];
        await Make.SaveAsync(
            store,
            Make.Trace(1),
            Make.Query(Make.Trace(1), new SpanId(1)) with
            {
                Key = new QueryKey(Cid, bytes.Bytes, bytes.KadId),
            }
        );
        await Make.SaveAsync(
            store,
            Make.Trace(2),
            Make.Query(Make.Trace(2), new SpanId(1)) with
            {
                Key = new QueryKey("QmOther", "1220" + new string('0', 64), new string('a', 64)),
            }
        );
        if (form != "0x hex")
        {
            Assert.Equal(
                Make.Trace(1),
                Assert.Single((await store.ListOperationsAsync(new QueryFilter { Key = KeyFilter.Parse(typed) })).Rows).Operation.Id.TraceId
            );
            Assert.Equal(1, await store.CountOperationsAsync(new QueryFilter { Key = KeyFilter.Parse(typed) }));
            return;
        }

        var hex = "0x" + bytes.Bytes;
        Assert.Equal(1, await store.CountOperationsAsync(new QueryFilter { Key = KeyFilter.Parse(hex) }));
    }

    [Fact]
    public async Task A_peer_is_found_by_its_id_and_by_its_last_six_characters()
    {
        await using var store = await OpenAsync();
        await Make.SaveAsync(
            store,
            Make.Trace(1),
            Make.Query(Make.Trace(1), new SpanId(1)) with
            {
                Peers = [Asked(OnBothSides), Asked(OnLan)],
            }
        );
        Assert.Equal([OnLan], await store.FindPeersAsync(OnLan, 5));
        Assert.Equal([OnBothSides], await store.FindPeersAsync(OnBothSides[^6..], 5));
        Assert.Empty(await store.FindPeersAsync(OnBothSides[^5..], 5));
        Assert.Empty(await store.FindPeersAsync("zzzzzz", 5));
    }

    private static QueryPeer Asked(string id) =>
        new()
        {
            Id = id,
            Order = 1,
            State = PeerState.Answered,
            TimeLostNs = 4,
            Requests =
            [
                new PeerRequest
                {
                    Type = MessageType.FindNode,
                    StartNs = 1,
                    DurationNs = 2,
                    Outcome = RequestOutcome.Answered,
                },
            ],
        };

    private static async Task SaveAsync(TraceStore store, ReconstructedTrace found)
    {
        var trace = found.Operations[0].Id.TraceId;
        await store.AppendAsync([Make.Chunk(Make.Span(trace, 1))]);
        var content = (await store.LoadAsync(trace))!;
        Assert.True(
            (
                await store.SaveAnalysesAsync([
                    new TraceAnalysis
                    {
                        Content = content,
                        Otlp = content.Otlp,
                        Found = found,
                        Version = AnalysisVersion.Current,
                    },
                ])
            )[0]
        );
    }

    /// <summary>A Kubo's find-peer: the WAN side succeeded, the LAN side had nobody to ask and failed.</summary>
    private static ReconstructedTrace Dual(int number)
    {
        var trace = Make.Trace(number);
        var start = Make.Start + ((ulong)number * 1_000_000_000);
        var id = new QueryId(trace, new SpanId(100));
        var wan = Make.Query(trace, new SpanId(101)) with
        {
            OperationId = id,
            Side = DhtSide.Wan,
            StartUnixNano = start + 1_000_000,
            DurationNs = 8_000_000,
            DiscoveryNs = 4_000_000,
            Counts = new QueryCounts { Queried = 3, Seen = 20 },
        };
        var lan = Make.Query(trace, new SpanId(102)) with
        {
            OperationId = id,
            Side = DhtSide.Lan,
            StartUnixNano = start + 1_500_000,
            DurationNs = 6_000,
            Skipped = true,
            Outcome = QueryOutcome.Failed,
            Error = new TraceError(ErrorClass.NotFound, "failed to find any peer in table"),
        };
        var operation = new Operation
        {
            Id = id,
            Type = QueryType.FindPeer,
            Source = TraceSource.GoKadDht,
            Service = "kubo",
            Instance = "one",
            Node = OnLan,
            StartUnixNano = start,
            DurationNs = 9_000_000,
            Outcome = QueryOutcome.Success,
            DiscoveryNs = 5_000_000,
            Results = 1,
            Decisive = wan.Id,
            Command = new SpanId(99),
            Queries =
            [
                new OperationQuery(wan.Id, DhtSide.Wan, false, wan.Outcome, wan.DurationNs),
                new OperationQuery(lan.Id, DhtSide.Lan, true, lan.Outcome, lan.DurationNs),
            ],
            Context =
            [
                new OperationContext(new SpanId(99), "POST /api/v0/", "/api/v0/routing/findpeer"),
                new OperationContext(new SpanId(98), "x", null),
            ],
            Routers =
            [
                new OperationRouter(new SpanId(97), "DelegatedHTTPClient.FindPeers", 5, null, new TraceError(ErrorClass.Other, null)),
            ],
        };
        return new ReconstructedTrace([operation], [wan, lan], []);
    }
}
