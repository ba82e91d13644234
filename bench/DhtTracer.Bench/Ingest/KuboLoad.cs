using System.Buffers.Binary;
using System.IO.Compression;
using DhtTracer.TestSupport.Kubo;
using DhtTracer.Traces.Model;
using DhtTracer.Traces.Otlp;

namespace DhtTracer.Bench.Ingest;

/// <summary>One export request as a Kubo's batch processor makes it.</summary>
/// <param name="Spans">Spans in it.</param>
/// <param name="RawBytes">Bytes as OTLP protobuf.</param>
/// <param name="Gzip">The body.</param>
internal sealed record KuboBatch(int Spans, int RawBytes, byte[] Gzip);

/// <summary>A load of simulated queries in one network, kept in a file because making it takes longer than sending it.</summary>
internal static class KuboLoad
{
    /// <summary>Spans of one export request: the default of OpenTelemetry's batch processor.</summary>
    private const int BatchSize = 512;

    /// <summary>Queries under way at once in a busy node.</summary>
    private const int Concurrency = 16;

    /// <summary>DHT servers of the Amino network, about.</summary>
    private const int NetworkSize = 10_000;

    public static string Prepare(string folder, int queries, int seed)
    {
        var path = Path.Combine(folder, $"kubo-load-{seed}-{queries}.bin");
        if (File.Exists(path))
        {
            return path;
        }

        Console.WriteLine($"Simulating {queries} queries in a network of {NetworkSize} peers ...");
        Directory.CreateDirectory(folder);
        using (var output = File.Create(path + ".tmp"))
        {
            var batch = new List<Span>(BatchSize);
            foreach (var span in Interleaved(queries, seed))
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
