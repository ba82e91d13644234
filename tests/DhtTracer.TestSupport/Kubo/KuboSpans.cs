using System.Text;
using System.Text.Unicode;
using DhtTracer.Multiformats;
using DhtTracer.Traces.Model;

namespace DhtTracer.TestSupport.Kubo;

/// <summary>Collects spans with the names, scopes and encodings of go-libp2p-kad-dht.</summary>
internal sealed class KuboSpans(Random random, string? node)
{
    private static readonly InstrumentationScope Kad = new() { Name = "go-libp2p-kad-dht" };
    private static readonly InstrumentationScope DualScope = new() { Name = "go-libp2p-kad-dht/dual" };

    private readonly TraceId _traceId = new((ulong)random.NextInt64(1, long.MaxValue), (ulong)random.NextInt64());
    private readonly Resource _resource = new()
    {
        Attributes = node is null
            ? AttributeList.Of(("service.name", "Kubo"), ("service.version", "0.38.1"))
            : AttributeList.Of(("service.name", "Kubo"), ("service.version", "0.38.1"), ("service.instance.id", node)),
    };

    public List<Span> Spans { get; } = [];

    public SpanId NewId() => new((ulong)random.NextInt64(1, long.MaxValue));

    public void Add(
        SpanId id,
        SpanId parent,
        string name,
        ulong start,
        ulong end,
        IEnumerable<(string Key, AttributeValue Value)>? attributes = null,
        string? error = null,
        IEnumerable<SpanEvent>? events = null
    ) =>
        Spans.Add(
            new Span
            {
                TraceId = _traceId,
                SpanId = id,
                ParentSpanId = parent,
                Name = name,
                Kind = SpanKind.Internal,
                StartUnixNano = start,
                EndUnixNano = end,
                Attributes = AttributeList.Of(attributes ?? []),
                Events = [.. events ?? []],
                Status = new SpanStatus(error is null ? StatusCode.Unset : StatusCode.Error, error ?? ""),
                Flags = 0x101,
                Resource = _resource,
                Scope = name.Contains("Dual.", StringComparison.Ordinal) ? DualScope : Kad,
            }
        );

    public static SpanEvent Event(ulong at, string name, params (string Key, AttributeValue Value)[] attributes) =>
        new()
        {
            TimeUnixNano = at,
            Name = name,
            Attributes = AttributeList.Of(attributes),
        };

    /// <summary>A list of strings.</summary>
    public static AttributeValue Texts(IEnumerable<string> texts) => new ArrayValue([.. texts.Select(static text => (AttributeValue)text)]);

    /// <summary>Go's <c>KeyAsAttribute</c>: the bytes as text when they are UTF-8, else multibase base58.</summary>
    public static string Key(byte[] bytes) => Utf8.IsValid(bytes) ? Encoding.UTF8.GetString(bytes) : "z" + Base58.Encode(bytes);
}
