using System.Runtime.CompilerServices;
using DhtTracer.Storage;
using DhtTracer.Traces;

namespace DhtTracer.Web.JaegerApi;

/// <summary>How often spans of one service are children of spans of another.</summary>
internal sealed record Dependency(string Parent, string Child, long CallCount);

/// <summary>The archive as Jaeger's query service sees it: services, operations, and whole traces found by their spans.</summary>
internal sealed class JaegerArchive(TraceStore store, JaegerApiOptions options)
{
    private const int PageSize = 200;

    public Task<IReadOnlyList<string>> ServicesAsync(CancellationToken cancellationToken) => store.ListServicesAsync(cancellationToken);

    /// <summary>Operations of a service; a kind, when given, as Jaeger writes it.</summary>
    public async Task<IReadOnlyList<(string Name, string Kind)>> OperationsAsync(string service, string? kind, CancellationToken cancellationToken)
    {
        var operations = await store.ListOperationsAsync(service, cancellationToken);
        return
        [
            .. operations.Select(operation => (operation.Name, Kind: KindText(operation.Kind)))
                .Where(operation => string.IsNullOrEmpty(kind) || operation.Kind == kind).Distinct(),
        ];
    }

    /// <summary>The spans of a trace, or null when it is not here.</summary>
    public async Task<IReadOnlyList<Span>?> TraceAsync(TraceId id, CancellationToken cancellationToken)
    {
        var spans = await store.GetTraceAsync(id, cancellationToken);
        return spans.Count == 0 ? null : spans;
    }

    /// <summary>Whole traces that have a span which fulfils the conditions, those whose matching spans started last first.</summary>
    public async IAsyncEnumerable<IReadOnlyList<Span>> FindAsync(
        SpanConditions conditions, int limit, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var found = 0;
        for (var offset = 0; found < limit; offset += PageSize)
        {
            var candidates = await store.FindTracesAsync(
                new TraceSearch
                {
                    Service = conditions.Service,
                    Operation = conditions.Operation,
                    FromUnixNano = conditions.From,
                    ToUnixNano = conditions.To,
                    MinDurationNs = conditions.MinDuration,
                    MaxDurationNs = conditions.MaxDuration,
                    Limit = PageSize,
                    Offset = offset,
                },
                cancellationToken);
            foreach (var candidate in candidates)
            {
                var spans = await store.GetTraceAsync(candidate, cancellationToken);
                if (spans.Any(conditions.Matches))
                {
                    yield return spans;
                    if (++found == limit)
                    {
                        yield break;
                    }
                }
            }

            if (candidates.Count < PageSize)
            {
                yield break;
            }
        }
    }

    /// <summary>Calls between services within a time range, spans of the same service included as Jaeger v2 counts them.</summary>
    public async Task<IReadOnlyList<Dependency>> DependenciesAsync(ulong from, ulong to, CancellationToken cancellationToken)
    {
        var counts = new Dictionary<(string Parent, string Child), long>();
        await foreach (var trace in FindAsync(new SpanConditions { From = from, To = to }, options.MaxDependencyTraces, cancellationToken))
        {
            var services = new Dictionary<SpanId, string>();
            foreach (var span in trace)
            {
                services.TryAdd(span.SpanId, span.Resource.ServiceName ?? "");
            }

            foreach (var span in trace)
            {
                if (services.TryGetValue(span.ParentSpanId, out var parent))
                {
                    var pair = (parent, span.Resource.ServiceName ?? "");
                    counts[pair] = counts.GetValueOrDefault(pair) + 1;
                }
            }
        }

        return [.. counts.Select(item => new Dependency(item.Key.Parent, item.Key.Child, item.Value)).OrderBy(item => item.Parent, StringComparer.Ordinal).ThenBy(item => item.Child, StringComparer.Ordinal)];
    }

    private static string KindText(SpanKind kind) => kind switch
    {
        SpanKind.Internal => "internal",
        SpanKind.Server => "server",
        SpanKind.Client => "client",
        SpanKind.Producer => "producer",
        SpanKind.Consumer => "consumer",
        _ => "",
    };
}
