using System.Buffers;
using System.IO.Pipelines;
using System.Text.Json;
using DhtTracer.Analysis;
using DhtTracer.Analysis.EventLog2019;
using DhtTracer.Traces;
using DhtTracer.Traces.Export;
using SpanWriter = DhtTracer.Traces.Export.TraceWriter;

namespace DhtTracer.Storage;

/// <summary>What traces or queries are exported as.</summary>
public enum ArchiveFormat
{
    /// <summary>OTLP JSON, one document.</summary>
    OtlpJson = 0,

    /// <summary>OTLP JSON, a document per line.</summary>
    OtlpJsonLines = 1,

    /// <summary>OTLP protobuf.</summary>
    OtlpProtobuf = 2,

    /// <summary>Jaeger's JSON v1, which the Jaeger UI opens.</summary>
    JaegerJson = 3,

    /// <summary>The answer of Jaeger's HTTP API v3.</summary>
    JaegerV3Json = 4,

    /// <summary>The event log of 2019 as server-sent events.</summary>
    EventLog = 5,

    /// <summary>The <c>vis-state</c> JSON of 2019.</summary>
    VisState = 6,
}

/// <summary>Writes queries, or the traces they belong to, one after another: memory is that of the largest trace, plus an id per trace.</summary>
/// <param name="store">Where they are.</param>
public sealed class ArchiveExporter(TraceStore store)
{
    /// <summary>Media type of a format.</summary>
    public static string MediaType(ArchiveFormat format) => format switch
    {
        ArchiveFormat.OtlpProtobuf => "application/x-protobuf",
        ArchiveFormat.OtlpJsonLines => "application/x-ndjson",
        ArchiveFormat.EventLog => "text/event-stream",
        _ => "application/json",
    };

    /// <summary>Writes the queries. A query whose trace is no longer there is left out.</summary>
    /// <param name="format">As what. Formats of spans write each trace once and whole; those of 2019 write each query.</param>
    /// <param name="queries">Which, in the order they are written.</param>
    /// <param name="output">Where to; flushed after each trace, not completed.</param>
    /// <param name="cancellationToken">Stops between two traces.</param>
    /// <returns>Queries or traces written.</returns>
    public async Task<int> ExportAsync(ArchiveFormat format, IAsyncEnumerable<QueryId> queries, PipeWriter output, CancellationToken cancellationToken = default) =>
        format switch
        {
            ArchiveFormat.EventLog => await EventLogAsync(queries, output, cancellationToken),
            ArchiveFormat.VisState => await VisStateAsync(queries, output, cancellationToken),
            _ => await SpansAsync(Format(format), queries, output, cancellationToken),
        };

    /// <summary>The ids of all queries that a filter lets through, newest first, read page by page.</summary>
    public async IAsyncEnumerable<QueryId> FindAsync(
        QueryFilter filter, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        const int pageSize = 500;
        string? cursor = null;
        do
        {
            var page = await store.ListQueriesAsync(filter, QuerySort.Newest, cursor, pageSize, cancellationToken);
            foreach (var query in page.Rows)
            {
                yield return query.Id;
            }

            cursor = page.Next;
        }
        while (cursor is not null);
    }

    private static TraceExportFormat Format(ArchiveFormat format) => format switch
    {
        ArchiveFormat.OtlpJson => TraceExportFormat.OtlpJson,
        ArchiveFormat.OtlpJsonLines => TraceExportFormat.OtlpJsonLines,
        ArchiveFormat.OtlpProtobuf => TraceExportFormat.OtlpProtobuf,
        ArchiveFormat.JaegerJson => TraceExportFormat.JaegerJson,
        ArchiveFormat.JaegerV3Json => TraceExportFormat.JaegerV3Json,
        _ => throw new ArgumentOutOfRangeException(nameof(format), format, "not a format of spans"),
    };

    private async Task<int> SpansAsync(TraceExportFormat format, IAsyncEnumerable<QueryId> queries, PipeWriter output, CancellationToken cancellationToken)
    {
        var written = new HashSet<TraceId>();
        using var writer = SpanWriter.Create(format, output);
        await foreach (var id in queries.WithCancellation(cancellationToken))
        {
            if (written.Contains(id.TraceId))
            {
                continue;
            }

            var spans = await store.GetTraceAsync(id.TraceId, cancellationToken);
            if (spans.Count > 0)
            {
                written.Add(id.TraceId);
                await writer.WriteAsync(spans, cancellationToken);
            }
        }

        await writer.CompleteAsync(cancellationToken);
        return written.Count;
    }

    private async Task<int> EventLogAsync(IAsyncEnumerable<QueryId> queries, PipeWriter output, CancellationToken cancellationToken)
    {
        var count = 0;
        await foreach (var id in queries.WithCancellation(cancellationToken))
        {
            if (await store.GetQueryAsync(id, cancellationToken) is { } query)
            {
                EventLogWriter.Write(output, query, await store.GetTraceAsync(id.TraceId, cancellationToken));
                await output.FlushAsync(cancellationToken);
                count++;
            }
        }

        return count;
    }

    private async Task<int> VisStateAsync(IAsyncEnumerable<QueryId> queries, PipeWriter output, CancellationToken cancellationToken)
    {
        var count = 0;
        using var json = new Utf8JsonWriter((IBufferWriter<byte>)output);
        json.WriteStartArray();
        await foreach (var id in queries.WithCancellation(cancellationToken))
        {
            if (await store.GetQueryAsync(id, cancellationToken) is { } query)
            {
                VisStateWriter.WriteQuery(json, query);
                await json.FlushAsync(cancellationToken);
                await output.FlushAsync(cancellationToken);
                count++;
            }
        }

        json.WriteEndArray();
        await json.FlushAsync(cancellationToken);
        await output.FlushAsync(cancellationToken);
        return count;
    }
}
