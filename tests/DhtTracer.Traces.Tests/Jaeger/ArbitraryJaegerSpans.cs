using Google.Protobuf;
using Duration = Google.Protobuf.WellKnownTypes.Duration;
using Proto = DhtTracer.Traces.Jaeger.Proto;
using Timestamp = Google.Protobuf.WellKnownTypes.Timestamp;

namespace DhtTracer.Traces.Tests.Jaeger;

/// <summary>Arbitrary spans of Jaeger's model from a seed: tags of all types, also under the names that have a meaning in OTLP.</summary>
internal sealed class ArbitraryJaegerSpans
{
    private static readonly string[] Keys =
    [
        "a",
        "message type",
        "span.kind",
        "error",
        "otel.status_code",
        "otel.status_description",
        "otel.library.name",
        "otel.scope.name",
        "otel.scope.version",
        "w3c.tracestate",
        "internal.span.format",
        "event",
        "ünï",
    ];

    private static readonly string[] Texts = ["", "x", "client", "gateway", "OK", "ERROR", "true", "日本", "a=b"];

    private readonly Random _random;

    private ArbitraryJaegerSpans(int seed) => _random = new Random(seed);

    public static Proto.Span Span(int seed) => new ArbitraryJaegerSpans(seed).MakeSpan();

    private Proto.Span MakeSpan()
    {
        var traceId = Id(16);
        var span = new Proto.Span
        {
            TraceId = traceId,
            SpanId = Id(8),
            OperationName = Pick(Texts),
            Flags = (uint)_random.Next(0, 4),
            StartTime = Time(),
            Duration = new Duration { Seconds = _random.Next(0, 100), Nanos = _random.Next(0, 1_000_000_000) },
            Process = new Proto.Process { ServiceName = Pick(Texts) },
        };
        span.Process.Tags.AddRange(Tags(3));
        span.Tags.AddRange(Tags(6));
        for (var left = _random.Next(0, 3); left > 0; left--)
        {
            span.References.Add(
                new Proto.SpanRef
                {
                    TraceId = _random.Next(2) == 0 ? traceId : Id(16),
                    SpanId = Id(8),
                    RefType = (Proto.SpanRefType)_random.Next(0, 2),
                }
            );
        }

        for (var left = _random.Next(0, 3); left > 0; left--)
        {
            var log = new Proto.Log { Timestamp = Time() };
            log.Fields.AddRange(Tags(3));
            span.Logs.Add(log);
        }

        span.Warnings.AddRange(Enumerable.Range(0, _random.Next(0, 3)).Select(_ => Pick(Texts)));
        return span;
    }

    private IEnumerable<Proto.KeyValue> Tags(int most) => Enumerable.Range(0, _random.Next(0, most + 1)).Select(_ => Tag());

    private Proto.KeyValue Tag()
    {
        var key = Pick(Keys);
        return _random.Next(0, 8) switch
        {
            0 => new Proto.KeyValue
            {
                Key = key,
                VType = Proto.ValueType.Bool,
                VBool = _random.Next(2) == 0,
            },
            1 => new Proto.KeyValue
            {
                Key = key,
                VType = Proto.ValueType.Int64,
                VInt64 = _random.NextInt64(long.MinValue, long.MaxValue),
            },
            2 => new Proto.KeyValue
            {
                Key = key,
                VType = Proto.ValueType.Float64,
                VFloat64 = _random.NextDouble(),
            },
            3 => new Proto.KeyValue
            {
                Key = key,
                VType = Proto.ValueType.Binary,
                VBinary = Id(_random.Next(0, 5)),
            },
            _ => new Proto.KeyValue { Key = key, VStr = Pick(Texts) },
        };
    }

    private Timestamp Time() => new() { Seconds = _random.Next(0, int.MaxValue), Nanos = _random.Next(0, 1_000_000_000) };

    private ByteString Id(int length)
    {
        var bytes = new byte[length];
        _random.NextBytes(bytes);
        if (length > 0)
        {
            bytes[^1] |= 1;
        }

        return ByteString.CopyFrom(bytes);
    }

    private T Pick<T>(T[] choices) => choices[_random.Next(choices.Length)];
}
