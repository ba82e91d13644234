using System.Text.Json.Nodes;
using DhtTracer.Analysis.Export;
using DhtTracer.Analysis.Lint;
using DhtTracer.Storage.Queries;
using DhtTracer.Web.Exports;
using DhtTracer.Web.Search;
using Microsoft.AspNetCore.Builder;
using Microsoft.OpenApi;

namespace DhtTracer.Web.Api;

/// <summary>A parameter of an endpoint, for the OpenAPI document.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Description">What it does, with an example of its form.</param>
/// <param name="Values">The values it may have; null for any.</param>
/// <param name="Least">Least value of a whole number; null when it is a text.</param>
/// <param name="Greatest">Greatest value of a whole number; null for no limit.</param>
/// <param name="InPath">It is part of the path.</param>
/// <param name="MostTimes">How often it may be given; null for once.</param>
internal sealed record ApiParameter(
    string Name,
    string Description,
    IReadOnlyList<string>? Values = null,
    int? Least = null,
    int? Greatest = null,
    bool InPath = false,
    int? MostTimes = null
);

/// <summary>The parameters that endpoints share: those of the address of the list of queries, read by the same code.</summary>
internal static class ApiParameters
{
    /// <summary>What narrows a set of queries.</summary>
    public static IReadOnlyList<ApiParameter> Filters { get; } =
    [
        new("q", "A filter as text: type:get-providers -outcome:failed slower:2s since:24h; the names stand at /filters"),
        new("key", "The key in any encoding (CID, multihash, peer id, /ipns/…), or the beginning of its text"),
        new("peer", "Peer id of a peer that it dialed or asked"),
        new("type", "What it was for", Names<QueryType>(Words.Of)),
        new("outcome", "How it ended", Names<QueryOutcome>(Words.Of)),
        new("error", "Class of its error", [.. ErrorClass.All]),
        new("peererror", "Class of the error of at least one of its dials and requests", [.. ErrorClass.All]),
        new("lint", "Breaks this rule of lookups", [.. LintRules.All.Select(static rule => rule.Id)]),
        new("agent", "Met a peer whose agent version begins so"),
        new("source", "Whose spans", Names<TraceSource>(Words.Of)),
        new("service", "service.name of the spans"),
        new("node", "Peer id of the querying node"),
        new("min", "Took at least so long: 250ms, 1.5s, 2m"),
        new("max", "Took at most so long"),
        new("minhops", "At least so many hops", Least: 0),
        new("maxhops", "At most so many hops", Least: 0),
        new("alpha", "Requests in flight at most, as the trace tells", Least: 0),
        new("from", "Started at or after, UTC: 2026-11-22 or 2026-11-22T08:44:14.451"),
        new("to", "Started before, UTC"),
        new("background", "Lookups that a node makes for itself: `1` with them, `only` only them", ["1", "0", "only"]),
        new("skipped", "Those that had nobody to ask, which no statistic counts: `0` without them, `only` only them", ["1", "0", "only"]),
    ];

    /// <summary>Order and place in a list.</summary>
    public static IReadOnlyList<ApiParameter> Paging { get; } =
    [
        new("sort", "In what order", Names<QuerySort>(QueryListAddress.SortName)),
        new("at", "`next` or `previous` of another answer"),
        new("limit", "Rows in one answer, 50 when absent", Least: 1, Greatest: 1000),
    ];

    /// <summary>What to export, beside filters.</summary>
    public static IReadOnlyList<ApiParameter> Export { get; } =
    [
        new("format", "Format of the file", [.. ExportFormat.All.Select(static format => format.Name)]),
        new(ExportRequest.RedactName, "1 replaces addresses, peer ids, keys and names by pseudonyms", ["0", "1"]),
        new("id", "Permalink of a query; not together with filters", MostTimes: ExportRequest.MostIds),
        new("sort", "In what order", Names<QuerySort>(QueryListAddress.SortName)),
    ];

    /// <summary>A mark to count from.</summary>
    public static IReadOnlyList<ApiParameter> After { get; } = [new("after", "`mark` of another answer", Least: 0)];

    /// <summary>A stretch of time by name.</summary>
    public static IReadOnlyList<ApiParameter> Range { get; } =
    [
        new(
            "range",
            "Stretch of time that ends now, unless from or to are given; all when absent",
            [.. TimeRange.Offered.Select(static offered => offered.Name)]
        ),
    ];

    /// <summary>A share of a set.</summary>
    public static IReadOnlyList<ApiParameter> Share { get; } =
    [new("share", $"Which share is slow, 1% to {SlowestShare.Greatest}%; {SlowestShare.Usual}% when absent")];

    /// <summary>Search, order and place in a list of peers.</summary>
    public static IReadOnlyList<ApiParameter> Peers { get; } =
    [
        new("find", "Part of the peer id, or of one of its agent versions"),
        new("order", "Greatest first, by this figure; lost when absent", [.. PeerSearch.Orders.Select(static order => order.Name)]),
        new("limit", "Peers in one answer, 100 when absent", Least: 1, Greatest: 1000),
        new("page", "Which page, from 1", Least: 1),
    ];

    public static IReadOnlyList<ApiParameter> SetsOfComparison { get; } =
    [
        .. from set in new[] { "a", "b" }
        from filter in Filters
        select filter with
        {
            Name = $"{set}.{filter.Name}",
            Description = $"Set {set.ToUpperInvariant()}: {filter.Description}",
        },
    ];

    /// <summary>A query's id.</summary>
    public static IReadOnlyList<ApiParameter> QueryId { get; } = [new("id", "Permalink of the query: traceId-spanId in hex", InPath: true)];

    /// <summary>An operation's id.</summary>
    public static IReadOnlyList<ApiParameter> OperationId { get; } =
    [new("id", "Permalink of the operation: traceId-spanId in hex; a query's leads to its operation", InPath: true)];

    /// <summary>A trace's id.</summary>
    public static IReadOnlyList<ApiParameter> TraceId { get; } = [new("id", "Trace id, 32 hex digits", InPath: true)];

    /// <summary>A peer's id.</summary>
    public static IReadOnlyList<ApiParameter> PeerId { get; } = [new("id", "Peer id in base58 or as a CID", InPath: true)];

    /// <summary>A record's key.</summary>
    public static IReadOnlyList<ApiParameter> RecordKey { get; } =
    [new("key", "The key in any encoding: CID, multihash, ipns/NAME", InPath: true)];

    /// <summary>Lists the parameters in the OpenAPI document.</summary>
    public static TBuilder Describe<TBuilder>(this TBuilder endpoint, params IReadOnlyList<IReadOnlyList<ApiParameter>> parameters)
        where TBuilder : IEndpointConventionBuilder =>
        endpoint.AddOpenApiOperationTransformer(
            (operation, _, _) =>
            {
                operation.Parameters = [.. parameters.SelectMany(static group => group).Select(Parameter)];
                return Task.CompletedTask;
            }
        );

    private static IOpenApiParameter Parameter(ApiParameter parameter) =>
        new OpenApiParameter
        {
            Name = parameter.Name,
            In = parameter.InPath ? ParameterLocation.Path : ParameterLocation.Query,
            Required = parameter.InPath,
            Description = parameter.Description,
            Schema = parameter.MostTimes is { } most
                ? new OpenApiSchema
                {
                    Type = JsonSchemaType.Array,
                    MaxItems = most,
                    Items = Value(parameter),
                }
                : Value(parameter),
        };

    private static OpenApiSchema Value(ApiParameter parameter) =>
        new()
        {
            Type = parameter.Least is null ? JsonSchemaType.String : JsonSchemaType.Integer,
            MaxLength = parameter.Least is null ? QueryListAddress.LongestValue : null,
            Minimum = parameter.Least?.ToString(System.Globalization.CultureInfo.InvariantCulture),
            Maximum = parameter.Greatest?.ToString(System.Globalization.CultureInfo.InvariantCulture),
            Enum = parameter.Values is { } values ? [.. values.Select(static value => (JsonNode)value)] : null,
        };

    private static IReadOnlyList<string> Names<T>(Func<T, string> nameOf)
        where T : struct, Enum => [.. Enum.GetValues<T>().Select(nameOf)];
}
