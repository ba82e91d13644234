using System.Globalization;
using DhtTracer.Traces.Model;

namespace DhtTracer.TestSupport;

/// <summary>
/// Arbitrary spans from a seed: every field, every attribute type, nested values, empty and repeated keys, text outside ASCII.
/// A property test gives <c>Spans</c> the seed that FsCheck drew, so that a failure names the seed that repeats it.
/// </summary>
public sealed class ArbitrarySpans
{
    private static readonly string[] Texts =
    [
        "",
        "a",
        "to",
        "message type",
        "closer-0",
        "Ärger",
        "日本語",
        "🌍 rocket",
        "quote\"back\\slash",
        "line\nbreak\ttab",
        "\u0000\u001F",
        "</script><b>",
        "'+&",
    ];

    private readonly Random _random;

    private ArbitrarySpans(int seed) => _random = new Random(seed);

    /// <summary>Up to <paramref name="most"/> spans with distinct ids, of a few resources, scopes and traces.</summary>
    public static IReadOnlyList<Span> Spans(int seed, int most = 12) => new ArbitrarySpans(seed).Make(most);

    private IReadOnlyList<Span> Make(int most)
    {
        var resources = Enumerable.Range(0, _random.Next(1, 4)).Select(_ => MakeResource()).ToArray();
        var scopes = Enumerable.Range(0, _random.Next(1, 4)).Select(_ => MakeScope()).ToArray();
        var traces = Enumerable.Range(0, _random.Next(1, 4)).Select(_ => MakeTraceId()).ToArray();
        return
        [
            .. Enumerable
                .Range(1, _random.Next(0, most + 1))
                .Select(number => MakeSpan(number, Pick(traces), Pick(resources), Pick(scopes))),
        ];
    }

    private Span MakeSpan(int number, TraceId trace, Resource resource, InstrumentationScope scope) =>
        new()
        {
            TraceId = trace,
            SpanId = new SpanId(((ulong)_random.NextInt64() << 8) | (byte)number),
            ParentSpanId = Chance(2) ? default : new SpanId((ulong)_random.NextInt64() | 1),
            Name = MakeText(),
            Kind = (SpanKind)_random.Next(0, 6),
            StartUnixNano = MakeTime(),
            EndUnixNano = MakeTime(),
            Attributes = MakeAttributes(5, 3),
            Events = [.. Enumerable.Range(0, Few()).Select(_ => MakeEvent())],
            Links = [.. Enumerable.Range(0, Few()).Select(_ => MakeLink())],
            Status = Chance(3) ? null : new SpanStatus((StatusCode)_random.Next(0, 3), Chance(2) ? "" : MakeText()),
            TraceState = Chance(3) ? "congo=t61rcWkgMzE" : "",
            Flags = Chance(2) ? 0 : (uint)_random.NextInt64(0, uint.MaxValue + 1L),
            DroppedAttributesCount = MakeCount(),
            DroppedEventsCount = MakeCount(),
            DroppedLinksCount = MakeCount(),
            Resource = resource,
            Scope = scope,
        };

    private SpanEvent MakeEvent() =>
        new()
        {
            TimeUnixNano = MakeTime(),
            Name = MakeText(),
            Attributes = MakeAttributes(3, 2),
            DroppedAttributesCount = MakeCount(),
        };

    private SpanLink MakeLink() =>
        new()
        {
            TraceId = MakeTraceId(),
            SpanId = new SpanId((ulong)_random.NextInt64() | 1),
            TraceState = Chance(3) ? "rojo=00f067aa0ba902b7" : "",
            Attributes = MakeAttributes(2, 1),
            DroppedAttributesCount = MakeCount(),
            Flags = Chance(2) ? 0 : (uint)_random.Next(),
        };

    private Resource MakeResource() =>
        new()
        {
            Attributes = new AttributeList([
                .. Chance(4) ? [] : new[] { KeyValuePair.Create<string, AttributeValue>("service.name", MakeText()) },
                .. MakeAttributes(3, 1),
            ]),
            DroppedAttributesCount = MakeCount(),
            SchemaUrl = Chance(3) ? "https://opentelemetry.io/schemas/1.26.0" : "",
        };

    private InstrumentationScope MakeScope() =>
        new()
        {
            Name = MakeText(),
            Version = Chance(2) ? "" : _random.Next(100).ToString(CultureInfo.InvariantCulture),
            Attributes = MakeAttributes(2, 1),
            DroppedAttributesCount = MakeCount(),
            SchemaUrl = Chance(3) ? "https://example.org/schema" : "",
        };

    private AttributeList MakeAttributes(int most, int depth) =>
        new([.. Enumerable.Range(0, _random.Next(0, most + 1)).Select(_ => KeyValuePair.Create(MakeText(), MakeValue(depth)))]);

    private AttributeValue MakeValue(int depth)
    {
        switch (_random.Next(0, depth > 0 ? 8 : 6))
        {
            case 0:
                return Chance(5) ? EmptyValue.Instance : new BoolValue(Chance(2));
            case 1:
                return new IntValue(Pick(0, 1, -1, 42, long.MaxValue, long.MinValue, (1L << 53) + 1, _random.NextInt64()));
            case 2:
                return new DoubleValue(
                    Pick(
                        0,
                        -0.5,
                        double.MaxValue,
                        double.Epsilon,
                        double.NaN,
                        double.PositiveInfinity,
                        double.NegativeInfinity,
                        _random.NextDouble()
                    )
                );
            case 3:
                var bytes = new byte[_random.Next(0, 9)];
                _random.NextBytes(bytes);
                return new BytesValue([.. bytes]);
            case 6:
                return new ArrayValue([.. Enumerable.Range(0, Few()).Select(_ => MakeValue(depth - 1))]);
            case 7:
                return new KeyValueListValue(MakeAttributes(3, depth - 1));
            default:
                return new StringValue(MakeText());
        }
    }

    private string MakeText() => Chance(8) ? new string('x', _random.Next(100, 300)) : Pick(Texts);

    private TraceId MakeTraceId() => new(Chance(4) ? 0 : (ulong)_random.NextInt64(), (ulong)_random.NextInt64() | 1);

    private ulong MakeTime() => Chance(6) ? Pick(0UL, 1UL, ulong.MaxValue) : (ulong)_random.NextInt64();

    private uint MakeCount() => Chance(3) ? (uint)_random.Next() : 0;

    private int Few() => Math.Max(0, _random.Next(-2, 4));

    private bool Chance(int oneOf) => _random.Next(oneOf) == 0;

    private T Pick<T>(params T[] choices) => choices[_random.Next(choices.Length)];
}
