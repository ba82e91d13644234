using System.Buffers;
using System.Collections.Concurrent;
using DhtTracer.Storage.Traces;

namespace DhtTracer.Storage.Packed;

/// <summary>Packs an analysed trace for storage, on the analyser's thread.</summary>
internal static class TracePacking
{
    private const int MaxKept = 4 << 20;

    // Most traces have over 100 kB, and arrays of that size are freed only by collections of everything. There are as many buffers as
    // threads that pack at once.
    private static readonly ConcurrentBag<ArrayBufferWriter<byte>> Buffers = [];

    /// <summary>Packs it.</summary>
    public static PackedAnalysis Pack(TraceAnalysis analysis)
    {
        // If the bytes are unchanged, only what came since the last analysis is packed.
        var stored = analysis.Otlp.Equals(analysis.Content.Otlp) ? analysis.Content.StoredBytes : 0;
        var otlp = analysis.Otlp.Span[stored..];
        if (otlp.IsEmpty && stored > 0)
        {
            return new PackedAnalysis(analysis, PackedPart.Nothing, BlobCodec.Zstd, [], []);
        }

        var part = stored == 0 ? PackedPart.Everything : PackedPart.New;
        var peers = analysis
            .Found.Queries.SelectMany(query => query.Peers)
            .Select(peer => peer.Id)
            // PostgreSQL's texts cannot hold this character, and no peer id has it.
            .Where(static id => !id.Contains('\0', StringComparison.Ordinal));
        var substituted = Buffers.TryTake(out var used) ? used : new ArrayBufferWriter<byte>();
        try
        {
            return Pack(analysis, part, otlp, peers, substituted);
        }
        finally
        {
            if (substituted.Capacity <= MaxKept)
            {
                substituted.ResetWrittenCount();
                Buffers.Add(substituted);
            }
        }
    }

    private static PackedAnalysis Pack(
        TraceAnalysis analysis,
        PackedPart part,
        ReadOnlySpan<byte> otlp,
        IEnumerable<string> peers,
        ArrayBufferWriter<byte> substituted
    )
    {
        var used = PeerSubstitution.Encode(otlp, peers, substituted);
        return used.Count == 0
            ? new PackedAnalysis(analysis, part, BlobCodec.Zstd, TraceBlob.Compress(otlp), [])
            : new PackedAnalysis(analysis, part, BlobCodec.ZstdPeers, TraceBlob.Compress(substituted.WrittenSpan), used);
    }
}
