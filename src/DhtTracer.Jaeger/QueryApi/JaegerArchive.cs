using System.Runtime.CompilerServices;
using DhtTracer.Storage;
using DhtTracer.Storage.Services;
using DhtTracer.Traces.Model;

namespace DhtTracer.Jaeger.QueryApi;

/// <summary>How often spans of one service are children of spans of another.</summary>
internal sealed record Dependency(string Parent, string Child, long CallCount);

/// <summary>The archive as Jaeger's query service sees it: services, operations, and whole traces found by their spans.</summary>
internal sealed class JaegerArchive(TraceStore store)
{
    /// <summary>What Jaeger calls the service of a span whose resource does not name one.</summary>
    public const string MissingService = "missing-service-name";

    public async Task<IReadOnlyList<string>> ServicesAsync(CancellationToken cancellationToken)
    {
        var services = await store.ListServicesAsync(cancellationToken);
        return (await store.ListServiceOperationsAsync("", cancellationToken)).Count == 0
            ? services
            : [.. services.Append(MissingService).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal)];
    }

    /// <summary>Operations of a service; a kind, when given, as Jaeger writes it.</summary>
    public async Task<IReadOnlyList<(string Name, string Kind)>> OperationsAsync(
        string service,
        string? kind,
        CancellationToken cancellationToken
    )
    {
        var operations = await store.ListServiceOperationsAsync(service, cancellationToken);
        if (service == MissingService)
        {
            operations = [.. operations, .. await store.ListServiceOperationsAsync("", cancellationToken)];
        }

        return
        [
            .. operations
                .Select(operation => (operation.Name, Kind: KindText(operation.Kind)))
                .Where(operation => string.IsNullOrEmpty(kind) || operation.Kind == kind)
                .Distinct(),
        ];
    }

    /// <summary>The spans of a trace, or null when it is not here. A span without a service has <see cref="MissingService"/>.</summary>
    public async Task<IReadOnlyList<Span>?> TraceAsync(TraceId id, CancellationToken cancellationToken)
    {
        var spans = await store.GetTraceAsync(id, cancellationToken);
        return spans.Count == 0 ? null : Named(spans);
    }

    /// <summary>
    /// Whole traces that have a span which fulfils the conditions, those whose matching spans started last first. Each trace that is there
    /// when the search begins comes once: which ones to look at is read in one statement, whatever arrives while they are sent.
    /// </summary>
    public async IAsyncEnumerable<IReadOnlyList<Span>> FindAsync(
        SpanConditions conditions,
        int limit,
        [EnumeratorCancellation] CancellationToken cancellationToken
    )
    {
        var found = 0;
        foreach (var candidate in await CandidatesAsync(conditions, cancellationToken))
        {
            if (found == limit)
            {
                yield break;
            }

            // A trace that retention has deleted in the meantime has no spans any more.
            var spans = Named(await store.GetTraceAsync(candidate, cancellationToken));
            if (spans.Any(conditions.Matches))
            {
                found++;
                yield return spans;
            }
        }
    }

    /// <summary>Calls between services, spans of the same service included as Jaeger v2 counts them.</summary>
    /// <param name="from">Earliest start of a trace, in nanoseconds since 1970-01-01 UTC.</param>
    /// <param name="to">Latest start.</param>
    /// <param name="service">Only calls from or to this service; null for all.</param>
    /// <param name="cancellationToken">Cancels.</param>
    public async Task<IReadOnlyList<Dependency>> DependenciesAsync(
        ulong from,
        ulong to,
        string? service,
        CancellationToken cancellationToken
    ) =>
        [
            .. (await store.ListDependenciesAsync(from, to, cancellationToken))
                .GroupBy(static item => (Parent: NameOf(item.Parent), Child: NameOf(item.Child)))
                .Where(pair => service is null || pair.Key.Parent == service || pair.Key.Child == service)
                .Select(static pair => new Dependency(pair.Key.Parent, pair.Key.Child, pair.Sum(static item => item.Calls)))
                .OrderBy(static item => item.Parent, StringComparer.Ordinal)
                .ThenBy(static item => item.Child, StringComparer.Ordinal),
        ];

    private static string NameOf(string service) => service.Length == 0 ? MissingService : service;

    private static IReadOnlyList<Span> Named(IReadOnlyList<Span> spans)
    {
        if (!spans.Any(static span => string.IsNullOrEmpty(span.Resource.ServiceName)))
        {
            return spans;
        }

        var resources = new Dictionary<Resource, Resource>(ReferenceEqualityComparer.Instance);
        return
        [
            .. spans.Select(span => string.IsNullOrEmpty(span.Resource.ServiceName) ? span with { Resource = Named(span.Resource) } : span),
        ];

        Resource Named(Resource resource)
        {
            if (!resources.TryGetValue(resource, out var named))
            {
                var attributes = new List<KeyValuePair<string, AttributeValue>>
                {
                    KeyValuePair.Create("service.name", (AttributeValue)MissingService),
                };
                foreach (var attribute in resource.Attributes.AsSpan())
                {
                    if (attribute.Key != "service.name")
                    {
                        attributes.Add(attribute);
                    }
                }

                named = resource with { Attributes = new AttributeList([.. attributes]) };
                resources.Add(resource, named);
            }

            return named;
        }
    }

    private async Task<IReadOnlyList<TraceId>> CandidatesAsync(SpanConditions conditions, CancellationToken cancellationToken)
    {
        var search = new TraceSearch
        {
            Service = conditions.Service,
            Operation = conditions.Operation,
            FromUnixNano = conditions.From,
            ToUnixNano = conditions.To,
            MinDurationNs = conditions.MinDuration,
            MaxDurationNs = conditions.MaxDuration,
        };
        var found = await store.FindTracesAsync(search, cancellationToken);
        return conditions.Service != MissingService
            ? found
            : [.. found.Union(await store.FindTracesAsync(search with { Service = "" }, cancellationToken))];
    }

    private static string KindText(SpanKind kind) =>
        kind switch
        {
            SpanKind.Internal => "internal",
            SpanKind.Server => "server",
            SpanKind.Client => "client",
            SpanKind.Producer => "producer",
            SpanKind.Consumer => "consumer",
            _ => "",
        };
}
