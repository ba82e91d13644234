using DhtTracer.Analysis;

namespace DhtTracer.Storage.Postgres.Rows;

/// <summary>The operations and queries of one trace, to be written.</summary>
/// <param name="Trace">The trace.</param>
/// <param name="Day">The day of its rows.</param>
/// <param name="Found">What its analysis found.</param>
internal sealed record FoundTrace(TraceRow Trace, DateOnly Day, ReconstructedTrace Found)
{
    /// <summary>Bytes that its rows need, estimated: see <see cref="StoredBytes"/>.</summary>
    public long Bytes { get; set; }
}
