using DhtTracer.Traces;

namespace DhtTracer.Ingestion.Files;

/// <summary>How to import.</summary>
public sealed record ImportOptions
{
    /// <summary>Import what can be read and list the rest, instead of importing nothing when anything is wrong.</summary>
    public bool KeepGoing { get; init; }

    /// <summary>Bytes of one file, inflated, that are decoded in one piece. Formats of one document per line have no such limit.</summary>
    /// <value>The default is 512 MiB.</value>
    public long MaxDocumentBytes { get; init; } = 512L << 20;

    /// <summary>What the user says about input that does not tell it itself: saved query events, logs without key or type.</summary>
    public TraceHints Hints { get; init; } = TraceHints.None;

    /// <summary>Bytes of OTLP that are committed in one transaction. A smaller import is all or nothing even when the disk fills
    /// up.</summary>
    /// <value>The default is 256 MiB.</value>
    public long MaxTransactionBytes { get; init; } = 256L << 20;
}

/// <summary>How far an import is.</summary>
/// <param name="File">The file being read.</param>
/// <param name="FileNumber">From 1.</param>
/// <param name="Files">How many there are.</param>
/// <param name="BytesRead">Bytes read of all files together, as they are on disk.</param>
/// <param name="BytesTotal">Bytes of all files; null while standard input is one of them.</param>
/// <param name="Spans">Spans read.</param>
/// <param name="Writing">Everything is read; spans are being committed.</param>
public sealed record ImportProgress(string File, int FileNumber, int Files, long BytesRead, long? BytesTotal, long Spans, bool Writing);

/// <summary>A file, or a part of one, that was not imported.</summary>
/// <param name="File">Its path as it was found; <c>-</c> for standard input.</param>
/// <param name="Problem">Where in it, what was expected, and what to do.</param>
/// <param name="IsError">Whether it should have been readable; false for files of a folder that hold no traces.</param>
public sealed record ImportSkip(string File, string Problem, bool IsError);

/// <summary>What an import did.</summary>
public sealed record ImportSummary
{
    /// <summary>Files that were imported.</summary>
    public required int Files { get; init; }

    /// <summary>Spans in them.</summary>
    public required long Spans { get; init; }

    /// <summary>Of these, spans that the database held already, just as they are.</summary>
    public required long Duplicates { get; init; }

    /// <summary>The traces they belong to.</summary>
    public required IReadOnlyCollection<TraceId> Traces { get; init; }

    /// <summary>What was left out, and why.</summary>
    public required IReadOnlyList<ImportSkip> Skipped { get; init; }
}

/// <summary>Nothing was imported. The message lists each file that is in the way, the place in it and what was expected.</summary>
public sealed class ImportException(IReadOnlyList<ImportSkip> problems)
    : Exception(string.Join('\n', problems.Select(problem => $"{problem.File}: {problem.Problem}")))
{
    /// <summary>What is wrong with which file.</summary>
    public IReadOnlyList<ImportSkip> Problems { get; } = problems;
}
