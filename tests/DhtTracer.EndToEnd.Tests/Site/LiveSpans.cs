using System.Net.Http.Headers;
using DhtTracer.Traces.Model;
using DhtTracer.Traces.Otlp;

namespace DhtTracer.EndToEnd.Tests.Site;

/// <summary>Sends the spans of a query of a native node piece by piece, as a node does while the query runs.</summary>
internal sealed class LiveSpans(HttpClient client, string endpoint, int number) : IDisposable
{
    public const string Node = "12D3KooWGzxzKZYveHXtpG6AsrUJBcWxHBFS2HsEoGTxrMLvKXtf";

    private static readonly InstrumentationScope Scope = new() { Name = "DhtTracer.Kademlia", Version = "0.1.0" };
    private static readonly Resource Resource = new()
    {
        Attributes = AttributeList.Of(("service.name", "live"), ("service.instance.id", Node)),
    };

    private readonly TraceId _trace = new(0x11FE, (ulong)number);
    private readonly SpanId _root = new((ulong)number + 1);
    private readonly ulong _start = (ulong)(DateTimeOffset.UtcNow - DateTimeOffset.UnixEpoch).Ticks * 100;
    private ulong _next = 0x100;

    /// <summary>The permalink's last part.</summary>
    public string Id => $"{_trace}-{_root}";

    /// <summary>What it looks for.</summary>
    public string Key { get; } = $"/v/live-{number}";

    /// <summary>A peer that answered.</summary>
    public Task PeerAsync(string peer, int order)
    {
        var at = _start + ((ulong)order * 1_000_000);
        var row = Span(
            "dht.peer",
            _root,
            at,
            at + 5_000_000,
            ("dht.peer.id", peer),
            ("dht.peer.order", order),
            ("dht.peer.hops", 0),
            ("dht.peer.state", "answered")
        );
        var request = Span(
            "dht.request",
            row.SpanId,
            at,
            at + 4_000_000,
            ("dht.peer.id", peer),
            ("dht.message.type", "FIND_NODE"),
            ("dht.request.outcome", "answered")
        );
        return SendAsync(row, request);
    }

    /// <summary>The root, with which the query is complete: after 2.5 s when no duration is given.</summary>
    public Task EndAsync(TimeSpan? duration = null)
    {
        var end = Span(
            "dht.query",
            default,
            _start,
            _start + (ulong)((duration ?? TimeSpan.FromSeconds(2.5)).Ticks * TimeSpan.NanosecondsPerTick),
            ("dht.query.type", "get-value"),
            ("dht.key.text", Key),
            ("dht.key", Convert.ToHexStringLower(System.Text.Encoding.UTF8.GetBytes(Key))),
            ("dht.node", Node),
            ("dht.query.outcome", "success")
        );
        return SendAsync(end with { SpanId = _root });
    }

    /// <inheritdoc/>
    public void Dispose() => client.Dispose();

    private Span Span(string name, SpanId parent, ulong from, ulong to, params (string, AttributeValue)[] attributes) =>
        new()
        {
            TraceId = _trace,
            SpanId = new SpanId(_next++),
            ParentSpanId = parent,
            Name = name,
            StartUnixNano = from,
            EndUnixNano = to,
            Attributes = AttributeList.Of(attributes),
            Resource = Resource,
            Scope = Scope,
        };

    private async Task SendAsync(params IReadOnlyList<Span> spans)
    {
        using var content = new ByteArrayContent(OtlpProtobuf.Encode(spans));
        content.Headers.ContentType = new MediaTypeHeaderValue("application/x-protobuf");
        using var answer = await client.PostAsync(new Uri(endpoint), content);
        answer.EnsureSuccessStatusCode();
    }
}
