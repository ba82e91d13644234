using System.Buffers;
using System.IO.Pipelines;
using System.Runtime.CompilerServices;
using System.Text.Json;
using DhtTracer.Analysis.EventLog2019;
using DhtTracer.Analysis.Export;
using DhtTracer.Analysis.Json;
using DhtTracer.Analysis.Model;
using DhtTracer.Traces.Export;
using DhtTracer.Traces.Model;
using SpanWriter = DhtTracer.Traces.Export.TraceWriter;

namespace DhtTracer.Storage.Export;

/// <summary>
/// Exports queries, or their traces, page by page. Memory use is that of the largest trace and one page of ids, for any number of queries.
/// Export stops before the next trace if the reader of the pipe is gone or the token is cancelled.
/// </summary>
/// <param name="store">The archive to read.</param>
public sealed class ArchiveExporter(TraceStore store)
{
    private const int OperationsInPage = 500;
    private const int TracesInPage = 10_000;
    private const int LinesInFlush = 16;

    /// <summary>Writes the selection. A query or trace that was deleted in the meantime is left out.</summary>
    /// <param name="format">The format; it must support several queries.</param>
    /// <param name="selection">What to export. Span formats write each trace once and completely; other formats write each query.</param>
    /// <param name="output">The pipe to write to. It is flushed after each trace or page, and not completed.</param>
    /// <param name="cancellationToken">Stops between two traces. The file is then truncated.</param>
    /// <returns>Number of queries or traces written.</returns>
    /// <exception cref="IOException">The reader of the pipe is gone.</exception>
    public Task<long> ExportAsync(
        ExportFormat format,
        ExportSelection selection,
        PipeWriter output,
        CancellationToken cancellationToken = default
    ) =>
        format.Kind switch
        {
            ExportKind.EventLog => EventLogAsync(selection, output, cancellationToken),
            ExportKind.VisState => JsonAsync(selection, output, name: null, VisStateWriter.WriteQuery, cancellationToken),
            ExportKind.Json => JsonAsync(selection, output, "queries", QueryJson.Write, cancellationToken),
            ExportKind.QueriesCsv => CsvAsync(selection, output, cancellationToken),
            ExportKind.JaegerJson => SpansAsync(TraceExportFormat.JaegerJson, selection, output, cancellationToken),
            ExportKind.JaegerV3Json => SpansAsync(TraceExportFormat.JaegerV3Json, selection, output, cancellationToken),
            ExportKind.OtlpJson => SpansAsync(TraceExportFormat.OtlpJson, selection, output, cancellationToken),
            ExportKind.OtlpJsonLines => SpansAsync(TraceExportFormat.OtlpJsonLines, selection, output, cancellationToken),
            ExportKind.OtlpProtobuf => SpansAsync(TraceExportFormat.OtlpProtobuf, selection, output, cancellationToken),
            _ => throw new ArgumentOutOfRangeException(nameof(format), format.Name, "Not a format for many queries."),
        };

    private async Task<long> SpansAsync(
        TraceExportFormat format,
        ExportSelection selection,
        PipeWriter output,
        CancellationToken cancellationToken
    )
    {
        long count = 0;
        using var writer = SpanWriter.Create(format, output);
        await foreach (var traceId in TracesAsync(selection, cancellationToken))
        {
            var spans = await store.GetTraceAsync(traceId, cancellationToken);
            if (spans.Count > 0)
            {
                await writer.WriteAsync(spans, cancellationToken);
                count++;
            }
        }

        await writer.CompleteAsync(cancellationToken);
        return count;
    }

    private async Task<long> EventLogAsync(ExportSelection selection, PipeWriter output, CancellationToken cancellationToken)
    {
        long count = 0;
        await foreach (var (query, spans) in QueriesAsync(selection, cancellationToken))
        {
            foreach (var line in EventLogWriter.WriteByLine(output, query, spans))
            {
                if (line % LinesInFlush == 0)
                {
                    await output.FlushToReaderAsync(cancellationToken);
                }
            }

            await output.FlushToReaderAsync(cancellationToken);
            count++;
        }

        return count;
    }

    /// <summary>Writes an array of queries, bare or as a member of an object.</summary>
    private async Task<long> JsonAsync(
        ExportSelection selection,
        PipeWriter output,
        string? name,
        Action<Utf8JsonWriter, Query> write,
        CancellationToken cancellationToken
    )
    {
        long count = 0;
        using var json = new Utf8JsonWriter((IBufferWriter<byte>)output, QueryJson.Compact);
        if (name is not null)
        {
            json.WriteStartObject();
            json.WritePropertyName(name);
        }

        json.WriteStartArray();
        try
        {
            await foreach (var (query, _) in QueriesAsync(selection, cancellationToken))
            {
                write(json, query);
                await json.FlushAsync(cancellationToken);
                await output.FlushToReaderAsync(cancellationToken);
                count++;
            }

            json.WriteEndArray();
            if (name is not null)
            {
                json.WriteEndObject();
            }

            await json.FlushAsync(cancellationToken);
            await output.FlushAsync(cancellationToken);
            return count;
        }
        finally
        {
            // Disposing the JSON writer would flush to a pipe that may be closed already.
            json.Reset();
        }
    }

    private async Task<long> CsvAsync(ExportSelection selection, PipeWriter output, CancellationToken cancellationToken)
    {
        long count = 0;
        CsvExport.WriteQueriesHeader(output);
        await foreach (var page in PagesAsync(selection, cancellationToken))
        {
            foreach (var query in page)
            {
                CsvExport.WriteQuery(output, query);
            }

            count += page.Count;
            await output.FlushToReaderAsync(cancellationToken);
        }

        await output.FlushAsync(cancellationToken);
        return count;
    }

    private async IAsyncEnumerable<(Query Query, IReadOnlyList<Span> Spans)> QueriesAsync(
        ExportSelection selection,
        [EnumeratorCancellation] CancellationToken cancellationToken
    )
    {
        await foreach (var id in IdsAsync(selection, cancellationToken))
        {
            if (await store.LoadAsync(id.TraceId, cancellationToken) is not { } content)
            {
                continue;
            }

            var (spans, found) = store.ReconstructWithSpans(content);
            foreach (var query in found.QueriesOf(id))
            {
                yield return (query, spans);
            }
        }
    }

    private async IAsyncEnumerable<QueryId> IdsAsync(
        ExportSelection selection,
        [EnumeratorCancellation] CancellationToken cancellationToken
    )
    {
        if (selection.Ids is { } ids)
        {
            foreach (var id in ids)
            {
                yield return id;
            }

            yield break;
        }

        string? cursor = null;
        do
        {
            var page = await store.ListOperationsAsync(selection.Filter, selection.Sort, cursor, OperationsInPage, cancellationToken);
            foreach (var row in page.Rows)
            {
                yield return row.Operation.Id;
            }

            cursor = page.Next;
        } while (cursor is not null);
    }

    private async IAsyncEnumerable<IReadOnlyList<QuerySummary>> PagesAsync(
        ExportSelection selection,
        [EnumeratorCancellation] CancellationToken cancellationToken
    )
    {
        if (selection.Ids is { } ids)
        {
            foreach (var id in ids)
            {
                yield return await store.FindQueriesAsync(id, cancellationToken);
            }

            yield break;
        }

        string? cursor = null;
        do
        {
            var page = await store.ListOperationsAsync(selection.Filter, selection.Sort, cursor, OperationsInPage, cancellationToken);
            yield return [.. page.Rows.SelectMany(static row => row.Queries)];
            cursor = page.Next;
        } while (cursor is not null);
    }

    /// <summary>
    /// Returns each trace once. Paging by the trace's number, not by its queries, needs no memory of the traces already written, and a
    /// query that arrives in the meantime shifts nothing.
    /// </summary>
    private async IAsyncEnumerable<TraceId> TracesAsync(
        ExportSelection selection,
        [EnumeratorCancellation] CancellationToken cancellationToken
    )
    {
        if (selection.Ids is { } ids)
        {
            foreach (var traceId in ids.Select(static id => id.TraceId).Distinct())
            {
                yield return traceId;
            }

            yield break;
        }

        long after = 0;
        while (true)
        {
            var page = await store.ListTracesAsync(selection.Filter, after, TracesInPage, cancellationToken);
            foreach (var trace in page)
            {
                yield return trace.Id;
            }

            if (page.Count < TracesInPage)
            {
                yield break;
            }

            after = page[^1].Number;
        }
    }
}
