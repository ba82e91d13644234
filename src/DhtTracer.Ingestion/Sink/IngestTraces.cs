using System.Diagnostics;

namespace DhtTracer.Ingestion.Sink;

/// <summary>
/// The program's own traces of ingest and analysis: spans <c>ingest</c> and <c>analyse</c>. By default nothing listens.
/// </summary>
public static class IngestTraces
{
    /// <summary>Name of the activity source.</summary>
    public const string Name = "DhtTracer.Ingestion";

    internal static ActivitySource Source { get; } = new(Name);
}
