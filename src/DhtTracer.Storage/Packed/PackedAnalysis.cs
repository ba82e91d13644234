using DhtTracer.Storage.Traces;

namespace DhtTracer.Storage.Packed;

/// <summary>An analysis, packed on the analyser's thread, for the writer's thread.</summary>
internal sealed record PackedAnalysis(TraceAnalysis Analysis, PackedPart Part, BlobCodec Codec, byte[] Data, IReadOnlyList<string> Peers);

/// <summary>Which spans of a trace were packed.</summary>
internal enum PackedPart
{
    /// <summary>All. They replace what is stored.</summary>
    Everything,

    /// <summary>Those that came since the last analysis. They go beside what is stored.</summary>
    New,

    /// <summary>None: everything is stored already.</summary>
    Nothing,
}
