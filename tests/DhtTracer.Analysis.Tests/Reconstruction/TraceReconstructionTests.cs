using DhtTracer.Analysis.Json;
using DhtTracer.TestSupport.Kubo;
using DhtTracer.Traces.Model;
using DhtTracer.Traces.Otlp;
using FsCheck;
using FsCheck.Fluent;

namespace DhtTracer.Analysis.Tests.Reconstruction;

public class TraceReconstructionTests
{
    public static TheoryData<string> All => Captures.All;

    [Theory]
    [MemberData(nameof(All))]
    public void Order_batches_and_repetitions_of_the_spans_do_not_matter(string label)
    {
        var spans = Captures.Spans(label);
        var expected = Captures.Json(TraceReconstruction.Reconstruct(spans).Queries);

        Check.One(
            Config.QuickThrowOnFailure.WithMaxTest(20),
            Prop.ForAll(
                ArbMap.Default.ArbFor<int>(),
                seed => Captures.Json(TraceReconstruction.Reconstruct(Disturbed(spans, seed)).Queries) == expected
            )
        );
    }

    [Fact]
    public void Order_and_repetitions_do_not_matter_to_a_simulated_kubo()
    {
        var spans = new KuboTraceSimulator(11).Simulate(new KuboScenario { Dual = true }).Spans;
        var expected = Captures.Json(TraceReconstruction.Reconstruct(spans).Queries);

        Check.One(
            Config.QuickThrowOnFailure.WithMaxTest(20),
            Prop.ForAll(
                ArbMap.Default.ArbFor<int>(),
                seed => Captures.Json(TraceReconstruction.Reconstruct(Disturbed(spans, seed)).Queries) == expected
            )
        );
    }

    [Fact]
    public void Spans_of_two_traces_are_refused() =>
        Assert.Throws<ArgumentException>(() =>
            TraceReconstruction.Reconstruct([Captures.Spans("14-dht-put")[0], Captures.Spans("15-dht-get-found")[0]]).Queries
        );

    [Fact]
    public void No_spans_are_no_queries() => Assert.Empty(TraceReconstruction.Reconstruct([]).Queries);

    [Fact]
    public void Several_dialects_in_one_trace_each_give_their_queries()
    {
        var js = Captures.Spans("14-dht-put");
        var kubo = new KuboTraceSimulator(2).Simulate(new KuboScenario()).Spans.Select(span => span with { TraceId = js[0].TraceId });

        Assert.Equal(
            [TraceSource.JsLibp2p, TraceSource.GoKadDht],
            TraceReconstruction.Reconstruct([.. js, .. kubo]).Queries.Select(query => query.Source).OrderDescending()
        );
    }

    [Fact]
    public void Hostile_spans_give_queries_or_none_but_never_an_exception()
    {
        var count = int.TryParse(Environment.GetEnvironmentVariable("DHT_TRACER_FUZZ_INPUTS"), out var wanted) ? wanted : 300;
        var sources = Captures
            .Labels.Select(Captures.Spans)
            .Append(new KuboTraceSimulator(6).Simulate(new KuboScenario { Dual = true }).Spans)
            .ToList();
        for (var seed = 0; seed < count; seed++)
        {
            var random = new Random(seed);
            var spans = sources[random.Next(sources.Count)].Select(span => Damage(span, random)).ToList();

            Assert.All(TraceReconstruction.Reconstruct(spans).Queries, query => Assert.NotEmpty(QueryJson.ToUtf8(query)));
        }
    }

    /// <summary>Shapes on which a careless walk takes the square of their size: with 30,000 spans that would not end in a test
    /// run.</summary>
    [Theory]
    [InlineData("libp2p.kadDHT.sendRequest")]
    [InlineData("libp2p.kadDHT.findPeer")]
    [InlineData("KademliaDHT.IpfsDHT.DialPeer")]
    [InlineData("KademliaDHT.ProtocolMessenger.GetClosestPeers")]
    [InlineData("IpfsDHT.FindPeer")]
    [InlineData("dht.request")]
    [InlineData("dht.peer")]
    public void Huge_traces_made_to_be_slow_come_to_an_end(string name)
    {
        const int Count = 10_000;
        var template = new Span
        {
            TraceId = new TraceId(3, 3),
            SpanId = new SpanId(1),
            Name = name,
            StartUnixNano = 1_000,
            EndUnixNano = 2_000,
            Resource = Resource.Empty,
            Scope = InstrumentationScope.Empty,
            Attributes = AttributeList.Of(
                ("to", "QmA"),
                ("PeerID", "QmA"),
                ("dht.peer.id", "QmA"),
                ("message type", "FIND_NODE"),
                ("dht.message.type", "FIND_NODE")
            ),
        };
        var ids = Enumerable.Range(1, Count).Select(number => new SpanId((ulong)number)).ToList();

        Assert.True(
            TraceReconstruction
                .Reconstruct([.. ids.Select(id => template with { SpanId = id, ParentSpanId = new SpanId(id.Value + Count) })])
                .Queries.Length <= Count
        );
        Assert.True(
            TraceReconstruction
                .Reconstruct([.. ids.Select(id => template with { SpanId = id, ParentSpanId = new SpanId(id.Value - 1) })])
                .Queries.Length <= Count
        );
        Assert.True(
            TraceReconstruction
                .Reconstruct([.. ids.Select(id => template with { SpanId = id, ParentSpanId = new SpanId(999_999) })])
                .Queries.Length <= Count
        );
    }

    private static List<Span> Disturbed(IReadOnlyList<Span> spans, int seed)
    {
        var random = new Random(seed);
        var disturbed = spans.Concat(spans.Where(_ => random.Next(3) == 0)).ToArray();
        random.Shuffle(disturbed);

        // A batch is a message of its own, written and read again.
        return [.. disturbed.Chunk(random.Next(1, 30)).SelectMany(batch => OtlpProtobuf.Decode(OtlpProtobuf.Encode(batch)))];
    }

    private static Span Damage(Span span, Random random) =>
        random.Next(8) switch
        {
            0 => span with { ParentSpanId = span.SpanId },
            1 => span with { ParentSpanId = new SpanId((ulong)random.Next(1, 4)) },
            2 => span with { StartUnixNano = (ulong)random.NextInt64(), EndUnixNano = 0 },
            3 => span with { StartUnixNano = ulong.MaxValue, EndUnixNano = 1 },
            4 => span with
            {
                Attributes = AttributeList.Of(span.Attributes.Select(item => (item.Key, (AttributeValue)new string('<', random.Next(3))))),
            },
            5 => span with
            {
                Attributes = AttributeList.Of(span.Attributes.Select(item => (item.Key, (AttributeValue)random.NextInt64()))),
            },
            6 => span with { Name = span.Name[..random.Next(span.Name.Length)] },
            _ => span,
        };
}
