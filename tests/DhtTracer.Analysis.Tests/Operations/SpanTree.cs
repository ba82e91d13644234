using DhtTracer.Traces.Model;

namespace DhtTracer.Analysis.Tests.Operations;

/// <summary>Builds spans as a Kubo or another go-libp2p program sends them. Times are microseconds.</summary>
internal sealed class SpanTree(string service = "Kubo", string? instance = null)
{
    public const string Peer = "12D3KooWEFKVjb5T6A9Ke15ENYbxJ9BiJyeZLt6i8sJpPGXXBdiK";
    public const string Cid = "bafkreifjjopfw62zr65wn6hpntwovraer6o6ocyqvs7rsn4d3qespe2s2q";

    /// <summary><see cref="Cid"/>'s multihash, as requests write it.</summary>
    public const string CidHex = "1220a94b9e5b7b598fbb66f8ef6ceceac4048f9de70b10acbf193783dc09279352d4";
    public const ulong Epoch = 1_796_016_688_000_000_000;

    private readonly Resource _resource = new()
    {
        Attributes = AttributeList.Of(
            instance is null ? [("service.name", service)] : [("service.name", service), ("service.instance.id", instance)]
        ),
    };

    private readonly List<Span> _spans = [];
    private ulong _lastId;

    public TraceId TraceId { get; init; } = new(7, 7);

    /// <summary>Id that no span has: the parent of spans whose parent was never exported.</summary>
    public static SpanId Missing { get; } = new(ulong.MaxValue);

    public IReadOnlyList<Span> Spans => _spans;

    public ReconstructedTrace Reconstruct() => TraceReconstruction.Reconstruct(_spans);

    public Span Add(string name, SpanId parent, long startUs, long endUs, params (string Key, AttributeValue Value)[] attributes)
    {
        var span = new Span
        {
            TraceId = TraceId,
            SpanId = new SpanId(++_lastId),
            ParentSpanId = parent,
            Name = name,
            StartUnixNano = Epoch + (ulong)(startUs * 1000),
            EndUnixNano = Epoch + (ulong)(endUs * 1000),
            Attributes = AttributeList.Of(attributes),
            Resource = _resource,
            Scope = InstrumentationScope.Empty,
        };
        _spans.Add(span);
        return span;
    }

    /// <summary>Replaces a span by one with an error.</summary>
    public Span Fail(Span span, string message) => Replace(span, span with { Status = new SpanStatus(StatusCode.Error, message) });

    /// <summary>Replaces a span by one with an event that names a result.</summary>
    public Span Event(Span span, long atUs, string name, string id) =>
        Replace(
            span,
            span with
            {
                Events =
                [
                    .. span.Events,
                    new SpanEvent
                    {
                        TimeUnixNano = Epoch + (ulong)(atUs * 1000),
                        Name = name,
                        Attributes = AttributeList.Of(("id", id)),
                    },
                ],
            }
        );

    /// <summary>An HTTP command as Kubo's server emits it.</summary>
    public Span Command(string path, long endUs) =>
        Replace(
            Add("POST /api/v0/", default, -100, endUs, ("http.request.method", "POST"), ("url.path", path)),
            static span => span with { Kind = SpanKind.Server }
        );

    /// <summary>A lookup below a method that asks one peer and gets one other named.</summary>
    public Span Lookup(Span method, string peer, string answer, string message = "GetClosestPeers", string key = Peer)
    {
        var (start, end) = ((long)(method.StartUnixNano - Epoch) / 1000, (long)(method.EndUnixNano - Epoch) / 1000);
        var follow = Add("KademliaDHT.IpfsDHT.RunLookupWithFollowup", method.SpanId, start + 1, end - 1);
        var run = Add("KademliaDHT.IpfsDHT.RunQuery", follow.SpanId, start + 2, end - 2);
        var query = Add("KademliaDHT.IpfsDHT.Query.Run", run.SpanId, start + 3, end - 3);
        var spawn = Add(
            "KademliaDHT.IpfsDHT.SpawnQuery",
            query.SpanId,
            start + 4,
            start + 5,
            ("Cause", "12D3KooWMMbRsqtyhoxe997hNHg9NN8xEHwT4qS2heLkF6fuASNA"),
            ("QueryPeer", peer)
        );
        var asked = Add("KademliaDHT.IpfsDHT.QueryPeer", spawn.SpanId, start + 5, end - 4);
        _ = Add("KademliaDHT.IpfsDHT.DialPeer", asked.SpanId, start + 6, start + 7, ("PeerID", peer));
        _ = Add("KademliaDHT.IpfsDHT.Query.Terminate", query.SpanId, end - 4, end - 4, ("Reason", "completed"));
        return Add(
            "KademliaDHT.ProtocolMessenger." + message,
            run.SpanId,
            start + 8,
            end - 5,
            ("to", peer),
            ("key", key),
            (message == "GetProviders" ? "provs" : "peers", new ArrayValue([new StringValue(answer)]))
        );
    }

    /// <summary>A lookup on an empty routing table.</summary>
    public void EmptyLookup(Span method)
    {
        var start = (long)(method.StartUnixNano - Epoch) / 1000;
        var follow = Add("KademliaDHT.IpfsDHT.RunLookupWithFollowup", method.SpanId, start + 1, start + 2);
        _ = Add("KademliaDHT.IpfsDHT.RunQuery", follow.SpanId, start + 1, start + 2);
    }

    private Span Replace(Span span, Func<Span, Span> change) => Replace(span, change(span));

    private Span Replace(Span span, Span by)
    {
        _spans[_spans.FindIndex(each => each.SpanId == span.SpanId)] = by;
        return by;
    }
}
