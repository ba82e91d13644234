using System.Buffers.Binary;
using System.IO.Compression;
using DhtTracer.Multiformats;
using DhtTracer.TestSupport.Kubo;
using DhtTracer.Traces.Model;
using DhtTracer.Traces.Otlp;

namespace DhtTracer.Bench.Ingest;

/// <summary>One export request as a Kubo's batch processor makes it.</summary>
/// <param name="Spans">Spans in it.</param>
/// <param name="RawBytes">Bytes as OTLP protobuf.</param>
/// <param name="Gzip">The body.</param>
internal sealed record KuboBatch(int Spans, int RawBytes, byte[] Gzip);

/// <summary>What a load is made of.</summary>
internal enum LoadKind
{
    /// <summary>Queries, a trace each.</summary>
    Queries,

    /// <summary>Probes of peers: traces of one span that hold no query (85 % of the traces of a Kubo with few peers).</summary>
    Probes,

    /// <summary>Queries that all belong to one trace whose root never comes, as the provides of <c>ipfs add</c>.</summary>
    Endless,
}

/// <summary>A load of simulated spans in one network, kept in a file because making it takes longer than sending it.</summary>
internal static class KuboLoad
{
    /// <summary>Spans of one export request: the default of OpenTelemetry's batch processor.</summary>
    private const int BatchSize = 512;

    /// <summary>Queries under way at once in a busy node.</summary>
    private const int Concurrency = 16;

    /// <summary>DHT servers of the Amino network, about.</summary>
    private const int NetworkSize = 10_000;

    /// <param name="folder">Where the file is kept.</param>
    /// <param name="count">Number of queries or probes.</param>
    /// <param name="seed">Start of the random numbers.</param>
    /// <param name="kind">What the load is made of.</param>
    public static string Prepare(string folder, int count, int seed, LoadKind kind = LoadKind.Queries)
    {
        var name = kind == LoadKind.Queries ? "load" : kind.ToString().ToLowerInvariant();
        var path = Path.Combine(folder, $"kubo-{name}-{seed}-{count}.bin");
        if (File.Exists(path))
        {
            return path;
        }

        Console.WriteLine($"Simulating {count} {(kind == LoadKind.Probes ? "probes" : "queries")} in a network of {NetworkSize} peers ...");
        Directory.CreateDirectory(folder);
        using (var output = File.Create(path + ".tmp"))
        {
            var batch = new List<Span>(BatchSize);
            var spans = kind switch
            {
                LoadKind.Probes => Probes(count, seed),
                LoadKind.Endless => InOneTrace(Interleaved(count, seed)),
                _ => Interleaved(count, seed),
            };
            foreach (var span in spans)
            {
                batch.Add(span);
                if (batch.Count == BatchSize)
                {
                    Write(output, batch);
                    batch.Clear();
                }
            }

            if (batch.Count > 0)
            {
                Write(output, batch);
            }
        }

        File.Move(path + ".tmp", path, overwrite: true);
        return path;
    }

    public static List<KuboBatch> Read(string path)
    {
        using var input = File.OpenRead(path);
        var batches = new List<KuboBatch>();
        var head = new byte[12];
        while (input.ReadAtLeast(head, head.Length, throwOnEndOfStream: false) == head.Length)
        {
            var body = new byte[BinaryPrimitives.ReadInt32LittleEndian(head.AsSpan(8))];
            input.ReadExactly(body);
            batches.Add(
                new KuboBatch(BinaryPrimitives.ReadInt32LittleEndian(head), BinaryPrimitives.ReadInt32LittleEndian(head.AsSpan(4)), body)
            );
        }

        return batches;
    }

    public static byte[] Inflate(byte[] gzip)
    {
        using var input = new GZipStream(new MemoryStream(gzip), CompressionMode.Decompress);
        using var output = new MemoryStream();
        input.CopyTo(output);
        return output.ToArray();
    }

    /// <summary>Spans in the order of their ends, those of a few queries mixed, as they leave a node.</summary>
    private static IEnumerable<Span> Interleaved(int queries, int seed)
    {
        var population = new KuboPopulation(seed, NetworkSize);
        var simulator = new KuboTraceSimulator(seed);
        var random = new Random(seed);
        foreach (var group in simulator.Simulate(queries, population).Chunk(Concurrency))
        {
            var places = new int[group.Length];
            var left = group.Sum(trace => trace.Spans.Length);
            while (left > 0)
            {
                var i = random.Next(group.Length);
                for (var run = random.Next(1, 12); run > 0 && places[i] < group[i].Spans.Length; run--)
                {
                    left--;
                    yield return group[i].Spans[places[i]++];
                }
            }
        }
    }

    private static IEnumerable<Span> InOneTrace(IEnumerable<Span> spans)
    {
        var (trace, root) = (new TraceId(0xE4D1E55, 1), new SpanId(0xE4D1E55));
        return spans.Select(span => span with { TraceId = trace, ParentSpanId = span.ParentSpanId.IsZero ? root : span.ParentSpanId });
    }

    private static IEnumerable<Span> Probes(int count, int seed)
    {
        var random = new Random(seed);
        var resource = new Resource { Attributes = AttributeList.Of(("service.name", "Kubo"), ("service.version", "0.38.1")) };
        var scope = new InstrumentationScope { Name = "go-libp2p-kad-dht" };
        var peers = Enumerable.Range(0, NetworkSize).Select(_ => Peer(random)).ToArray();
        var start = 1_700_000_000_000_000_000UL;
        for (var i = 0; i < count; i++)
        {
            var peer = peers[random.Next(peers.Length)];
            start += (ulong)random.Next(1_000_000);
            yield return new Span
            {
                TraceId = new TraceId((ulong)random.NextInt64(1, long.MaxValue), (ulong)random.NextInt64()),
                SpanId = new SpanId((ulong)random.NextInt64(1, long.MaxValue)),
                Name = "KademliaDHT.ProtocolMessenger.GetClosestPeers",
                Kind = SpanKind.Internal,
                StartUnixNano = start,
                EndUnixNano = start + (ulong)random.Next(1_000_000, 500_000_000),
                Attributes = AttributeList.Of(("to", peer), ("key", peer)),
                Resource = resource,
                Scope = scope,
            };
        }
    }

    private static string Peer(Random random)
    {
        // An Ed25519 peer id: a multihash of type identity over the public key.
        var id = new byte[38];
        random.NextBytes(id);
        new byte[] { 0x00, 0x24, 0x08, 0x01, 0x12, 0x20 }.CopyTo(id, 0);
        return Base58.Encode(id);
    }

    private static void Write(FileStream output, List<Span> spans)
    {
        var raw = OtlpProtobuf.Encode(spans);
        using var body = new MemoryStream();
        using (var gzip = new GZipStream(body, CompressionLevel.Optimal, leaveOpen: true))
        {
            gzip.Write(raw);
        }

        var head = new byte[12];
        BinaryPrimitives.WriteInt32LittleEndian(head, spans.Count);
        BinaryPrimitives.WriteInt32LittleEndian(head.AsSpan(4), raw.Length);
        BinaryPrimitives.WriteInt32LittleEndian(head.AsSpan(8), (int)body.Length);
        output.Write(head);
        output.Write(body.GetBuffer().AsSpan(0, (int)body.Length));
    }
}
