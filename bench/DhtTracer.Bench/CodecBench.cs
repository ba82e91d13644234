using System.Diagnostics;
using DhtTracer.Traces.Model;
using DhtTracer.Traces.Otlp;

namespace DhtTracer.Bench;

/// <summary>
/// How fast OTLP is read and written on one thread: our reader against the generated parser alone. CPU time, so that a busy machine
/// disturbs little; run with <c>DOTNET_TieredCompilation=0</c> to leave out the compiler's warm-up.
/// </summary>
internal static class CodecBench
{
    private const int Spans = 5000;

    public static void Run(TextWriter output)
    {
        var spans = MakeSpans();
        var protobuf = OtlpProtobuf.Encode(spans);
        var json = OtlpJson.Encode(spans);
        output.WriteLine($"{Spans} spans, {protobuf.Length / Spans} bytes a span in protobuf, {json.Length / Spans} in JSON");
        Measure(output, "OTLP protobuf, ours, read", protobuf.Length, () => OtlpProtobuf.Decode(protobuf));
        Measure(
            output,
            "OTLP protobuf, generated, parse only",
            protobuf.Length,
            () => Traces.Otlp.Proto.TracesData.Parser.ParseFrom(protobuf)
        );
        Measure(output, "OTLP protobuf, ours, write", protobuf.Length, () => OtlpProtobuf.Encode(spans));
        Measure(output, "OTLP JSON, read", json.Length, () => OtlpJson.Decode(json));
        Measure(output, "OTLP JSON, write", json.Length, () => OtlpJson.Encode(spans));
    }

    private static void Measure(TextWriter output, string name, int bytes, Func<object> action)
    {
        for (var warmUp = 0; warmUp < 5; warmUp++)
        {
            action();
        }

        var allocated = GC.GetAllocatedBytesForCurrentThread();
        using var process = Process.GetCurrentProcess();
        var before = process.TotalProcessorTime;
        var wall = Stopwatch.StartNew();
        var rounds = 0;
        while (wall.ElapsedMilliseconds < 2500)
        {
            action();
            rounds++;
        }

        process.Refresh();
        var seconds = (process.TotalProcessorTime - before).TotalSeconds;
        allocated = GC.GetAllocatedBytesForCurrentThread() - allocated;
        output.WriteLine(
            $"{name, -40} {rounds * (double)Spans / seconds, 12:N0} spans/s {rounds * (double)bytes / seconds / 1e6, 7:N0} MB/s "
                + $"{allocated / rounds / Spans, 6:N0} bytes allocated a span"
        );
    }

    // As go-libp2p-kad-dht emits them: peer ids of a network of 2,000, about 580 bytes, 150 spans a trace.
    private static Span[] MakeSpans()
    {
        var random = new Random(1);
        var peers = Enumerable
            .Range(0, 2000)
            .Select(_ => "12D3KooW" + new string(random.GetItems<char>("123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz", 44)))
            .ToArray();
        var resource = new Resource
        {
            Attributes = AttributeList.Of(("service.name", "kubo"), ("service.version", "0.30.0"), ("telemetry.sdk.language", "go")),
        };
        var scope = new InstrumentationScope { Name = "go-libp2p-kad-dht" };
        return
        [
            .. Enumerable
                .Range(0, Spans)
                .Select(number => new Span
                {
                    TraceId = new TraceId(7, (ulong)(number / 150) + 1),
                    SpanId = new SpanId((ulong)random.NextInt64() | 1),
                    ParentSpanId = new SpanId(5),
                    Name = "KademliaDHT.QueryPeer",
                    Kind = SpanKind.Internal,
                    StartUnixNano = 1_795_337_015_000_000_000 + (ulong)random.NextInt64(1_000_000_000),
                    EndUnixNano = 1_795_337_017_000_000_000 + (ulong)random.NextInt64(1_000_000_000),
                    Attributes = AttributeList.Of(
                        ("PeerID", Peer()),
                        ("Key", peers[number / 150]),
                        ("NewPeers", new ArrayValue([Peer(), Peer(), Peer()])),
                        ("Hops", 3L),
                        ("Ok", true),
                        ("Cause", Peer())
                    ),
                    Events =
                    [
                        new SpanEvent
                        {
                            Name = "request",
                            TimeUnixNano = 1_795_337_016_000_000_000,
                            Attributes = AttributeList.Of(("Peer", Peer())),
                        },
                    ],
                    Status = new SpanStatus(StatusCode.Unset),
                    Flags = 257,
                    Resource = resource,
                    Scope = scope,
                }),
        ];

        string Peer() => peers[random.Next(peers.Length)];
    }
}
