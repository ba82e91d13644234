using System.Diagnostics;

namespace DhtTracer.Ingestion.Sink;

/// <summary>
/// The program's own traces of what it takes and analyses: spans <c>ingest</c> and <c>analyse</c>. Nobody listens by default.
/// </summary>
public static class IngestTraces
{
    /// <summary>Name of the source.</summary>
    public const string Name = "DhtTracer.Ingestion";

    internal static ActivitySource Source { get; } = new(Name);
}
