using System.Buffers.Binary;
using DhtTracer.Analysis.Model;
using DhtTracer.TestSupport;
using DhtTracer.Traces.Jaeger;
using DhtTracer.Traces.Model;
using DhtTracer.Traces.Otlp;
using DhtTracer.Traces.Thrift;
using DhtTracer.Traces.Zipkin;
using Proto = DhtTracer.Traces.Jaeger.Proto;

namespace DhtTracer.Analysis.Tests.Reconstruction;

/// <summary>The same trace on every way that it was captured gives the same query, row by row, times to the microsecond.</summary>
public class SameQueryTests
{
    public static TheoryData<string, string> Exports =>
        [
            .. from path in Directory.GetFiles(TestFiles.Data("js-libp2p", "other"))
            let parts = Path.GetFileName(path).Split('.')
            group path by (parts[0], parts[1]) into way
            orderby way.Key
            select way.Key,
        ];

    [Theory]
    [MemberData(nameof(Exports))]
    public void Every_exporter_gives_the_query_of_the_original(string label, string way)
    {
        var spans = Directory
            .GetFiles(TestFiles.Data("js-libp2p", "other"), $"{label}.{way}.*")
            .SelectMany(path => Decode(path, way))
            .ToList();

        // A span can travel in the UDP packet of the scenario after it: compare what this capture holds of the trace.
        var trace = spans.Where(span => span.TraceId == Captures.Spans(label)[0].TraceId).ToList();
        var held = trace.Select(span => span.SpanId).ToHashSet();
        var original = Captures.Spans(label).Where(span => held.Contains(span.SpanId)).ToList();
        Assert.InRange(held.Count, Captures.Spans(label).Count - 1, Captures.Spans(label).Count);
        AssertSame(original, trace);
    }

    [Theory]
    [InlineData("v1.60", "grpc-FindTraces.bin")]
    [InlineData("v1.60", "grpc-FindTraces-raw.bin")]
    [InlineData("v2.10", "grpc-FindTraces.bin")]
    [InlineData("v2.10", "grpc-FindTraces-raw.bin")]
    [InlineData("v1.60", "http-v1-traces.200.json")]
    [InlineData("v2.10", "http-v1-traces.200.json")]
    [InlineData("v1.60", "http-v3-traces-snake.200.json")]
    [InlineData("v2.10", "http-v3-traces-snake.200.json")]
    public void Jaegers_answers_give_the_queries_of_the_originals(string version, string file)
    {
        var originals = Captures.Labels.SelectMany(Captures.Spans).ToLookup(span => span.TraceId);
        var bytes = File.ReadAllBytes(TestFiles.Data("jaeger", version, file));
        var spans =
            file.StartsWith("grpc", StringComparison.Ordinal) ? Grpc(bytes)
            : file.Contains("v1", StringComparison.Ordinal) ? JaegerJson.Decode(bytes)
            : JaegerV3Json.Decode(bytes);
        var traces = spans.GroupBy(span => span.TraceId).ToList();

        Assert.Equal(7, traces.Count);
        Assert.All(traces, trace => AssertSame([.. originals[trace.Key]], [.. trace]));
    }

    [Fact]
    public void Both_versions_of_a_span_at_once_give_the_more_precise_query()
    {
        var precise = Captures.Spans("04-contentRouting-findProviders");
        var truncated = JaegerJson.Decode(JaegerJson.Encode(precise));

        Assert.Equal(
            Captures.Json(TraceReconstruction.Reconstruct(precise).Queries),
            Captures.Json(TraceReconstruction.Reconstruct([.. truncated, .. precise]).Queries)
        );
    }

    private static void AssertSame(IReadOnlyList<Span> original, IReadOnlyList<Span> other)
    {
        var expected = TraceReconstruction.Reconstruct(original).Queries;
        var actual = TraceReconstruction.Reconstruct(other).Queries;
        Assert.Equal(expected.SelectMany(Rows), actual.SelectMany(Rows));
        foreach (var (one, two) in expected.Zip(actual))
        {
            AssertClose(one.DurationNs, two.DurationNs);
            AssertClose(one.DiscoveryNs, two.DiscoveryNs);
            AssertClose(one.FirstAnswerNs, two.FirstAnswerNs);
            foreach (var (left, right) in one.Peers.Zip(two.Peers))
            {
                AssertClose(left.HeardNs, right.HeardNs);
                foreach (var (sent, received) in left.Requests.Zip(right.Requests))
                {
                    AssertClose(sent.DurationNs, received.DurationNs);
                }
            }
        }
    }

    /// <summary>Jaeger cuts times to whole microseconds, Zipkin's exporter rounds them, and jaeger-client adds an error of floating
    /// point.</summary>
    private static void AssertClose(long? expected, long? actual)
    {
        Assert.Equal(expected is null, actual is null);
        Assert.InRange((actual ?? 0) - (expected ?? 0), -2000, 2000);
    }

    private static IEnumerable<string> Rows(Query query) =>
        query
            .Peers.Select(peer =>
                $"{peer.Id} {peer.Order} {peer.Xor} {peer.Hops} {peer.Referrer} {peer.State} {peer.Duplicate} "
                + string.Join(
                    ';',
                    peer.Requests.Select(request =>
                        $"{request.Type} {request.Outcome} {request.StartNs} {request.Returned} {request.New} {request.Providers} "
                        + $"{request.Records} {string.Join(',', request.Named.IsDefault ? [] : request.Named)}"
                    )
                )
            )
            .Prepend(
                $"{query.Id} {query.OperationId} {query.Background} {query.Type} {query.Key} {query.Service} {query.Node} "
                    + $"{query.StartUnixNano} {query.Outcome} {query.Error} {query.Counts} {query.Xor} {query.Hops}"
            );

    private static IReadOnlyList<Span> Decode(string path, string way)
    {
        var bytes = File.ReadAllBytes(path);
        return way.StartsWith("jaeger", StringComparison.Ordinal) ? JaegerThrift.Decode(bytes, ThriftProtocol.Binary)
            : way == "zipkin" ? ZipkinJson.Decode(bytes)
            : OtlpProtobuf.Decode(bytes);
    }

    // gRPC: a flag, four bytes of length, a message, again and again.
    private static List<Span> Grpc(byte[] body)
    {
        var spans = new List<Span>();
        for (var at = 0; at < body.Length; )
        {
            var length = (int)BinaryPrimitives.ReadUInt32BigEndian(body.AsSpan(at + 1));
            spans.AddRange(JaegerModel.Decode(Proto.SpansResponseChunk.Parser.ParseFrom(body.AsSpan(at + 5, length)).Spans));
            at += 5 + length;
        }

        return spans;
    }
}
