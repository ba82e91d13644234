using DhtTracer.Storage.Traces;
using DhtTracer.Traces.Model;

namespace DhtTracer.Storage.Upkeep;

/// <summary>
/// What keeps an archive small and sound: retention, pins, backups and checks. Implementations are thread-safe. Every method throws
/// <see cref="DatabaseException"/> if the database cannot be read or written.
/// </summary>
public abstract class ArchiveUpkeep
{
    /// <summary>
    /// Deletes traces whose spans all arrived before a time, oldest first, in small steps. Pinned traces stay. The space is handed back as
    /// they go.
    /// </summary>
    /// <returns>How many were deleted.</returns>
    public abstract Task<long> DeleteOlderThanAsync(DateTimeOffset before, CancellationToken cancellationToken = default);

    /// <summary>
    /// Deletes the traces that arrived first, until the archive needs no more than a number of bytes. Pinned traces stay. The space is
    /// handed back as they go.
    /// </summary>
    /// <param name="maxBytes">Bytes of the database that hold data, at least 1. Free pages do not count.</param>
    /// <param name="cancellationToken">Stops after the current step.</param>
    /// <returns>How many were deleted, and how many bytes the rest needs. This is above <paramref name="maxBytes"/> only if all that is
    /// left is pinned or needed by the database itself.</returns>
    public abstract Task<SizeRetention> DeleteOldestAsync(long maxBytes, CancellationToken cancellationToken = default);

    /// <summary>Commits a write that changes nothing, to see whether spans could be stored now.</summary>
    /// <exception cref="DatabaseException">It cannot be committed; the message says why, and the remedy.</exception>
    public abstract Task CheckWriteAsync(CancellationToken cancellationToken = default);

    /// <summary>Pins a trace, so that retention does not delete it, or lets go of it.</summary>
    /// <returns>False if there is no such trace.</returns>
    public abstract Task<bool> PinAsync(TraceId traceId, bool pinned, CancellationToken cancellationToken = default);

    /// <summary>Whether a trace is pinned.</summary>
    public abstract Task<bool> IsPinnedAsync(TraceId traceId, CancellationToken cancellationToken = default);

    /// <summary>Lists the pinned traces, the one that was pinned last first.</summary>
    public abstract Task<IReadOnlyList<TraceId>> ListPinnedAsync(CancellationToken cancellationToken = default);

    /// <summary>
    /// Writes a copy of the archive as it is at one moment. Others may read and write meanwhile. The copy is checked before it gets its
    /// name, so a file of that name is always whole.
    /// </summary>
    /// <param name="file">File to create. It must not exist.</param>
    /// <param name="progress">Receives how far it is, in bytes; null for none.</param>
    /// <param name="cancellationToken">Stops; nothing is left behind.</param>
    /// <returns>Size of the copy in bytes.</returns>
    public abstract Task<long> BackUpAsync(
        string file,
        IProgress<UpkeepProgress>? progress = null,
        CancellationToken cancellationToken = default
    );

    /// <summary>
    /// Checks the files, the checksum of every packed trace, the totals, and, unless <see cref="CheckOptions.Quick"/>, what was derived
    /// from the spans: each trace is analysed again and compared. Traces that wait for analysis are only counted.
    /// </summary>
    /// <param name="options">What to check, and whether to repair.</param>
    /// <param name="analyse">Analyses the content of a trace.</param>
    /// <param name="progress">Receives how far it is, in traces; null for none.</param>
    /// <param name="cancellationToken">Stops the check.</param>
    public abstract Task<CheckReport> CheckAsync(
        CheckOptions options,
        Func<TraceContent, TraceAnalysis> analyse,
        IProgress<UpkeepProgress>? progress = null,
        CancellationToken cancellationToken = default
    );

    /// <summary>
    /// Rewrites the archive without gaps. Needs as much free space as the archive is large, and nobody may write meanwhile.
    /// </summary>
    public abstract Task<CompactionResult> CompactAsync(CancellationToken cancellationToken = default);

    /// <summary>Marks every analysed trace for analysis again, in small steps. The analysis then works through them.</summary>
    /// <returns>How many were marked.</returns>
    public abstract Task<long> MarkForAnalysisAsync(CancellationToken cancellationToken = default);
}
