using DhtTracer.Traces.Formats;
using DhtTracer.Traces.Model;

namespace DhtTracer.Ingestion.Files;

public sealed record ImportOptions
{
    /// <summary>Whether to import what can be read and list the rest. Otherwise any problem prevents the whole import.</summary>
    public bool KeepGoing { get; init; }

    /// <summary>
    /// Maximum size of one file, decompressed, that is decoded as a whole, in bytes. Formats with one document per line have no such limit.
    /// </summary>
    /// <value>The default is 512 MiB.</value>
    public long MaxDocumentBytes { get; init; } = 512L << 20;

    /// <summary>What the user says about input that does not contain it: saved query events, or logs without key or type.</summary>
    public TraceHints Hints { get; init; } = TraceHints.None;

    /// <summary>
    /// Maximum bytes of OTLP committed in one transaction. A smaller import is all or nothing, even if the disk fills up.
    /// </summary>
    /// <value>The default is 256 MiB.</value>
    public long MaxTransactionBytes { get; init; } = 256L << 20;
}

/// <param name="File">The file being read.</param>
/// <param name="FileNumber">From 1.</param>
/// <param name="Files">Number of files.</param>
/// <param name="BytesRead">Bytes read from all files, as on disk.</param>
/// <param name="BytesTotal">Size of all files in bytes; null if standard input is one of them.</param>
/// <param name="Spans">Number of spans read.</param>
/// <param name="Writing">Whether everything is read and spans are being committed.</param>
public sealed record ImportProgress(string File, int FileNumber, int Files, long BytesRead, long? BytesTotal, long Spans, bool Writing);

/// <summary>A file, or a part of one, that was not imported.</summary>
/// <param name="File">The path as found; <c>-</c> for standard input.</param>
/// <param name="Problem">The place, what was expected, and the remedy.</param>
/// <param name="IsError">Whether this is an error; false for files in a folder that hold no traces.</param>
public sealed record ImportSkip(string File, string Problem, bool IsError);

/// <summary>The result of an import.</summary>
public sealed record ImportSummary
{
    /// <summary>Number of imported files.</summary>
    public required int Files { get; init; }

    /// <summary>Number of spans in them.</summary>
    public required long Spans { get; init; }

    /// <summary>Number of these spans that the database already held, unchanged.</summary>
    public required long Duplicates { get; init; }

    /// <summary>The traces of these spans.</summary>
    public required IReadOnlyCollection<TraceId> Traces { get; init; }

    /// <summary>What was not imported, and why.</summary>
    public required IReadOnlyList<ImportSkip> Skipped { get; init; }
}

/// <summary>Nothing was imported. The message lists each bad file, the place in it and what was expected.</summary>
public sealed class ImportException(IReadOnlyList<ImportSkip> problems)
    : Exception(string.Join('\n', problems.Select(problem => $"{problem.File}: {problem.Problem}")))
{
    /// <summary>The problem of each bad file.</summary>
    public IReadOnlyList<ImportSkip> Problems { get; } = problems;
}
