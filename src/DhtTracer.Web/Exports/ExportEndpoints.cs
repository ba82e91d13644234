using DhtTracer.Analysis.Export;
using DhtTracer.Analysis.Model;
using DhtTracer.Analysis.Redaction;
using DhtTracer.Analysis.RequestTrace;
using DhtTracer.Storage;
using DhtTracer.Storage.Export;
using DhtTracer.Web.Search;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Routing;

namespace DhtTracer.Web.Exports;

/// <summary>Files made of a query, of the chosen ones of a list, and of all that a list holds.</summary>
internal static class ExportEndpoints
{
    /// <summary>Name of a file of many queries.</summary>
    public const string SetName = "queries";

    /// <summary>Where the JSON schema of IPFS Request Trace is.</summary>
    public const string SchemaPath = "/request-trace.schema.json";

    private static IEnumerable<string> SingleExtensions =>
        ExportFormat.All.Where(static format => format.Single).Select(static format => format.Extension);

    private static readonly string[] Reading = [HttpMethods.Get, HttpMethods.Head];

    /// <summary>Adds the addresses <c>/q/{id}/export.{extension}</c>, <c>/queries/export</c>, <c>/queries/export/chosen</c> ,
    /// <c>/queries.csv</c>, and the schema of IPFS Request Trace.</summary>
    public static void Map(IEndpointRouteBuilder endpoints)
    {
        endpoints.MapMethods("/q/{id}/export.{extension}", Reading, QueryAsync).ExcludeFromDescription();
        endpoints.MapMethods("/queries/export", Reading, SetAsync).ExcludeFromDescription();
        endpoints.MapMethods("/queries/export/chosen", Reading, ChosenAsync).ExcludeFromDescription();
        endpoints.MapMethods("/queries.csv", Reading, ListAsync).ExcludeFromDescription();
        endpoints
            .MapMethods(SchemaPath, Reading, static () => Results.Bytes(RequestTraceValidator.SchemaUtf8, "application/schema+json"))
            .ExcludeFromDescription();
    }

    /// <summary>The file that a request asks for, once its problems are ruled out.</summary>
    /// <param name="request">A request without problems.</param>
    /// <param name="store">Where the queries are.</param>
    /// <param name="http">The request, for the address of this installation.</param>
    /// <param name="notHere">The answer when a query that is named is not here.</param>
    public static async Task<IResult> AnswerAsync(ExportRequest request, TraceStore store, HttpRequest http, Func<QueryId, IResult> notHere)
    {
        var format = request.Format ?? throw new ArgumentException("The request has problems.", nameof(request));
        var cancellationToken = http.HttpContext.RequestAborted;
        foreach (var id in request.Selection.Ids ?? [])
        {
            if ((await store.FindByPrefixAsync(id.ToString(), 1, cancellationToken)).Count == 0)
            {
                return notHere(id);
            }
        }

        return request.Selection.Ids is [var only] && !format.Sets
            ? await FileAsync(format, only, store, http, request.Selection.Redactor, cancellationToken) ?? notHere(only)
            : new ExportResult(
                new ArchiveExporter(store),
                format,
                request.Selection,
                request.Selection.Redactor is null ? SetName : SetName + "-redacted"
            );
    }

    private static async Task<IResult> QueryAsync(
        string id,
        string extension,
        HttpRequest request,
        [FromServices] TraceStore store,
        CancellationToken cancellationToken
    ) =>
        !QueryId.TryParse(id, out var queryId) ? Results.NotFound()
        : ExportFormat.OfSingle(extension) is { } format
            ? await FileAsync(format, queryId, store, request, ExportRequest.RedactorOf(request.Query), cancellationToken)
                ?? Results.NotFound()
        : Bad(request, [$"A query is exported with one of these endings: {string.Join(", ", SingleExtensions)}."]);

    private static Task<IResult> SetAsync(HttpRequest request, [FromServices] TraceStore store) =>
        SiteAsync(ExportRequest.Parse(request.Query), store, request);

    private static Task<IResult> ChosenAsync(HttpRequest request, [FromServices] TraceStore store)
    {
        var wanted = ExportRequest.Parse(request.Query);
        if (wanted.Selection.Ids is null)
        {
            // Without a choice the address would mean everything.
            return Task.FromResult(Bad(request, ["No query was chosen: go back, and check the queries to export."]));
        }

        return SiteAsync(wanted, store, request);
    }

    private static async Task<IResult> ListAsync(HttpRequest request, [FromServices] TraceStore store, CancellationToken cancellationToken)
    {
        var address = await QueryListAddress.Parse(request.Query).ResolveAsync(store, cancellationToken);
        return address.Problems.Count > 0
            ? Bad(request, address.Problems)
            : new ExportResult(
                new ArchiveExporter(store),
                ExportFormat.Find("csv")!,
                ExportSelection.Of(address.Filter, address.Sort),
                SetName
            );
    }

    private static async Task<IResult> SiteAsync(ExportRequest wanted, TraceStore store, HttpRequest request) =>
        wanted.Problems.Count > 0 ? Bad(request, wanted.Problems) : await AnswerAsync(wanted, store, request, id => NotHere(request, id));

    private static IResult NotHere(HttpRequest request, QueryId id)
    {
        Pages.ErrorModel.Explain(request.HttpContext, $"The query {id} is not here: it was not imported yet, or is no longer kept.");
        return Results.NotFound();
    }

    private static IResult Bad(HttpRequest request, IReadOnlyList<string> problems)
    {
        Pages.ErrorModel.Explain(request.HttpContext, string.Join(' ', problems));
        return Results.BadRequest();
    }

    // A file of one query: of an operation its decisive one.
    private static async Task<Query?> FindAsync(QueryId id, TraceStore store, CancellationToken cancellationToken) =>
        await store.GetQueryAsync(id, cancellationToken)
        ?? (
            await store.GetOperationAsync(id, cancellationToken) is { Operation.Decisive: { } decisive } found
                ? found.Queries.FirstOrDefault(query => query.Id == decisive)
                : null
        );

    /// <summary>One query as a file; null when the archive does not have it.</summary>
    private static async Task<IResult?> FileAsync(
        ExportFormat format,
        QueryId id,
        TraceStore store,
        HttpRequest request,
        Redactor? redactor,
        CancellationToken cancellationToken
    )
    {
        if (await FindAsync(id, store, cancellationToken) is not { } query)
        {
            return null;
        }

        var name = redactor is null ? $"query-{id.TraceId.ToString()[..12]}" : "query-redacted";
        return
            await SingleQuery.FileAsync(store, format.Kind, query, $"{request.Scheme}://{request.Host}/q/", redactor, cancellationToken)
                is { } bytes
            ? Results.File(bytes, format.MediaType, $"{name}.{format.Extension}")
            : new ExportResult(new ArchiveExporter(store), format, ExportSelection.Of([id]) with { Redactor = redactor }, name);
    }
}
