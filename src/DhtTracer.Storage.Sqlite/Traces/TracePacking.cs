using System.Buffers;
using DhtTracer.Storage.Traces;

namespace DhtTracer.Storage.Sqlite.Traces;

/// <summary>Packs an analysed trace for storage, on the analyser's thread.</summary>
internal static class TracePacking
{
    public static PackedAnalysis Pack(TraceAnalysis analysis)
    {
        var peers = analysis.Found.Queries.SelectMany(query => query.Peers).Select(peer => peer.Id);
        var substituted = new ArrayBufferWriter<byte>(analysis.Otlp.Length + 64);
        var used = PeerSubstitution.Encode(analysis.Otlp.Span, peers, substituted);
        return used.Count == 0
            ? new PackedAnalysis(analysis, BlobCodec.Brotli, TraceBlob.Compress(analysis.Otlp.Span, TraceBlob.DenseQuality), [])
            : new PackedAnalysis(
                analysis,
                BlobCodec.BrotliPeers,
                TraceBlob.Compress(substituted.WrittenSpan, TraceBlob.DenseQuality),
                used
            );
    }
}
