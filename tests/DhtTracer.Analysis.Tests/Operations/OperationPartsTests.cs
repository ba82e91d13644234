using DhtTracer.Analysis.Model;
using DhtTracer.Analysis.Reconstruction;
using DhtTracer.Traces.Model;

namespace DhtTracer.Analysis.Tests.Operations;

public class OperationPartsTests
{
    private const string Asked = "12D3KooWPUb1Sxz79Zzd8iVPeVSsJ2Xa1mFPqZSyVwdVFtemSpG8";
    private const string New = "12D3KooWCfHcL818q5G9LPc7AFuSj94f5bjeaxEN5o9BJ2VQSrR7";
    private const string Answer = "{12D3KooWDPWAJZ9AHyie9Gc7zdsAe1xL9zpqtUgzP19VxUZ5Qvny: [/ip4/11.1.0.1/tcp/4001]}";

    [Fact]
    public void A_request_that_stands_alone_and_stores_a_record_is_a_part()
    {
        var part = Part(200, Asked);

        Assert.Equal(
            (MessageType.AddProvider, SpanTree.CidHex, Asked, "Kubo", RequestOutcome.Sent, 10_000),
            (part.Type, part.KeyBytes, part.Peer, part.Service, part.Outcome, part.DurationNs)
        );
    }

    [Fact]
    public void A_correction_after_a_value_search_is_a_part_that_is_only_linked()
    {
        var tree = new SpanTree();
        var method = tree.Add("IpfsDHT.SearchValue", default, 0, 1000, ("key", "uL2lwbnMvYWJj"));
        _ = tree.Lookup(method, Asked, Answer, key: "/ipns/abc");
        var trace = tree.Reconstruct();
        var correction = new SpanTree { TraceId = new TraceId(3, 3) };
        _ = correction.Add(
            "KademliaDHT.ProtocolMessenger.PutValue",
            default,
            1100,
            1200,
            ("to", New),
            ("record", "key:\"/ipns/\\x61bc\"  value:\"v\"")
        );
        var part = Assert.Single(correction.Reconstruct().LooseParts);

        var (joined, query) = OperationParts.Join(Assert.Single(trace.Operations), Assert.Single(trace.Queries), [part]);

        Assert.Equal(
            (MessageType.PutValue, Convert.ToHexStringLower("/ipns/abc"u8), RequestOutcome.Answered),
            (part.Type, part.KeyBytes, part.Outcome)
        );
        Assert.Equal([part.Id], joined.Parts);
        Assert.Same(trace.Queries[0], query);
    }

    [Fact]
    public void A_provide_with_its_parts_says_who_was_sent_the_record()
    {
        var (operation, query) = Provide();
        var failed = Part(300, New, "stream reset");

        var (joined, whole) = OperationParts.Join(operation, query, [failed, Part(200, Asked), Part(200, Asked), Part(400, SpanTree.Peer)]);

        Assert.Equal((2, 2, QueryOutcome.Success), (joined.Results, whole.Counts.Sent, joined.Outcome));
        Assert.Equal(3, joined.Parts.Length);
        Assert.Equal(
            [PeerState.Answered, PeerState.RequestFailed, PeerState.Sent],
            ((string[])[Asked, New, SpanTree.Peer]).Select(id => whole.Peers.Single(peer => peer.Id == id).State)
        );
        Assert.Equal(
            [MessageType.FindNode, MessageType.AddProvider],
            whole.Peers.Single(peer => peer.Id == Asked).Requests.Select(request => request.Type)
        );
        Assert.Equal(3, whole.Counts.Queried);
        Assert.Null(whole.Peers.Single(peer => peer.Id == New).Hops);
        Assert.False(whole.Counts.SeenComplete);
    }

    [Theory]
    [InlineData("Kubo", null, -1, false)]
    [InlineData("Kubo", null, 0, true)]
    [InlineData("Kubo", null, 60_001_000, true)]
    [InlineData("Kubo", null, 60_001_001, false)]
    [InlineData("other", null, 200, false)]
    [InlineData("Kubo", "node-2", 200, false)]
    public void A_part_belongs_to_a_provide_of_its_node_and_time(string service, string? instance, long atUs, bool belongs)
    {
        var (operation, _) = Provide();

        Assert.Equal(belongs, OperationParts.Belongs(operation, Part(atUs, Asked, service: service, instance: instance)));
    }

    [Fact]
    public void A_part_of_another_key_does_not_belong() =>
        Assert.False(OperationParts.Belongs(Provide().Operation, Part(200, Asked) with { KeyBytes = "1220" }));

    [Fact]
    public void Of_two_provides_of_one_key_a_part_belongs_to_the_one_that_ran_when_it_started()
    {
        var (first, second) = (Provide().Operation, Provide(500).Operation);

        Assert.Equal(first.StartUnixNano, OperationParts.Owner([second, first], Part(499, Asked))!.StartUnixNano);
        Assert.Equal(second.StartUnixNano, OperationParts.Owner([second, first], Part(1001, Asked))!.StartUnixNano);
    }

    [Fact]
    public void A_part_of_two_provides_that_started_within_a_millisecond_is_of_neither()
    {
        var (first, second) = (Provide().Operation, Provide(500).Operation);

        Assert.Null(OperationParts.Owner([first, second], Part(501, Asked)));
        Assert.Null(OperationParts.Owner([second, first], Part(1000, Asked)));
        Assert.Equal(2, OperationParts.Owners([first, second], Part(501, Asked)).Count);

        // Nor one that came when both had just ended, or long after both.
        Assert.Null(OperationParts.Owner([first, second], Part(1600, Asked)));
        Assert.Null(OperationParts.Owner([first, second], Part(5_000_000, Asked)));
    }

    [Fact]
    public void A_part_shortly_after_the_end_of_one_provide_is_not_of_one_that_ended_long_before()
    {
        var (first, second) = (Provide().Operation, Provide(1_000_000).Operation);

        Assert.Equal(second.StartUnixNano, OperationParts.Owner([first, second], Part(1_101_000, Asked))!.StartUnixNano);
        Assert.Equal(second.StartUnixNano, OperationParts.Owner([first, second], Part(1_101_001, Asked))!.StartUnixNano);
    }

    [Fact]
    public void A_part_that_started_while_two_provides_of_its_key_ran_is_of_the_one_that_started_last()
    {
        var (first, second) = (Provide().Operation with { DurationNs = 80_000_000 }, Provide(1_000).Operation);

        Assert.Equal(second.StartUnixNano, OperationParts.Owner([second, first], Part(1_200, Asked))!.StartUnixNano);
    }

    [Fact]
    public void Without_parts_nothing_changes()
    {
        var (operation, query) = Provide();

        var (same, sameQuery) = OperationParts.Join(operation, query, [Part(200, Asked, service: "other")]);

        Assert.Same(operation, same);
        Assert.Same(query, sameQuery);
    }

    private static (Operation Operation, Query Query) Provide(long startUs = 0)
    {
        var tree = new SpanTree();
        var command = tree.Command("/api/v0/routing/provide", startUs + 1100);
        _ = tree.Lookup(
            tree.Add("IpfsDHT.Provide", command.SpanId, startUs, startUs + 1000, ("key", SpanTree.Cid), ("announce", true)),
            Asked,
            Answer,
            key: "QmZjWVFcJNyvfwLK9Fc6pWBLxrtNNZhJNpj4DnAgALLU5R"
        );
        var trace = tree.Reconstruct();
        return (Assert.Single(trace.Operations), Assert.Single(trace.Queries));
    }

    private static LoosePart Part(long atUs, string peer, string? error = null, string service = "Kubo", string? instance = null)
    {
        var tree = new SpanTree(service, instance) { TraceId = new TraceId(1, (ulong)(atUs + 1000)) };
        var span = tree.Add("KademliaDHT.ProtocolMessenger.PutProvider", default, atUs, atUs + 10, ("to", peer), ("key", SpanTree.CidHex));
        _ = error is null ? span : tree.Fail(span, error);
        return Assert.Single(tree.Reconstruct().LooseParts);
    }
}
