using DhtTracer.Analysis.Reconstruction;
using DhtTracer.Ingestion.Sink;
using DhtTracer.Storage;
using DhtTracer.Traces.Formats;
using DhtTracer.Traces.Model;

namespace DhtTracer.Ingestion.Files;

/// <summary>
/// Imports files. By default everything is read before anything is written, so bad input leaves the database unchanged.
/// </summary>
/// <param name="store">The archive to write to.</param>
public sealed class FileImporter(TraceStore store)
{
    private const string Receiver = "import";
    private static readonly TimeSpan OverloadedPause = TimeSpan.FromMilliseconds(100);

    /// <summary>Imports files and folders.</summary>
    /// <param name="paths">Files, folders, or <c>-</c> for standard input.</param>
    /// <param name="options">How to import.</param>
    /// <param name="standardInput">The stream for <c>-</c>. It must be seekable, because large input is read twice.</param>
    /// <param name="progress">Receives progress after every piece.</param>
    /// <param name="cancellationToken">Stops the import. Anything not committed is not imported.</param>
    /// <exception cref="ImportException">Something cannot be read, and <see cref="ImportOptions.KeepGoing"/> was not set. Nothing was
    /// imported.</exception>
    /// <exception cref="DatabaseException">The spans could not be committed.</exception>
    public async Task<ImportSummary> ImportAsync(
        IReadOnlyList<string> paths,
        ImportOptions options,
        Stream? standardInput = null,
        IProgress<ImportProgress>? progress = null,
        CancellationToken cancellationToken = default
    )
    {
        var skipped = new List<ImportSkip>();
        var files = ImportFile.Find(paths, standardInput, skipped);
        if (!options.KeepGoing && skipped.Exists(skip => skip.IsError))
        {
            throw new ImportException(skipped);
        }

        var run = new Run(store, options, files, progress, skipped, cancellationToken);
        await run.ReadAllAsync();
        return await run.WriteAllAsync();
    }

    /// <summary>One import.</summary>
    private sealed class Run(
        TraceStore store,
        ImportOptions options,
        IReadOnlyList<ImportFile> files,
        IProgress<ImportProgress>? progress,
        List<ImportSkip> skipped,
        CancellationToken cancellationToken
    )
    {
        private readonly SpanSink _sink = new(store, new IngestStatistics(TimeProvider.System));
        private readonly List<ImportFile> _readable = [];
        private readonly HashSet<TraceId> _traces = [];
        private List<Span>? _held = [];
        private long _heldBytes;
        private long _spansRead;
        private long _spans;
        private long _duplicates;
        private long _bytesBefore;

        /// <summary>
        /// Reads every file completely. If there are few spans, keeps them; else only checks them and reads them again later.
        /// </summary>
        public async Task ReadAllAsync()
        {
            for (var number = 1; number <= files.Count; number++)
            {
                var file = files[number - 1];
                var found = new List<Span>();
                if (await TryReadAsync(file, number, pieces: found.AddRange))
                {
                    _readable.Add(file);
                    Hold(found, file.Length ?? 0);
                }

                _bytesBefore += file.Length ?? 0;
            }

            var errors = skipped.Where(skip => skip.IsError).ToList();
            if (!options.KeepGoing && errors.Count > 0)
            {
                throw new ImportException(errors);
            }
        }

        /// <summary>Commits the spans: in one transaction if they were kept, else file by file.</summary>
        public async Task<ImportSummary> WriteAllAsync()
        {
            if (_held is not null)
            {
                await WriteAsync(_held);
            }
            else
            {
                await WriteFilesAsync();
            }

            return new ImportSummary
            {
                Files = _readable.Count,
                Spans = _spans,
                Duplicates = _duplicates,
                Traces = _traces,
                Skipped = skipped,
            };
        }

        private async Task WriteFilesAsync()
        {
            _bytesBefore = 0;
            for (var number = 1; number <= _readable.Count; number++)
            {
                var file = _readable[number - 1];
                var reader = new TraceFileReader(file, options.MaxDocumentBytes, options.Hints);
                await foreach (var piece in reader.ReadAsync([], cancellationToken))
                {
                    await WriteAsync(piece);
                    Tell(file, number, reader.BytesRead, _spans, writing: true);
                }

                _bytesBefore += file.Length ?? 0;
            }
        }

        private void Hold(List<Span> found, long bytes)
        {
            _heldBytes += Math.Max(bytes, found.Count * 600L);
            if (_heldBytes > options.MaxTransactionBytes)
            {
                _held = null;
            }

            _held?.AddRange(found);
        }

        private async Task<bool> TryReadAsync(ImportFile file, int number, Action<IReadOnlyList<Span>> pieces)
        {
            var rejected = new List<RejectedSpan>();
            var reader = new TraceFileReader(file, options.MaxDocumentBytes, options.Hints);
            long count = 0;
            try
            {
                await foreach (var piece in reader.ReadAsync(rejected, cancellationToken))
                {
                    count += piece.Count;
                    _spansRead += piece.Count;
                    if (_held is not null)
                    {
                        pieces(piece);
                    }

                    Tell(file, number, reader.BytesRead, _spansRead, writing: false);
                }
            }
            catch (UnknownFormatException unknown)
            {
                skipped.Add(new ImportSkip(file.Name, unknown.Message + ".", IsError: file.Named));
                return false;
            }
            catch (Exception error) when (error is TraceFormatException or IOException or UnauthorizedAccessException)
            {
                skipped.Add(new ImportSkip(file.Name, error.Message, IsError: true));
                return false;
            }

            if (reader.Note is { } note)
            {
                skipped.Add(new ImportSkip(file.Name, note + ".", IsError: false));
            }

            if (rejected.Count > 0)
            {
                skipped.Add(
                    new ImportSkip(
                        file.Name,
                        $"{rejected.Count} of its spans cannot be kept, the first at byte {rejected[0].Offset}: {rejected[0].Problem}.",
                        IsError: true
                    )
                );
            }

            return count > 0 || rejected.Count == 0;
        }

        private async Task WriteAsync(IReadOnlyList<Span> piece)
        {
            _spans += piece.Count;
            var fresh = new List<Span>();
            foreach (var trace in piece.GroupBy(span => span.TraceId))
            {
                _traces.Add(trace.Key);
                fresh.AddRange(await NotYetStoredAsync(trace));
            }

            _duplicates += piece.Count - fresh.Count;
            while (fresh.Count > 0)
            {
                try
                {
                    await _sink.AcceptAsync(fresh, Receiver, cancellationToken: cancellationToken);
                    return;
                }
                catch (StoreOverloadedException)
                {
                    // Receivers of the same process fill the queue, so wait for room.
                    await Task.Delay(OverloadedPause, cancellationToken);
                }
            }
        }

        /// <summary>The spans that would change what is stored of their trace.</summary>
        private async Task<IEnumerable<Span>> NotYetStoredAsync(IGrouping<TraceId, Span> trace)
        {
            var stored = await store.GetTraceAsync(trace.Key, cancellationToken);
            if (stored.Count == 0)
            {
                return trace;
            }

            var byId = stored.ToDictionary(span => span.SpanId);
            return trace.Where(span =>
                !byId.TryGetValue(span.SpanId, out var same) || SpanMerge.Merge([same, span]) is [var merged] && !SameContent(merged, same)
            );
        }

        private static bool SameContent(Span left, Span right) =>
            Traces.Otlp.OtlpProtobuf.Encode([left]).AsSpan().SequenceEqual(Traces.Otlp.OtlpProtobuf.Encode([right]));

        private void Tell(ImportFile file, int number, long read, long count, bool writing) =>
            progress?.Report(
                new ImportProgress(
                    file.Name,
                    number,
                    files.Count,
                    _bytesBefore + read,
                    files.All(one => one.Length is not null) ? files.Sum(one => one.Length ?? 0) : null,
                    count,
                    writing
                )
            );
    }
}
