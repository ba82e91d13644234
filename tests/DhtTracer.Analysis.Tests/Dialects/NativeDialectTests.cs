using DhtTracer.Analysis.Model;
using DhtTracer.Analysis.Reconstruction;
using DhtTracer.Multiformats;
using DhtTracer.Traces.Model;

namespace DhtTracer.Analysis.Tests.Dialects;

/// <summary>A query as <c>docs/span-conventions.md</c> sets it down, with every kind of row.</summary>
public class NativeDialectTests
{
    private const ulong Start = 1_795_337_000_000_000_000;
    private const ulong Ms = 1_000_000;

    private static readonly string[] Ids =
    [
        .. Enumerable
            .Range(1, 7)
            .Select(number => PeerId.FromPublicKeyProtobuf([0x08, 0x01, 0x12, 0x20, .. Enumerable.Repeat((byte)number, 32)]).ToString()),
    ];

    private static readonly PeerId Target = PeerId.FromPublicKeyProtobuf([0x08, 0x01, 0x12, 0x20, .. Enumerable.Repeat((byte)200, 32)]);

    [Fact]
    public void The_query_is_read_from_its_span()
    {
        var query = Only(Example());

        Assert.Equal(
            (QueryType.FindPeer, QueryOutcome.Success, QueryTermination.Stopped, TraceSource.Native),
            (query.Type, query.Outcome, query.Termination!.Value, query.Source)
        );
        Assert.Equal(new QueryParameters(10, 3, 20), query.Parameters);
        Assert.Equal(
            (Start, 90_000_000, 55_000_000, 50_000_000),
            (query.StartUnixNano, query.DurationNs, query.DiscoveryNs, query.FirstAnswerNs)
        );
        Assert.Equal(Target.ToString(), query.Key!.Text);
        Assert.Equal(Convert.ToHexStringLower(Target.Bytes), query.Key.Bytes);
        Assert.Equal((Ids[6], "dht-tracer", 1), (query.Node, query.Service, query.Counts.Results));
        Assert.Equal(query.Id, query.OperationId);
    }

    [Fact]
    public void Counts_follow_the_definitions()
    {
        var counts = Only(Example()).Counts;

        // Seen all six; asked 0, 1 and 5; dialed anew 0, 2 and 5, of which 2 failed; 3 was connected and never asked; 3 and 4 neither
        // dialed nor asked.
        Assert.Equal(
            new QueryCounts
            {
                Seen = 6,
                Queried = 3,
                Dialed = 3,
                DialFailed = 1,
                ToQuery = 1,
                Remaining = 2,
                Results = 1,
                Returned = 3,
                Duplicates = 1,
            },
            counts
        );
    }

    [Fact]
    public void Rows_are_as_the_node_says()
    {
        var peers = Only(Example()).Peers;

        Assert.Equal(Ids[..6], peers.Select(peer => peer.Id));
        Assert.Equal(
            [PeerState.Answered, PeerState.RequestFailed, PeerState.DialFailed, PeerState.Connected, PeerState.Queued, PeerState.Answered],
            peers.Select(peer => peer.State)
        );
        Assert.Equal([0, 0, 0, 0, 1, 1], peers.Select(peer => peer.Hops!.Value));
        Assert.Equal([null, null, null, null, Ids[0], Ids[0]], peers.Select(peer => peer.Referrer));
        Assert.Equal([1, 2, 3, 4, null, 5], peers.Select(peer => peer.Order));
        Assert.All(peers, peer => Assert.Equal(KadId.Of(PeerId.Parse(peer.Id)).XorBitLength(KadId.Of(Target)), peer.Xor));
        Assert.Equal(("kubo/0.38", "/ip4/192.0.2.1/tcp/4001"), (peers[0].Agent, Assert.Single(peers[0].Addresses)));
        Assert.Equal(new TraceError(ErrorClass.DialTimeout, "no answer in 5 s"), peers[2].Dial!.Error);
        Assert.Equal(new TraceError(ErrorClass.Reset, "stream reset"), Assert.Single(peers[1].Requests).Error);
        Assert.Equal((true, false), (peers[1].Dial!.Reused, peers[0].Dial!.Reused));
        Assert.Equal(new PeerDial((long)(4 * Ms), 0, Reused: true, Error: null), peers[3].Dial);
        Assert.True(peers[0].Duplicate);
    }

    [Fact]
    public void Returned_peers_are_distinct_and_without_the_node_and_new_is_what_was_first_heard_here()
    {
        var request = Only(Example()).Peers[0].Requests[0];

        Assert.Equal((3, 2), (request.Returned, request.New));
        Assert.Equal([Ids[1], Ids[4], Ids[5]], request.Named);
    }

    [Fact]
    public void Without_its_query_span_it_is_incomplete_under_the_same_id()
    {
        var query = Only([.. Example().Where(span => span.Name != NativeSpans.Query)]);

        Assert.Equal((new SpanId(1), QueryOutcome.Incomplete, null), (query.Id.SpanId, query.Outcome, query.DurationNs));
        Assert.Null(query.Key);

        // It has looked for peers, as lookups of every kind do.
        Assert.Equal(QueryType.Unknown, query.Type);

        // The node's id stood on the query's span: without it nothing tells that one of the peers named is the node.
        Assert.Equal(7, query.Counts.Seen);
    }

    [Fact]
    public void A_query_that_is_running_is_named_by_its_peers()
    {
        var spans = Example()
            .Where(span => span.Name != NativeSpans.Query)
            .Select(span =>
                span.Name != NativeSpans.Peer
                    ? span
                    : With(
                        span,
                        (NativeAttributes.QueryType, "get-closest-peers"),
                        (NativeAttributes.QueryBackground, true),
                        (NativeAttributes.Key, Convert.ToHexStringLower(Target.Bytes)),
                        (NativeAttributes.KeyText, Target.ToString())
                    )
            );
        var query = Only([.. spans]);

        Assert.Equal((QueryType.GetClosestPeers, true, QueryOutcome.Incomplete), (query.Type, query.Background, query.Outcome));
        Assert.Equal((Target.ToString(), Convert.ToHexStringLower(Target.Bytes)), (query.Key!.Text, query.Key.Bytes));
        Assert.All(query.Peers, peer => Assert.Equal(KadId.Of(PeerId.Parse(peer.Id)).XorBitLength(KadId.Of(Target)), peer.Xor));
    }

    [Theory]
    [InlineData(QueryType.AddProvider, "FIND_NODE", "ADD_PROVIDER")]
    [InlineData(QueryType.GetProviders, "GET_PROVIDERS")]
    [InlineData(QueryType.GetValue, "GET_VALUE", "PUT_VALUE")]
    [InlineData(QueryType.PutValue, "FIND_NODE", "PUT_VALUE")]
    [InlineData(QueryType.Ping, "PING")]
    [InlineData(QueryType.Unknown, "FIND_NODE")]
    [InlineData(QueryType.Unknown)]
    public void Where_no_span_says_what_it_is_for_what_was_sent_tells(QueryType expected, params string[] sent)
    {
        var peer = Example().First(span => span.Name == NativeSpans.Peer);
        var request = Example().First(span => span.Name == NativeSpans.Request && span.ParentSpanId == peer.SpanId);
        var requests = sent.Select(
            (type, number) => With(request, (NativeAttributes.MessageType, type)) with { SpanId = new SpanId(100 + (ulong)number) }
        );

        Assert.Equal(expected, Only([peer, .. requests]).Type);
    }

    [Fact]
    public void A_request_whose_peer_span_is_missing_stays_in_the_only_query_that_ran()
    {
        var query = Only([.. Example().Where(span => span.SpanId != new SpanId(15))]);

        Assert.Equal((6, 3), (query.Counts.Seen, query.Counts.Queried));
        Assert.Equal(
            (1, Ids[0]),
            (query.Peers.Single(peer => peer.Id == Ids[5]).Hops, query.Peers.Single(peer => peer.Id == Ids[5]).Referrer)
        );
    }

    [Fact]
    public void Zipkins_texts_for_numbers_and_lists_give_the_same_query()
    {
        var asText = Example()
            .Select(span =>
                span with
                {
                    Scope = InstrumentationScope.Empty,
                    Attributes = AttributeList.Of(
                        span.Attributes.Select(item =>
                            (
                                item.Key,
                                (AttributeValue)(
                                    item.Value switch
                                    {
                                        IntValue number => number.Value.ToString(),
                                        BoolValue flag => flag.Value ? "true" : "false",
                                        ArrayValue array => string.Join(',', array.Values.Select(value => value.AsString())),
                                        _ => item.Value.AsString()!,
                                    }
                                )
                            )
                        )
                    ),
                }
            );

        Assert.Equal(Captures.Json([Only(Example())]), Captures.Json([Only([.. asText])]));
    }

    [Fact]
    public void Background_queries_are_marked() =>
        Assert.True(
            Only([
                .. Example().Select(span => span.Name == NativeSpans.Query ? With(span, (NativeAttributes.QueryBackground, true)) : span),
            ]).Background
        );

    [Fact]
    public void A_query_that_asked_nobody_is_skipped()
    {
        Assert.False(Only(Example()).Skipped);
        Assert.True(
            Only([
                Span(
                    1,
                    0,
                    NativeSpans.Query,
                    0,
                    1,
                    [
                        (NativeAttributes.QueryType, "find-peer"),
                        (NativeAttributes.QueryOutcome, "failed"),
                        (NativeAttributes.ErrorClass, "no-peers"),
                    ]
                ),
            ]).Skipped
        );
        var local = Only([
            Span(
                1,
                0,
                NativeSpans.Query,
                0,
                1,
                [
                    (NativeAttributes.QueryType, "get-value"),
                    (NativeAttributes.QueryOutcome, "success"),
                    (NativeAttributes.QueryLocal, true),
                    (NativeAttributes.QueryResults, 1),
                ]
            ),
        ]);
        Assert.Equal((true, QueryOutcome.Success, 1), (local.Skipped, local.Outcome, local.Counts.Results));
    }

    [Fact]
    public void Spans_of_another_scope_with_the_same_names_are_none_of_ours() =>
        Assert.Empty(
            TraceReconstruction
                .Reconstruct([.. Example().Select(span => span with { Scope = new InstrumentationScope { Name = "someone.else" } })])
                .Queries
        );

    private static Query Only(IReadOnlyList<Span> spans) => Assert.Single(TraceReconstruction.Reconstruct(spans).Queries);

    private static List<Span> Example()
    {
        var spans = new List<Span>
        {
            Span(
                1,
                0,
                NativeSpans.Query,
                0,
                90,
                [
                    (NativeAttributes.QueryType, "find-peer"),
                    (NativeAttributes.Key, Convert.ToHexStringLower(Target.Bytes)),
                    (NativeAttributes.KeyText, Target.ToString()),
                    (NativeAttributes.Node, Ids[6]),
                    (NativeAttributes.Alpha, 10),
                    (NativeAttributes.Beta, 3),
                    (NativeAttributes.K, 20),
                    (NativeAttributes.QueryOutcome, "success"),
                    (NativeAttributes.QueryTermination, "stopped"),
                    (NativeAttributes.QueryDiscoveryNs, 55_000_000),
                    (NativeAttributes.QueryResults, 1),
                ]
            ) with
            {
                Events = [.. Ids[..4].Select(id => Event(NativeEvents.Seed, id))],
            },
        };
        Peer(
            spans,
            0,
            0,
            "answered",
            1,
            (NativeAttributes.PeerAgent, "kubo/0.38"),
            (NativeAttributes.PeerAddresses, Texts("/ip4/192.0.2.1/tcp/4001")),
            (NativeAttributes.PeerDuplicate, true)
        );
        Peer(spans, 1, 0, "request-failed", 2);
        Peer(spans, 2, 0, "dial-failed", 3);
        Peer(spans, 3, 0, "connected", 4);
        Peer(spans, 4, 50, "queued", null, (NativeAttributes.PeerReferrer, Ids[0]), (NativeAttributes.PeerHops, 1));
        Peer(spans, 5, 50, "answered", 5, (NativeAttributes.PeerReferrer, Ids[0]), (NativeAttributes.PeerHops, 1));

        spans.Add(Span(20, 10, NativeSpans.Dial, 1, 20, [(NativeAttributes.PeerId, Ids[0]), (NativeAttributes.DialReused, false)]));
        spans.Add(Span(21, 11, NativeSpans.Dial, 2, 2, [(NativeAttributes.PeerId, Ids[1]), (NativeAttributes.DialReused, true)]));
        spans.Add(
            Span(
                22,
                12,
                NativeSpans.Dial,
                3,
                85,
                [
                    (NativeAttributes.PeerId, Ids[2]),
                    (NativeAttributes.ErrorClass, "dial-timeout"),
                    (NativeAttributes.ErrorText, "no answer in 5 s"),
                ]
            )
        );
        var open = new SpanEvent
        {
            Name = NativeSpans.Dial,
            TimeUnixNano = Start + (4 * Ms),
            Attributes = AttributeList.Of((NativeAttributes.DialReused, true), (NativeAttributes.DialAddress, "/ip4/192.0.2.4/tcp/4001")),
        };
        var connected = spans.FindIndex(span => span.Name == NativeSpans.Peer && span.Text(NativeAttributes.PeerId) == Ids[3]);
        spans[connected] = spans[connected] with { Events = [open] };
        spans.Add(Span(25, 15, NativeSpans.Dial, 51, 52, [(NativeAttributes.PeerId, Ids[5])]));

        // The answer repeats a peer and names the node itself.
        spans.Add(
            Request(30, 10, Ids[0], 21, 50, "answered", Ids[1], Ids[4], Ids[4], Ids[6], Ids[5]) with
            {
                Events = [Event(NativeEvents.Heard, Ids[4]), Event(NativeEvents.Heard, Ids[5])],
            }
        );
        spans.Add(Request(31, 11, Ids[1], 3, 40, "failed", "dht.error.class:reset"));
        spans.Add(Request(35, 15, Ids[5], 53, 60, "answered"));
        spans.Add(Request(36, 10, Ids[0], 61, 88, "answered"));
        return spans;
    }

    private static void Peer(
        List<Span> spans,
        int number,
        ulong heard,
        string state,
        long? order,
        params (string Key, AttributeValue Value)[] more
    )
    {
        List<(string, AttributeValue)> attributes = [(NativeAttributes.PeerId, Ids[number]), (NativeAttributes.PeerState, state), .. more];
        if (!more.Any(item => item.Key == NativeAttributes.PeerHops))
        {
            attributes.Add((NativeAttributes.PeerHops, 0));
        }

        if (order is { } place)
        {
            attributes.Add((NativeAttributes.PeerOrder, place));
        }

        spans.Add(Span(10 + (ulong)number, 1, NativeSpans.Peer, heard, 90, attributes));
    }

    private static Span Request(ulong id, ulong parent, string peer, ulong start, ulong end, string outcome, params string[] closer)
    {
        var failed = closer is [{ } first] && first.StartsWith("dht.error", StringComparison.Ordinal);
        return Span(
            id,
            parent,
            NativeSpans.Request,
            start,
            end,
            [
                (NativeAttributes.PeerId, peer),
                (NativeAttributes.MessageType, "FIND_NODE"),
                (NativeAttributes.RequestOutcome, outcome),
                .. failed
                    ? [(NativeAttributes.ErrorClass, "reset"), (NativeAttributes.ErrorText, "stream reset")]
                    : (IEnumerable<(string, AttributeValue)>)[(NativeAttributes.CloserPeers, Texts(closer))],
            ]
        );
    }

    private static Span Span(
        ulong id,
        ulong parent,
        string name,
        ulong start,
        ulong end,
        IEnumerable<(string Key, AttributeValue Value)> attributes
    ) =>
        new()
        {
            TraceId = new TraceId(9, 9),
            SpanId = new SpanId(id),
            ParentSpanId = new SpanId(parent),
            Name = name,
            StartUnixNano = Start + (start * Ms),
            EndUnixNano = Start + (end * Ms),
            Attributes = AttributeList.Of(attributes),
            Resource = new Resource { Attributes = AttributeList.Of(("service.name", "dht-tracer")) },
            Scope = new InstrumentationScope { Name = "DhtTracer.Kademlia" },
        };

    private static Span With(Span span, params (string Key, AttributeValue Value)[] attributes) =>
        span with
        {
            Attributes = AttributeList.Of(
                span.Attributes.Where(item => !Array.Exists(attributes, attribute => attribute.Key == item.Key))
                    .Select(item => (item.Key, item.Value))
                    .Concat(attributes)
            ),
        };

    private static SpanEvent Event(string name, string peer) =>
        new()
        {
            Name = name,
            TimeUnixNano = Start,
            Attributes = AttributeList.Of((NativeAttributes.PeerId, peer)),
        };

    private static AttributeValue Texts(params string[] texts) => new ArrayValue([.. texts.Select(text => (AttributeValue)text)]);
}
