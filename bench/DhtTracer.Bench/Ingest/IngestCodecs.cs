using System.Buffers;
using System.Diagnostics;
using System.IO.Compression;
using DhtTracer.Analysis;
using DhtTracer.Analysis.Reconstruction;
using DhtTracer.Storage.Packed;
using DhtTracer.Traces.Otlp;
using ZstdSharp;

namespace DhtTracer.Bench.Ingest;

/// <summary>Bytes a span and speed of the ways to pack a trace.</summary>
internal static class IngestCodecs
{
    public static int Run(string load)
    {
        var batches = KuboLoad.Read(load);
        var traces = batches
            .SelectMany(batch => OtlpSplitter.Split(KuboLoad.Inflate(batch.Gzip)).Slices)
            .GroupBy(slice => slice.TraceId)
            .Select(group => (Otlp: group.SelectMany(slice => slice.Otlp.ToArray()).ToArray(), Spans: group.Sum(slice => slice.SpanCount)))
            .ToList();
        var spans = traces.Sum(trace => trace.Spans);
        var raw = traces.Sum(trace => (long)trace.Otlp.Length);
        Console.WriteLine(
            $"{traces.Count} traces, {spans} spans, {(double)raw / spans:N0} bytes a span raw, "
                + $"{(double)batches.Sum(batch => batch.Gzip.Length) / spans:N0} as gzip batches"
        );

        var peers = traces.ConvertAll(trace =>
            TraceReconstruction
                .Reconstruct(SpanMerge.Merge(OtlpProtobuf.Decode(trace.Otlp)))
                .Queries.SelectMany(query => query.Peers)
                .Select(peer => peer.Id)
                .Distinct()
                .ToList()
        );
        var (substituted, references) = (new List<byte[]>(), 0L);
        var watch = Stopwatch.StartNew();
        for (var i = 0; i < traces.Count; i++)
        {
            var output = new ArrayBufferWriter<byte>();
            references += PeerSubstitution.Encode(traces[i].Otlp, peers[i], output).Count * 2L;
            substituted.Add(output.WrittenSpan.ToArray());
        }

        Console.WriteLine(
            $"substitution: {watch.Elapsed.TotalMicroseconds / spans:N2} us/span, leaves "
                + $"{(double)substituted.Sum(item => (long)item.Length) / spans:N0} bytes a span, {(double)references / spans:N1} of "
                + "references"
        );
        for (var quality = 1; quality <= 5; quality++)
        {
            Measure($"Brotli {quality}", traces.ConvertAll(trace => trace.Otlp), quality, spans, raw, 0);
            Measure($"Brotli {quality}, peers substituted", substituted, quality, spans, raw, references);
            Measure(
                $"Brotli {quality}, 16 traces together",
                [.. traces.Select(trace => trace.Otlp).Chunk(16).Select(group => group.SelectMany(bytes => bytes).ToArray())],
                quality,
                spans,
                raw,
                0
            );
        }

        for (var level = -1; level <= 6; level++)
        {
            if (level != 0)
            {
                MeasureZstd(level, substituted, spans, raw, references);
            }
        }

        return 0;
    }

    private static void MeasureZstd(int level, List<byte[]> blobs, int spans, long raw, long extra)
    {
        using var compressor = new Compressor(level);
        using var decompressor = new Decompressor();

        // The first round compiles: the codec is managed code.
        _ = blobs.ConvertAll(blob => decompressor.Unwrap(compressor.Wrap(blob)).ToArray());
        Measure(
            $"zstd {level}, peers substituted",
            blobs,
            blob => compressor.Wrap(blob).ToArray(),
            (packed, output) => output.Write(decompressor.Unwrap(packed)),
            spans,
            raw,
            extra
        );
    }

    private static byte[] Brotli(byte[] data, int quality)
    {
        var packed = new byte[BrotliEncoder.GetMaxCompressedLength(data.Length)];
        return BrotliEncoder.TryCompress(data, packed, out var written, quality, window: 22)
            ? packed[..written]
            : throw new InvalidOperationException("Brotli did not fit into its own upper bound.");
    }

    private static void Measure(string name, List<byte[]> blobs, int quality, int spans, long raw, long extra) =>
        Measure(
            name,
            blobs,
            blob => Brotli(blob, quality),
            (packed, output) => TraceBlob.Inflate(packed, isBrotli: true, output),
            spans,
            raw,
            extra
        );

    private static void Measure(
        string name,
        List<byte[]> blobs,
        Func<byte[], byte[]> pack,
        Action<byte[], ArrayBufferWriter<byte>> unpack,
        int spans,
        long raw,
        long extra
    )
    {
        var started = Environment.CpuUsage.TotalTime;
        var packed = blobs.ConvertAll(blob => pack(blob));
        var compress = Environment.CpuUsage.TotalTime - started;
        var output = new ArrayBufferWriter<byte>();
        started = Environment.CpuUsage.TotalTime;
        foreach (var blob in packed)
        {
            output.Clear();
            unpack(blob, output);
        }

        var inflate = Environment.CpuUsage.TotalTime - started;
        var bytes = packed.Sum(blob => (long)blob.Length) + extra;
        Console.WriteLine(
            $"{name, -34} {(double)bytes / spans, 6:N1} bytes/span {100.0 * bytes / raw, 5:N1} %  pack "
                + $"{compress.TotalMicroseconds / spans, 6:N2} us/span  unpack {inflate.TotalMicroseconds / spans, 5:N2} us/span"
        );
    }
}
