using DhtTracer.Analysis.Model;
using DhtTracer.TestSupport.Kubo;
using DhtTracer.Traces.Model;

namespace DhtTracer.Analysis.Tests.Dialects;

/// <summary>Compares with what the simulator knows to have happened.</summary>
public class GoKadDhtDialectTests
{
    public static TheoryData<KuboOperation, int> Cases =>
        [.. from operation in Enum.GetValues<KuboOperation>() from seed in Enumerable.Range(1, 8) select (operation, seed)];

    [Theory]
    [MemberData(nameof(Cases))]
    public void Every_row_of_a_simulated_query_is_what_happened(KuboOperation operation, int seed)
    {
        var trace = new KuboTraceSimulator(seed).Simulate(
            new KuboScenario
            {
                Operation = operation,
                ResourceTellsNode = seed % 2 == 0,
                Exists = seed % 4 != 0,
            }
        );

        var query = Assert.Single(TraceReconstruction.Reconstruct(trace.Spans).Queries);

        GoTruth.AssertEqual(trace, query, operation);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void The_wan_and_lan_lookups_of_the_dual_dht_are_two_queries_of_one_operation(int seed)
    {
        var trace = new KuboTraceSimulator(seed).Simulate(new KuboScenario { Dual = true });

        var queries = TraceReconstruction.Reconstruct(trace.Spans).Queries;

        Assert.Equal(2, queries.Length);
        Assert.All(queries, query => Assert.Equal(trace.Operation, query.OperationId.SpanId));
        GoTruth.AssertEqual(trace, queries.Single(query => query.Id.SpanId == trace.Wan.Root), KuboOperation.FindPeer);
        var lan = queries.Single(query => query.Id.SpanId == trace.LanRoot);
        Assert.Equal(
            (QueryOutcome.Failed, ErrorClass.NoPeers, 0, (int?)0),
            (lan.Outcome, lan.Error!.Class, lan.Peers.Length, lan.Counts.Seen)
        );
        Assert.Equal(trace.Wan.KeyText, lan.Key!.Text);
    }

    [Fact]
    public void Lookups_of_the_routing_table_refresh_are_background() =>
        Assert.True(Only(new KuboScenario { Operation = KuboOperation.Refresh }).Background);

    [Fact]
    public void A_cancelled_find_peer_is_cancelled_although_it_reports_not_found()
    {
        var query = Only(new KuboScenario { Exists = false, CancelAfter = TimeSpan.FromMilliseconds(150) });

        Assert.Equal((QueryOutcome.Cancelled, QueryTermination.Cancelled), (query.Outcome, query.Termination));
        Assert.Contains("not found", query.Error!.Text, StringComparison.Ordinal);
    }

    [Fact]
    public void A_provider_lookup_cannot_know_who_was_returned()
    {
        var query = Only(new KuboScenario { Operation = KuboOperation.FindProviders });

        Assert.Null(query.Counts.Returned);
        Assert.All(query.Peers.SelectMany(peer => peer.Requests), request => Assert.Equal((null, null), (request.Returned, request.New)));
        Assert.All(query.Peers.SelectMany(peer => peer.Requests), request => Assert.True(request.Named.IsDefault));
    }

    [Fact]
    public void A_request_that_stands_alone_in_its_trace_is_no_query()
    {
        var probe = new KuboTraceSimulator(1)
            .Simulate(new KuboScenario())
            .Spans.First(span => span.Name == "KademliaDHT.ProtocolMessenger.GetClosestPeers") with
        {
            ParentSpanId = default,
        };

        Assert.Empty(TraceReconstruction.Reconstruct([probe]).Queries);
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void A_missing_inner_span_does_not_split_a_query_and_makes_unknown_what_it_would_tell(KuboOperation operation, int seed)
    {
        var trace = new KuboTraceSimulator(seed).Simulate(new KuboScenario { Operation = operation });
        foreach (var lost in (string[])["KademliaDHT.IpfsDHT.RunQuery", "KademliaDHT.IpfsDHT.Query.Run", "KademliaDHT.IpfsDHT.QueryPeer"])
        {
            var query = Assert.Single(TraceReconstruction.Reconstruct([.. trace.Spans.Where(span => span.Name != lost)]).Queries);

            Assert.Equal(trace.Wan.Root, query.Id.SpanId);
            Assert.Equal(trace.Wan.Peers.Values.Sum(peer => peer.Requests.Count), query.Peers.Sum(peer => peer.Requests.Length));
            Assert.True(query.Missing.Spans > 0);
            Assert.Equal((null, null, null, null), (query.Parameters.Alpha, query.Hops, query.Counts.Queried, query.DiscoveryNs));
            Assert.All(query.Peers, peer => Assert.Equal((null, null, null), (peer.Hops, peer.Referrer, peer.HeardNs)));
            Assert.All(
                query.Peers.Where(peer => peer.Requests.IsEmpty && peer.Dial is null),
                peer => Assert.Equal(PeerState.Unknown, peer.State)
            );
        }
    }

    [Theory]
    [InlineData(KuboOperation.FindPeer, QueryType.Unknown)]
    [InlineData(KuboOperation.FindProviders, QueryType.GetProviders)]
    [InlineData(KuboOperation.Provide, QueryType.AddProvider)]
    [InlineData(KuboOperation.GetValue, QueryType.GetValue)]
    public void Without_its_root_a_query_is_incomplete_under_the_roots_id(KuboOperation operation, QueryType type)
    {
        var trace = new KuboTraceSimulator(5).Simulate(new KuboScenario { Operation = operation });

        var query = Assert.Single(TraceReconstruction.Reconstruct([.. trace.Spans.Where(span => span.SpanId != trace.Wan.Root)]).Queries);

        Assert.Equal((trace.Wan.Root, QueryOutcome.Incomplete, type), (query.Id.SpanId, query.Outcome, query.Type));
        Assert.Null(query.DurationNs);
        Assert.Equal(Convert.ToHexStringLower(trace.Wan.Key), query.Key!.Bytes);
        Assert.Equal(trace.Wan.Peers.Values.Sum(peer => peer.Requests.Count), query.Peers.Sum(peer => peer.Requests.Length));
    }

    [Fact]
    public void Arrays_that_became_text_on_their_way_give_the_same_query()
    {
        var trace = new KuboTraceSimulator(9).Simulate(new KuboScenario());
        var expected = Captures.Json(TraceReconstruction.Reconstruct(trace.Spans).Queries);

        Assert.Equal(
            expected,
            Captures.Json(
                TraceReconstruction.Reconstruct([.. trace.Spans.Select(span => Flatten(span, texts => string.Join(',', texts)))]).Queries
            )
        );
        Assert.Equal(
            expected,
            Captures.Json(
                TraceReconstruction
                    .Reconstruct([.. trace.Spans.Select(span => Flatten(span, texts => System.Text.Json.JsonSerializer.Serialize(texts)))])
                    .Queries
            )
        );
    }

    [Fact]
    public void A_get_value_above_its_search_value_is_one_query()
    {
        var trace = new KuboTraceSimulator(4).Simulate(new KuboScenario { Operation = KuboOperation.GetValue });
        var search = trace.Spans.Single(span => span.SpanId == trace.Wan.Root);
        var get = search with { SpanId = new SpanId(77), Name = "IpfsDHT.GetValue", EndUnixNano = search.EndUnixNano + 1000 };

        var query = Assert.Single(
            TraceReconstruction
                .Reconstruct([get, .. trace.Spans.Select(span => span == search ? search with { ParentSpanId = get.SpanId } : span)])
                .Queries
        );

        Assert.Equal((get.SpanId, QueryType.GetValue, trace.Wan.DurationNs + 1000), (query.Id.SpanId, query.Type, query.DurationNs));
        Assert.Equal(1, query.Counts.Results);
    }

    [Fact]
    public void The_accelerated_client_dials_inside_its_requests_so_dials_are_unknown()
    {
        var trace = new KuboTraceSimulator(4).Simulate(new KuboScenario { Operation = KuboOperation.Provide });
        var messages = trace.Spans.Where(span => span.Name.EndsWith(".PutProvider", StringComparison.Ordinal)).ToList();
        var root = trace.Spans.Single(span => span.SpanId == trace.Wan.Root) with { Name = "FullRT.Provide" };

        var query = Assert.Single(TraceReconstruction.Reconstruct([root, .. messages]).Queries);

        Assert.Equal(
            (QueryType.AddProvider, messages.Count, null, null, null),
            (query.Type, query.Counts.Queried!.Value, query.Counts.Dialed, query.Counts.DialFailed, query.Counts.ToQuery)
        );
        Assert.Equal(trace.Wan.KeyText, query.Key!.Text);
        Assert.Equal(trace.Wan.Records, query.Counts.Results);
    }

    private static Query Only(KuboScenario scenario) =>
        Assert.Single(TraceReconstruction.Reconstruct(new KuboTraceSimulator(3).Simulate(scenario).Spans).Queries);

    private static Span Flatten(Span span, Func<string[], string> join) =>
        span with
        {
            Scope = InstrumentationScope.Empty,
            Attributes = AttributeList.Of(
                span.Attributes.Select(item =>
                        (item.Key, item.Value is ArrayValue array ? join([.. array.Values.Select(value => value.AsString()!)]) : item.Value)
                    )
                    .Reverse()
            ),
        };
}
