using System.Buffers.Binary;
using System.Text.Json;
using DhtTracer.Traces.Jaeger;
using DhtTracer.Traces.Model;
using DhtTracer.Traces.Otlp;
using DhtTracer.Traces.Thrift;
using DhtTracer.Traces.Zipkin;
using Proto = DhtTracer.Traces.Jaeger.Proto;

namespace DhtTracer.Traces.Tests;

/// <summary>One trace, captured on every way that it can take, is the same trace; each way's own losses are listed with it.</summary>
public sealed class SameTraceTests
{
    private static readonly Lazy<Dictionary<(TraceId, SpanId), Span>> Originals = new(() =>
        Captures
            .Names("js-libp2p", "*.otlp-http-json.*.json")
            .SelectMany(name => OtlpJson.Decode(Captures.Read(name)))
            .ToDictionary(span => (span.TraceId, span.SpanId))
    );

    /// <summary>What of a span a way carries.</summary>
    [Flags]
    public enum Carries
    {
        /// <summary>Ids, name, service, times in microseconds, attributes as text.</summary>
        None = 0,

        /// <summary>Nanoseconds.</summary>
        Nanoseconds = 1,

        /// <summary>The kind.</summary>
        Kind = 2,

        /// <summary>Name and version of the scope.</summary>
        Scope = 4,

        /// <summary>The status, if it is OK.</summary>
        Ok = 8,

        /// <summary>The resource as a resource.</summary>
        Resource = 16,

        /// <summary>Arrays as JSON; otherwise joined with commas by the exporter.</summary>
        JsonArrays = 32,
    }

    private const Carries Jaeger = Carries.Kind | Carries.Scope | Carries.Ok | Carries.Resource | Carries.JsonArrays;

    [Theory]
    [InlineData("v1.60", "grpc-FindTraces.bin")]
    [InlineData("v1.60", "grpc-FindTraces-raw.bin")]
    [InlineData("v2.10", "grpc-FindTraces.bin")]
    [InlineData("v2.10", "grpc-FindTraces-raw.bin")]
    public void Answers_over_grpc_are_the_traces_that_were_sent(string version, string name)
    {
        var spans = Frames(Captures.Read($"jaeger/{version}/{name}"))
            .SelectMany(frame => JaegerModel.Decode(Proto.SpansResponseChunk.Parser.ParseFrom(frame).Spans));
        AssertSame([.. spans], 169, Jaeger | Carries.Nanoseconds);
    }

    [Theory]
    [InlineData("v1.60")]
    [InlineData("v2.10")]
    public void Answers_in_json_are_the_traces_that_were_sent(string version)
    {
        AssertSame(JaegerJson.Decode(Captures.Read($"jaeger/{version}/http-v1-traces.200.json")), 169, Jaeger);
        AssertSame(
            JaegerV3Json.Decode(Captures.Read($"jaeger/{version}/http-v3-traces-snake.200.json")),
            169,
            Jaeger | Carries.Nanoseconds
        );
    }

    [Theory]
    [InlineData("01-dht-findProviders-found", 21)]
    [InlineData("14-dht-put", 42)]
    [InlineData("25-dht-findProviders-dead-peers", 21)]
    public void Every_exporter_sends_the_same_trace(string name, int spans)
    {
        AssertSame(ReadAll($"{name}.jaeger-client-http.*", Binary), spans, Carries.JsonArrays);
        AssertSame(ReadAll($"{name}.jaeger-client-udp-binary.*", Binary), spans, Carries.JsonArrays);
        AssertSame(ReadAll($"{name}.jaeger-exporter-http.*", Binary), spans, Carries.Scope | Carries.Ok);
        AssertSame(ReadAll($"{name}.jaeger-exporter-udp-binary.*", Binary), spans, Carries.Scope | Carries.Ok);
        AssertSame(ReadAll($"{name}.zipkin.*", data => ZipkinJson.Decode(data)), spans, Carries.Ok);
        AssertSame(ReadAll($"{name}.otlp-http-proto.*", data => OtlpProtobuf.Decode(data)), spans, Jaeger | Carries.Nanoseconds);
        AssertSame(ReadAll($"{name}.otlp-grpc.*", data => OtlpProtobuf.Decode(data)), spans, Jaeger | Carries.Nanoseconds);
    }

    private static IReadOnlyList<Span> Binary(byte[] data) => JaegerThrift.Decode(data, ThriftProtocol.Binary);

    private static Span[] ReadAll(string pattern, Func<byte[], IReadOnlyList<Span>> decode) =>
        [.. Captures.Names("js-libp2p/other", pattern).SelectMany(name => decode(Captures.Read(name)))];

    // gRPC: a flag, four bytes of length, a message, again and again.
    private static List<byte[]> Frames(byte[] body)
    {
        var frames = new List<byte[]>();
        for (var at = 0; at < body.Length; )
        {
            Assert.Equal(0, body[at]);
            var length = (int)BinaryPrimitives.ReadUInt32BigEndian(body.AsSpan(at + 1));
            frames.Add(body[(at + 5)..(at + 5 + length)]);
            at += 5 + length;
        }

        return frames;
    }

    private static void AssertSame(IReadOnlyList<Span> spans, int count, Carries carries)
    {
        Assert.Equal(count, spans.Select(span => (span.TraceId, span.SpanId)).Distinct().Count());
        Assert.Equal(count, spans.Count);
        foreach (var span in spans)
        {
            AssertSame(Originals.Value[(span.TraceId, span.SpanId)], span, carries);
        }
    }

    private static void AssertSame(Span original, Span span, Carries carries)
    {
        Assert.Equal(
            (original.ParentSpanId, original.Name, original.Resource.ServiceName),
            (span.ParentSpanId, span.Name, span.Resource.ServiceName)
        );
        AssertTimes(original, span, carries.HasFlag(Carries.Nanoseconds) ? 0UL : 1000UL);
        Assert.Equal(carries.HasFlag(Carries.Kind) ? original.Kind : SpanKind.Unspecified, span.Kind);
        Assert.Equal(
            carries.HasFlag(Carries.Scope) ? (original.Scope.Name, original.Scope.Version) : ("", ""),
            (span.Scope.Name, span.Scope.Version)
        );
        if (carries.HasFlag(Carries.Resource))
        {
            Assert.Equal(original.Resource.Attributes, span.Resource.Attributes);
        }

        Assert.Equal(original.Status?.Code == StatusCode.Error || carries.HasFlag(Carries.Ok) ? original.Status : null, span.Status);
        Assert.Equal(Texts(original.Attributes, carries).Order(), Texts(Own(span.Attributes), carries).Order());
        Assert.Equal(original.Events.Length, span.Events.Length);
        foreach (var (one, other) in original.Events.Zip(span.Events))
        {
            Assert.Equal(one.Name, other.Name);
            Assert.Equal(Texts(one.Attributes, carries).Order(), Texts(other.Attributes, carries).Order());
        }
    }

    private static void AssertTimes(Span original, Span span, ulong tolerance)
    {
        Assert.InRange(span.StartUnixNano, original.StartUnixNano - tolerance, original.StartUnixNano + tolerance);
        Assert.InRange(span.EndUnixNano, original.EndUnixNano - (2 * tolerance), original.EndUnixNano + (2 * tolerance));
    }

    // Jaeger 1.60 adds how the span came; exporters without a resource of their own repeat its attributes on every span.
    private static IEnumerable<KeyValuePair<string, AttributeValue>> Own(AttributeList attributes) =>
        attributes.Where(pair =>
            pair.Key is not "internal.span.format" and not "service.name"
            && !pair.Key.StartsWith("telemetry.sdk.", StringComparison.Ordinal)
        );

    private static IEnumerable<string> Texts(IEnumerable<KeyValuePair<string, AttributeValue>> attributes, Carries carries) =>
        attributes.Select(pair => $"{pair.Key}={Text(pair.Value, carries)}");

    private static string Text(AttributeValue value, Carries carries) =>
        value switch
        {
            StringValue text => text.Value,
            ArrayValue array when carries.HasFlag(Carries.JsonArrays) => JsonSerializer.Serialize(
                array.Values.Select(element => element.AsString())
            ),
            ArrayValue array => string.Join(',', array.Values.Select(element => element.AsString())),
            _ => value.ToString(),
        };
}
