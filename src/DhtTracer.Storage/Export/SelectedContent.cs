using System.Collections.Immutable;
using System.Runtime.CompilerServices;
using DhtTracer.Analysis;
using DhtTracer.Analysis.Model;
using DhtTracer.Analysis.Redaction;
using DhtTracer.Traces.Model;

namespace DhtTracer.Storage.Export;

/// <summary>Reads what a selection selects, page by page. What was deleted in the meantime is left out.</summary>
/// <param name="store">The archive to read.</param>
/// <param name="selection">What to export.</param>
internal sealed class SelectedContent(TraceStore store, ExportSelection selection)
{
    private const int OperationsInPage = 500;
    private const int TracesInPage = 10_000;

    public async IAsyncEnumerable<(Operation Operation, ImmutableArray<Query> Queries)> OperationsAsync(
        [EnumeratorCancellation] CancellationToken cancellationToken
    )
    {
        // Only ids that a reader named can name an operation twice; their number is limited.
        var written = selection.Ids is null ? null : new HashSet<QueryId>();
        await foreach (var id in IdsAsync(cancellationToken))
        {
            if (await store.LoadAsync(id.TraceId, cancellationToken) is not { } content)
            {
                continue;
            }

            var (_, found) = store.ReconstructWithSpans(content);
            if (found.OperationOf(id) is { } operation && written?.Add(operation.Id) != false)
            {
                var queries = found.QueriesOf(operation.Id);
                yield return selection.Redactor?.Redact(operation, queries) ?? (operation, queries);
            }
        }
    }

    public async IAsyncEnumerable<(Query Query, IReadOnlyList<Span> Spans)> QueriesAsync(
        [EnumeratorCancellation] CancellationToken cancellationToken
    )
    {
        await foreach (var id in IdsAsync(cancellationToken))
        {
            if (await store.LoadAsync(id.TraceId, cancellationToken) is not { } content)
            {
                continue;
            }

            var (spans, found) = store.ReconstructWithSpans(content);
            foreach (var query in found.QueriesOf(id))
            {
                yield return selection.Redactor is { } redactor ? (redactor.Redact(query), []) : (query, spans);
            }
        }
    }

    private async IAsyncEnumerable<QueryId> IdsAsync([EnumeratorCancellation] CancellationToken cancellationToken)
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

    public async IAsyncEnumerable<IReadOnlyList<QuerySummary>> PagesAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        if (selection.Ids is { } ids)
        {
            foreach (var id in ids)
            {
                yield return [.. (await store.FindQueriesAsync(id, cancellationToken)).Select(Redacted)];
            }

            yield break;
        }

        string? cursor = null;
        do
        {
            var page = await store.ListOperationsAsync(selection.Filter, selection.Sort, cursor, OperationsInPage, cancellationToken);
            yield return [.. page.Rows.SelectMany(static row => row.Queries).Select(Redacted)];
            cursor = page.Next;
        } while (cursor is not null);
    }

    /// <summary>
    /// The spans of each trace, once. Those of a redacted trace are made of its operations, because a program's own spans hold too much.
    /// </summary>
    public async IAsyncEnumerable<IReadOnlyList<Span>> SpansAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await foreach (var id in TracesAsync(cancellationToken))
        {
            var spans =
                selection.Redactor is not { } redactor ? await store.GetTraceAsync(id, cancellationToken)
                : await store.LoadAsync(id, cancellationToken) is { } content ? Spans(store.ReconstructWithSpans(content).Found, redactor)
                : [];
            if (spans.Count > 0)
            {
                yield return spans;
            }
        }
    }

    private static List<Span> Spans(ReconstructedTrace trace, Redactor redactor) =>
        [.. trace.Operations.SelectMany(operation => redactor.Spans(operation, trace.Queries))];

    private QuerySummary Redacted(QuerySummary query) => selection.Redactor?.Redact(query) ?? query;

    /// <summary>
    /// Returns each trace once. Paging by the trace's number, not by its queries, needs no memory of the traces already written, and a
    /// query that arrives in the meantime shifts nothing.
    /// </summary>
    private async IAsyncEnumerable<TraceId> TracesAsync([EnumeratorCancellation] CancellationToken cancellationToken)
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
