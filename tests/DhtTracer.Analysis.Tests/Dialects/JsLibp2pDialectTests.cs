using DhtTracer.Analysis.Model;
using DhtTracer.Analysis.Reconstruction;
using DhtTracer.Multiformats;
using DhtTracer.Traces.Model;

namespace DhtTracer.Analysis.Tests.Dialects;

/// <summary>Expected values come from what the test bed wrote down (meta) and from a plain pass over the JSON of the captures.</summary>
public class JsLibp2pDialectTests
{
    public static TheoryData<string> All => Captures.All;

    [Theory]
    [InlineData("01-dht-findProviders-found", QueryType.GetProviders, QueryOutcome.Success)]
    [InlineData("02-dht-findProviders-many", QueryType.GetProviders, QueryOutcome.Success)]
    [InlineData("03-dht-findProviders-none", QueryType.GetProviders, QueryOutcome.NotFound)]
    [InlineData("04-contentRouting-findProviders", QueryType.GetProviders, QueryOutcome.Success)]
    [InlineData("05-findProviders-break-at-first", QueryType.GetProviders, QueryOutcome.Incomplete)]
    [InlineData("06-dht-findPeer-found", QueryType.FindPeer, QueryOutcome.Success)]
    [InlineData("09-dht-findPeer-notfound", QueryType.FindPeer, QueryOutcome.NotFound)]
    [InlineData("10-dht-getClosestPeers", QueryType.GetClosestPeers, QueryOutcome.Success)]
    [InlineData("12b-dht-provide-patched-wrapper", QueryType.AddProvider, QueryOutcome.Success)]
    [InlineData("14-dht-put", QueryType.PutValue, QueryOutcome.Success)]
    [InlineData("15-dht-get-found", QueryType.GetValue, QueryOutcome.Success)]
    [InlineData("21-nested-under-app-span", QueryType.GetProviders, QueryOutcome.Success)]
    [InlineData("23-aborted-after-60ms", QueryType.GetProviders, QueryOutcome.Cancelled)]
    [InlineData("25-dht-findProviders-dead-peers", QueryType.GetProviders, QueryOutcome.Success)]
    public void Type_and_outcome_are_what_the_test_bed_did(string label, QueryType type, QueryOutcome outcome)
    {
        var query = Captures.OnlyQuery(label);

        Assert.Equal(type, query.Type);
        Assert.Equal(outcome, query.Outcome);
        Assert.Equal(TraceSource.JsLibp2p, query.Source);
        Assert.Equal("jsbed", query.Service);
        Assert.Null(query.Node);
        Assert.False(query.Background);
    }

    [Theory]
    [MemberData(nameof(All))]
    public void The_key_is_the_target_when_a_wrapper_tells_it_and_unknown_when_none_does(string label)
    {
        var query = Captures.OnlyQuery(label);
        var meta = Captures.Meta(label);
        if (!Captures.Raw(label).Any(span => span.Name.Contains("Routing.", StringComparison.Ordinal)))
        {
            Assert.Null(query.Key);
            Assert.All(query.Peers, peer => Assert.Null(peer.Xor));
            return;
        }

        Assert.Equal(meta.GetProperty("cid").GetString(), query.Key!.Text);
        Assert.Equal(meta.GetProperty("multihashHex").GetString(), query.Key.Bytes);
        Assert.Equal(meta.GetProperty("kadIdHex").GetString(), query.Key.KadId);
    }

    [Fact]
    public void Xor_is_the_bit_length_of_the_distance_to_the_key()
    {
        var query = Captures.OnlyQuery("04-contentRouting-findProviders");
        var target = Convert.FromHexString(Captures.Meta("04-contentRouting-findProviders").GetProperty("kadIdHex").GetString()!);

        Assert.All(query.Peers, peer => Assert.Equal(BitLength(target, peer.Id), peer.Xor));
        Assert.Equal(query.Peers.Where(peer => peer.Order is not null).Min(peer => BitLength(target, peer.Id)), query.Xor);
    }

    [Theory]
    [MemberData(nameof(All))]
    public void Every_request_of_the_trace_is_on_the_row_of_its_peer(string label)
    {
        var query = Captures.OnlyQuery(label);
        var raw = Captures.Raw(label);
        var start = raw.Where(span => span.Name.StartsWith("libp2p.kadDHT.", StringComparison.Ordinal)).Min(span => span.Start);

        Assert.Equal((ulong)start, query.StartUnixNano);
        Assert.Equal(raw.Count(span => span.IsRequest), query.Peers.Sum(peer => peer.Requests.Length));
        foreach (var peer in query.Peers)
        {
            var sent = raw.Where(span => span.IsRequest && span.To == peer.Id).OrderBy(span => span.Start).ToList();
            Assert.Equal(
                sent.Select(span => (span.Message, (long?)(span.Start - start), (long?)(span.End - span.Start))),
                peer.Requests.Select(request => (Words.Of(request.Type), request.StartNs, request.DurationNs))
            );
            Assert.Equal(
                sent.Select(span => span.Answered ? span.Closer.Distinct().Count() : (int?)null),
                peer.Requests.Select(request => request.Returned)
            );
        }
    }

    [Theory]
    [MemberData(nameof(All))]
    public void Counts_agree_with_a_plain_pass_over_the_capture(string label)
    {
        var query = Captures.OnlyQuery(label);
        var requests = Captures.Raw(label).Where(span => span.IsRequest).ToList();
        var asked = requests.Select(span => span.To).ToHashSet();
        var seen = requests.SelectMany(span => span.Closer).Concat(asked).ToHashSet();

        Assert.Equal(seen.Count, query.Counts.Seen);
        Assert.Equal(asked.Count, query.Counts.Queried);
        Assert.Equal(seen.Count - asked.Count, query.Counts.Remaining);
        Assert.Equal(requests.Sum(span => span.Closer.Distinct().Count()), query.Counts.Returned);
        Assert.Equal(0, query.Counts.Duplicates);
        Assert.Null(query.Counts.Dialed);
        Assert.Null(query.Counts.DialFailed);
        Assert.Null(query.Counts.ToQuery);
        Assert.Equal(seen, query.Peers.Select(peer => peer.Id).ToHashSet());
        Assert.Equal(
            Enumerable.Range(1, asked.Count),
            query.Peers.Where(peer => peer.Order is not null).Select(peer => peer.Order!.Value).Order()
        );
    }

    /// <summary>In these captures every peer that was asked was asked before any answer came, so all of them are seeds.</summary>
    [Theory]
    [MemberData(nameof(All))]
    public void A_peer_asked_before_any_answer_named_it_is_from_the_routing_table(string label)
    {
        var query = Captures.OnlyQuery(label);
        var answers = Captures.Raw(label).Where(span => span.IsRequest && span.Answered).OrderBy(span => span.End).ToList();
        var heard = Captures.Raw(label).Where(span => span.IsRequest).Select(span => span.To).ToHashSet();

        foreach (var peer in query.Peers.Where(peer => peer.Order is not null))
        {
            Assert.Equal((0, (long?)0, null), (peer.Hops, peer.HeardNs, peer.Referrer));
        }

        foreach (var answer in answers)
        {
            var fresh = answer.Closer.Distinct().Where(heard.Add).ToList();
            Assert.Equal(
                fresh.Count,
                query.Peers.Single(peer => peer.Id == answer.To).Requests.Single(request => request.Returned is not null).New
            );
            foreach (var peer in query.Peers.Where(peer => fresh.Contains(peer.Id)))
            {
                Assert.Equal((1, answer.To, answer.End - (long)query.StartUnixNano), (peer.Hops, peer.Referrer, peer.HeardNs));
                Assert.Equal(PeerState.Heard, peer.State);
            }
        }

        Assert.Equal(0, query.Hops);
    }

    [Fact]
    public void The_start_of_a_request_may_lie_up_to_a_millisecond_before_the_answer_that_caused_it()
    {
        // Starts come from a clock of whole milliseconds: this request was caused by an answer at 10.4 ms and is recorded at 10.0 ms.
        var root = Span("libp2p.kadDHT.getClosestPeers", 1, 0, 0, 100_000_000);
        var first = Span(
            "libp2p.kadDHT.sendRequest",
            2,
            1,
            0,
            10_400_000,
            ("to", "QmA"),
            ("message type", "FIND_NODE"),
            ("closer-0", "QmB"),
            ("closer-1", "QmC")
        );
        var caused = Span("libp2p.kadDHT.sendRequest", 3, 1, 10_000_000, 20_000_000, ("to", "QmB"), ("message type", "FIND_NODE"));
        var seed = Span("libp2p.kadDHT.sendRequest", 4, 1, 9_000_000, 20_000_000, ("to", "QmC"), ("message type", "FIND_NODE"));

        var query = Assert.Single(TraceReconstruction.Reconstruct([root, first, caused, seed]).Queries);

        Assert.Equal(1, query.Peers.Single(peer => peer.Id == "QmB").Hops);
        Assert.Equal(0, query.Peers.Single(peer => peer.Id == "QmC").Hops);
    }

    [Fact]
    public void Peers_that_were_dead_show_no_answer_and_the_others_answered()
    {
        var meta = Captures.Meta("25-dht-findProviders-dead-peers");
        var dead = meta.GetProperty("down").EnumerateArray().Select(item => item.GetProperty("index").GetInt32()).ToHashSet();
        var ids = meta.GetProperty("peers")
            .EnumerateArray()
            .Where(peer => dead.Contains(peer.GetProperty("index").GetInt32()))
            .Select(peer => peer.GetProperty("peerId").GetString()!)
            .ToHashSet();

        var asked = Captures.OnlyQuery("25-dht-findProviders-dead-peers").Peers.Where(peer => peer.Order is not null).ToList();

        Assert.Contains(asked, peer => ids.Contains(peer.Id));
        Assert.All(asked, peer => Assert.Equal(ids.Contains(peer.Id) ? PeerState.NoAnswer : PeerState.Answered, peer.State));
    }

    [Fact]
    public void Providers_found_are_those_the_test_bed_saw()
    {
        var events = Captures
            .Meta("02-dht-findProviders-many")
            .GetProperty("result")
            .GetProperty("events")
            .EnumerateArray()
            .Where(item => item.GetProperty("name").GetString() == "PROVIDER")
            .ToList();
        var query = Captures.OnlyQuery("02-dht-findProviders-many");
        var first = Captures
            .Raw("02-dht-findProviders-many")
            .Where(span => span.IsRequest && span.Providers.Count > 0)
            .Min(span => span.End);

        Assert.NotEmpty(events);
        Assert.Equal(4, query.Counts.Results);
        Assert.Equal(first - (long)query.StartUnixNano, query.DiscoveryNs);
        Assert.Equal(query.DiscoveryNs, query.FirstAnswerNs);
    }

    [Fact]
    public void A_provide_counts_the_peers_that_took_the_record()
    {
        var query = Captures.OnlyQuery("12b-dht-provide-patched-wrapper");
        var accepted = Captures
            .Meta("12b-dht-provide-patched-wrapper")
            .GetProperty("result")
            .GetProperty("events")
            .EnumerateArray()
            .Where(item =>
                item.GetProperty("name").GetString() == "PEER_RESPONSE" && item.GetProperty("message").GetString() == "ADD_PROVIDER"
            )
            .Select(item => item.GetProperty("from").GetString()!)
            .ToHashSet();

        Assert.Equal(accepted.Count, query.Counts.Results);
        Assert.All(
            accepted,
            id =>
                Assert.Equal(
                    RequestOutcome.Answered,
                    query.Peers.Single(peer => peer.Id == id).Requests.Single(request => request.Type == MessageType.AddProvider).Outcome
                )
        );
    }

    [Fact]
    public void A_put_asks_each_peer_twice_without_being_a_duplicate_and_shows_no_answer_to_the_store()
    {
        var query = Captures.OnlyQuery("14-dht-put");

        Assert.All(
            query.Peers.Where(peer => peer.Order is not null),
            peer =>
            {
                Assert.Equal([MessageType.FindNode, MessageType.PutValue], peer.Requests.Select(request => request.Type));
                Assert.Equal(RequestOutcome.NoAnswer, peer.Requests[1].Outcome);
                Assert.False(peer.Duplicate);
            }
        );
        Assert.Equal(0, query.DiscoveryNs);
        Assert.Null(query.Counts.Results);
    }

    [Fact]
    public void Requests_of_an_operation_that_was_never_exported_are_an_incomplete_query_under_its_id()
    {
        var query = Captures.OnlyQuery("05-findProviders-break-at-first");
        var neverEnded = Captures
            .Meta("05-findProviders-break-at-first")
            .GetProperty("spans")
            .GetProperty("neverEnded")[0]
            .GetProperty("spanId")
            .GetString();

        Assert.Equal(neverEnded, query.Id.SpanId.ToString());
        Assert.Equal(query.Id, query.OperationId);
        Assert.Null(query.DurationNs);
        Assert.Equal(4, query.Counts.Results);
    }

    [Fact]
    public void Errors_of_the_operation_are_classified_and_keep_their_text()
    {
        Assert.Equal(new TraceError(ErrorClass.NotFound, "NotFoundError: Not found"), Captures.OnlyQuery("09-dht-findPeer-notfound").Error);
        Assert.Equal(
            new TraceError(ErrorClass.Cancelled, "AbortError: The operation was aborted"),
            Captures.OnlyQuery("23-aborted-after-60ms").Error
        );
    }

    [Theory]
    [InlineData("04-contentRouting-findProviders", "libp2p.contentRouting.findProviders")]
    [InlineData("21-nested-under-app-span", "libp2p.contentRouting.findProviders")]
    [InlineData("14-dht-put", "libp2p.kadDHT.put")]
    public void The_operation_is_the_outermost_span_of_the_dht_and_not_the_applications(string label, string name) =>
        Assert.Equal(Captures.Raw(label).Single(span => span.Name == name).SpanId, Captures.OnlyQuery(label).OperationId.SpanId.ToString());

    [Fact]
    public void An_early_exit_below_a_wrapper_that_is_the_root_of_the_trace_has_the_wrappers_key()
    {
        // peerRouting.findPeer returns at the first answer: its kadDHT.findPeer (id 2) is never exported.
        var target = Captures.Meta("06-dht-findPeer-found").GetProperty("targetPeer").GetString()!;
        var wrapper = Span("libp2p.peerRouting.findPeer", 1, 0, 0, 50_000_000, ("peer", target));
        var request = Span(
            "libp2p.kadDHT.sendRequest",
            3,
            2,
            1_000_000,
            30_000_000,
            ("to", "QmA"),
            ("message type", "FIND_NODE"),
            ("closer-0", target)
        );

        var query = Assert.Single(TraceReconstruction.Reconstruct([request, wrapper]).Queries);

        Assert.Equal(
            (target, new SpanId(2), new SpanId(1), QueryOutcome.Incomplete),
            (query.Key!.Text, query.Id.SpanId, query.OperationId.SpanId, query.Outcome)
        );
        Assert.Equal(0, query.Peers.Single(peer => peer.Id == target).Xor);
        Assert.Equal(29_000_000, query.DiscoveryNs);
    }

    [Fact]
    public void A_node_that_its_resource_names_is_left_out_of_the_answers()
    {
        var spans = Captures.Spans("03-dht-findProviders-none");
        var node = Captures.Meta("03-dht-findProviders-none").GetProperty("querier").GetProperty("peerId").GetString()!;
        var named = new Resource { Attributes = AttributeList.Of(("service.name", "jsbed"), ("service.instance.id", node)) };
        var without = Captures.OnlyQuery("03-dht-findProviders-none");

        var query = Assert.Single(TraceReconstruction.Reconstruct([.. spans.Select(span => span with { Resource = named })]).Queries);

        // Every one of the 20 answers of this capture names the querying node.
        Assert.Equal((node, without.Counts.Seen - 1, without.Counts.Returned - 20), (query.Node, query.Counts.Seen, query.Counts.Returned));
        Assert.DoesNotContain(query.Peers, peer => peer.Id == node);
    }

    [Fact]
    public void Keys_of_values_are_read_from_base36()
    {
        var bytes = Convert.FromHexString(Captures.Meta("14-dht-put").GetProperty("keyHex").GetString()!);
        var wrapper = Span("libp2p.contentRouting.put", 1, 0, 0, 50_000_000, ("key", Base36.Encode(bytes)));
        var put = Span("libp2p.kadDHT.put", 2, 1, 0, 40_000_000);

        var key = Assert.Single(TraceReconstruction.Reconstruct([wrapper, put]).Queries).Key!;

        Assert.Equal("/v/capture", key.Text);
        Assert.Equal(Captures.Meta("14-dht-put").GetProperty("kadIdHex").GetString(), key.KadId);
    }

    [Fact]
    public void A_lookup_and_stores_under_a_missing_put_are_one_query()
    {
        var spans = Captures.Spans("14-dht-put").Where(span => span.Name != "libp2p.kadDHT.put").ToList();
        var whole = Captures.OnlyQuery("14-dht-put");

        var query = Assert.Single(TraceReconstruction.Reconstruct(spans).Queries);

        Assert.Equal((whole.Id, QueryType.PutValue, QueryOutcome.Incomplete), (query.Id, query.Type, query.Outcome));
        Assert.Equal(whole.Counts.Queried, query.Counts.Queried);
    }

    private static int BitLength(byte[] target, string peerId)
    {
        var id = System.Security.Cryptography.SHA256.HashData(PeerId.Parse(peerId).Bytes);
        for (var bit = 0; bit < 256; bit++)
        {
            if (((id[bit / 8] ^ target[bit / 8]) & (0x80 >> (bit % 8))) != 0)
            {
                return 256 - bit;
            }
        }

        return 0;
    }

    private static Span Span(
        string name,
        ulong id,
        ulong parent,
        ulong start,
        ulong end,
        params (string Key, AttributeValue Value)[] attributes
    ) =>
        new()
        {
            TraceId = new TraceId(7, 7),
            SpanId = new SpanId(id),
            ParentSpanId = new SpanId(parent),
            Name = name,
            StartUnixNano = 1_795_337_000_000_000_000 + start,
            EndUnixNano = 1_795_337_000_000_000_000 + end,
            Attributes = AttributeList.Of(attributes),
            Resource = Resource.Empty,
            Scope = new InstrumentationScope { Name = "js-libp2p" },
        };
}
