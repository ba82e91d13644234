using System.Buffers;
using System.IO.Pipelines;
using System.Text.Json;
using DhtTracer.Analysis.EventLog2019;
using DhtTracer.Analysis.Export;
using DhtTracer.Analysis.Json;
using DhtTracer.Analysis.Model;
using DhtTracer.Analysis.RequestTrace;
using DhtTracer.Traces.Export;
using SpanWriter = DhtTracer.Traces.Export.TraceWriter;

namespace DhtTracer.Storage.Export;

/// <summary>
/// Exports queries, or their traces, page by page. Memory use is that of the largest trace and one page of ids, for any number of queries.
/// Export stops before the next trace if the reader of the pipe is gone or the token is cancelled.
/// </summary>
/// <param name="store">The archive to read.</param>
public sealed class ArchiveExporter(TraceStore store)
{
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
            ExportKind.RequestTrace => RequestTraceAsync(selection, output, cancellationToken),
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
        await foreach (var spans in new SelectedContent(store, selection).SpansAsync(cancellationToken))
        {
            await writer.WriteAsync(spans, cancellationToken);
            count++;
        }

        await writer.CompleteAsync(cancellationToken);
        return count;
    }

    private async Task<long> EventLogAsync(ExportSelection selection, PipeWriter output, CancellationToken cancellationToken)
    {
        long count = 0;
        await foreach (var (query, spans) in new SelectedContent(store, selection).QueriesAsync(cancellationToken))
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
            await foreach (var (query, _) in new SelectedContent(store, selection).QueriesAsync(cancellationToken))
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

    /// <summary>Writes operations with all their queries, each once, also when only one of its queries is selected.</summary>
    private async Task<long> RequestTraceAsync(ExportSelection selection, PipeWriter output, CancellationToken cancellationToken)
    {
        long count = 0;
        using var json = new Utf8JsonWriter((IBufferWriter<byte>)output, QueryJson.Compact);
        try
        {
            RequestTraceWriter.Begin(json, redacted: selection.Redactor is not null);
            await foreach (var (operation, queries) in new SelectedContent(store, selection).OperationsAsync(cancellationToken))
            {
                RequestTraceWriter.Write(json, operation, queries);
                await json.FlushAsync(cancellationToken);
                await output.FlushToReaderAsync(cancellationToken);
                count++;
            }

            RequestTraceWriter.End(json);
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
        await foreach (var page in new SelectedContent(store, selection).PagesAsync(cancellationToken))
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
}
