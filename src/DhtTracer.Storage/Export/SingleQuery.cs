using DhtTracer.Analysis.Export;
using DhtTracer.Analysis.Model;
using DhtTracer.Analysis.Redaction;

namespace DhtTracer.Storage.Export;

/// <summary>Exports one query in the formats that hold only one.</summary>
public static class SingleQuery
{
    /// <summary>Creates the file.</summary>
    /// <param name="store">The archive that the query is in.</param>
    /// <param name="kind">The kind of file.</param>
    /// <param name="query">The query.</param>
    /// <param name="address">Where this installation shows queries, such as <c>http://127.0.0.1:5080/q/</c>.</param>
    /// <param name="redactor">What replaces addresses, peer ids, keys and names; null to export what was recorded.</param>
    /// <param name="cancellationToken">Stops reading.</param>
    /// <returns>The file; null when this kind needs more than one query.</returns>
    public static async Task<byte[]?> FileAsync(
        TraceStore store,
        ExportKind kind,
        Query query,
        string address,
        Redactor? redactor,
        CancellationToken cancellationToken = default
    )
    {
        if (redactor is null)
        {
            var spans = await store.GetTraceAsync(query.Id.TraceId, cancellationToken);
            return QueryFile.Of(kind, query, address + query.Id, spans);
        }

        // The address of an installation may tell whose it is, so only the path stays.
        var redacted = redactor.Redact(query);
        var found = await store.GetOperationAsync(query.OperationId, cancellationToken);
        return QueryFile.Of(kind, redacted, $"/q/{redacted.Id}", found is null ? [] : redactor.Spans(found.Operation, found.Queries));
    }
}
