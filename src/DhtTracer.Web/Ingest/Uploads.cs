using System.Collections.Immutable;
using DhtTracer.Ingestion.Files;
using DhtTracer.Storage;

namespace DhtTracer.Web.Ingest;

/// <summary>An uploaded file.</summary>
/// <param name="Name">Its name on the reader's machine. Hostile text.</param>
/// <param name="Content">Its bytes.</param>
internal sealed record UploadedFile(string Name, Stream Content);

/// <summary>What came of an upload.</summary>
/// <param name="Files">Files that were imported.</param>
/// <param name="Spans">Spans in them.</param>
/// <param name="Duplicates">Of these, spans that were there already.</param>
/// <param name="Traces">Traces in them.</param>
/// <param name="Problems">Files that were not imported, by their names on the reader's machine, and why.</param>
internal sealed record UploadReport(
    int Files,
    long Spans,
    long Duplicates,
    int Traces,
    ImmutableArray<(string Name, string Problem)> Problems
);

/// <summary>
/// Imports files that readers send from the site, one upload at a time: an upload is on disk while it waits, never in memory. Keeps the
/// reports of the latest ones, so that a page can show them after the redirect.
/// </summary>
internal sealed class Uploads(TraceStore store) : IDisposable
{
    /// <summary>Greatest size of one upload in bytes, all files together.</summary>
    public const long MostBytes = 256L << 20;

    private const int MostKept = 32;
    private readonly SemaphoreSlim _turn = new(1);
    private readonly Lock _guard = new();
    private readonly Queue<(string Id, UploadReport Report)> _reports = new();

    /// <summary>Imports files. A file that cannot be read is a problem in the report; the others are imported.</summary>
    /// <returns>The id of the report, see <see cref="Find"/>.</returns>
    /// <exception cref="IOException">The files cannot be kept on disk.</exception>
    /// <exception cref="DatabaseException">The spans cannot be committed.</exception>
    public async Task<string> ImportAsync(IReadOnlyList<UploadedFile> files, CancellationToken cancellationToken)
    {
        var folder = Directory.CreateTempSubdirectory("dht-tracer-upload-");
        try
        {
            var names = new Dictionary<string, string>(StringComparer.Ordinal);
            foreach (var file in files)
            {
                // A name of our own: the reader's may hold a path.
                var path = Path.Combine(folder.FullName, $"{names.Count + 1}");
                names.Add(path, file.Name);
                await using var target = new FileStream(path, FileMode.CreateNew, FileAccess.Write);
                await file.Content.CopyToAsync(target, cancellationToken);
            }

            await _turn.WaitAsync(cancellationToken);
            try
            {
                var summary = await new FileImporter(store).ImportAsync(
                    [.. names.Keys],
                    new ImportOptions { KeepGoing = true },
                    cancellationToken: cancellationToken
                );
                return Keep(
                    new UploadReport(
                        summary.Files,
                        summary.Spans,
                        summary.Duplicates,
                        summary.Traces.Count,
                        [.. summary.Skipped.Select(skip => (names.GetValueOrDefault(skip.File, skip.File), skip.Problem))]
                    )
                );
            }
            finally
            {
                _turn.Release();
            }
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    /// <summary>The report of an upload; null when there is none of this id, or it was too long ago.</summary>
    public UploadReport? Find(string? id)
    {
        lock (_guard)
        {
            return _reports.FirstOrDefault(kept => kept.Id == id).Report;
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _turn.Dispose();

    private string Keep(UploadReport report)
    {
        var id = Guid.NewGuid().ToString("N");
        lock (_guard)
        {
            _reports.Enqueue((id, report));
            if (_reports.Count > MostKept)
            {
                _reports.Dequeue();
            }
        }

        return id;
    }
}
