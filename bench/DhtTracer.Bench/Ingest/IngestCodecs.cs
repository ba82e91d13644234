using System.Buffers;
using System.Diagnostics;
using DhtTracer.Analysis;
using DhtTracer.Analysis.Reconstruction;
using DhtTracer.Storage.Sqlite.Traces;
using DhtTracer.Traces.Model;
using DhtTracer.Traces.Otlp;

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
        for (var quality = 1; quality <= 11; quality += quality < 7 ? 1 : 2)
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

        return 0;
    }

    private static void Measure(string name, List<byte[]> blobs, int quality, int spans, long raw, long extra)
    {
        var watch = Stopwatch.StartNew();
        var packed = blobs.ConvertAll(blob => TraceBlob.Compress(blob, quality));
        var compress = watch.Elapsed;
        var output = new ArrayBufferWriter<byte>();
        watch.Restart();
        foreach (var blob in packed)
        {
            output.Clear();
            TraceBlob.Inflate(blob, output);
        }

        var bytes = packed.Sum(blob => (long)blob.Length) + extra;
        Console.WriteLine(
            $"{name, -34} {(double)bytes / spans, 6:N1} bytes/span {100.0 * bytes / raw, 5:N1} %  pack "
                + $"{compress.TotalMicroseconds / spans, 6:N2} us/span  unpack {watch.Elapsed.TotalMicroseconds / spans, 5:N2} us/span"
        );
    }
}
