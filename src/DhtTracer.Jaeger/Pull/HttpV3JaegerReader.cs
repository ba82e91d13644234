using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text.Json;
using DhtTracer.Traces.Formats;
using DhtTracer.Traces.Jaeger;
using DhtTracer.Traces.Model;

namespace DhtTracer.Jaeger.Pull;

/// <summary>Asks <c>/api/v3</c>, which answers in OTLP JSON.</summary>
internal sealed class HttpV3JaegerReader(Uri address, PullOptions options) : IJaegerReader
{
    private readonly JaegerHttp _http = new(address, options);

    public PullTransport Transport => PullTransport.HttpV3;

    public Uri Address => address;

    public Task<IReadOnlyList<string>> GetServicesAsync(CancellationToken cancellationToken) =>
        _http.GetNamesAsync("/api/v3/services", "services", cancellationToken);

    public async IAsyncEnumerable<FoundSpans> FindTracesAsync(
        string service,
        TimeWindow window,
        int depth,
        [EnumeratorCancellation] CancellationToken cancellationToken
    )
    {
        var path = $"/api/v3/traces?{Query(service, window, depth)}&query.raw_traces=true";

        // An empty search is answered with 404.
        if (await _http.GetAsync(path, cancellationToken) is not { } body)
        {
            yield break;
        }

        var rejected = new List<RejectedSpan>();
        var spans = JsonAnswer.Decode(() => JaegerV3Json.Decode(body.Span, rejected), address);
        yield return new FoundSpans(spans, rejected.Count);
    }

    public async Task<IReadOnlyList<FoundSummary>> FindSummariesAsync(
        string service,
        TimeWindow window,
        int depth,
        CancellationToken cancellationToken
    )
    {
        var body =
            await _http.GetAsync($"/api/v3/trace-summaries?{Query(service, window, depth)}", cancellationToken)
            ?? throw new JaegerReadException(JaegerReadProblem.NotSpoken, $"{address} has no trace summaries");
        return JsonAnswer.Summaries(body, address);
    }

    public async IAsyncEnumerable<FoundSpans> GetTraceAsync(TraceId trace, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        if (await _http.GetAsync($"/api/v3/traces/{trace}?raw_traces=true", cancellationToken) is { } body)
        {
            var rejected = new List<RejectedSpan>();
            var spans = JsonAnswer.Decode(() => JaegerV3Json.Decode(body.Span, rejected), address);
            yield return new FoundSpans(spans, rejected.Count);
        }
    }

    public void Dispose() => _http.Dispose();

    private static string Query(string service, TimeWindow window, int depth)
    {
        // Released servers know only the snake_case names; of the two names of the depth each release reads one. Both ends
        // are included, but a later server refuses equal ones: one nanosecond more overlaps.
        var end = Math.Max(window.To, window.From + 1);
        var limit = depth.ToString(CultureInfo.InvariantCulture);
        return $"query.service_name={Uri.EscapeDataString(service)}"
            + $"&query.start_time_min={TimeWindow.Rfc3339(window.From)}&query.start_time_max={TimeWindow.Rfc3339(end)}"
            + $"&query.num_traces={limit}&query.search_depth={limit}";
    }
}

/// <summary>Reads JSON answers; one that cannot be read was cut off on the way, or comes from something that is no Jaeger.</summary>
internal static class JsonAnswer
{
    public static IReadOnlyList<string> Strings(ReadOnlyMemory<byte> body, string property, Uri address)
    {
        try
        {
            using var document = JsonDocument.Parse(body);
            if (document.RootElement.ValueKind == JsonValueKind.Object && document.RootElement.TryGetProperty(property, out var values))
            {
                // "No services" is null.
                return values.ValueKind == JsonValueKind.Array ? [.. values.EnumerateArray().Select(value => value.GetString() ?? "")] : [];
            }
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            throw new JaegerReadException(JaegerReadProblem.NotSpoken, $"{address} answered something that is not Jaeger's JSON", e);
        }

        throw new JaegerReadException(JaegerReadProblem.NotSpoken, $"{address} answered JSON without \"{property}\": no Jaeger");
    }

    /// <summary>Reads <c>{"summaries":[{"traceId":"0123…","spanCount":8,…}]}</c>.</summary>
    public static IReadOnlyList<FoundSummary> Summaries(ReadOnlyMemory<byte> body, Uri address)
    {
        try
        {
            using var document = JsonDocument.Parse(body);
            if (document.RootElement.ValueKind == JsonValueKind.Object && document.RootElement.TryGetProperty("summaries", out var all))
            {
                // protojson leaves a count of zero out.
                return all.ValueKind == JsonValueKind.Array ? [.. all.EnumerateArray().Select(Summary)] : [];
            }
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or FormatException)
        {
            throw new JaegerReadException(JaegerReadProblem.NotSpoken, $"{address} answered something that is not Jaeger's JSON", e);
        }

        throw new JaegerReadException(JaegerReadProblem.NotSpoken, $"{address} answered JSON without \"summaries\": no Jaeger");
    }

    private static FoundSummary Summary(JsonElement summary) =>
        new(
            summary.TryGetProperty("traceId", out var id) && TraceId.TryParse(id.GetString(), out var trace) ? trace : default,
            summary.TryGetProperty("spanCount", out var count) ? count.GetInt32() : 0
        );

    public static IReadOnlyList<Span> Decode(Func<IReadOnlyList<Span>> decode, Uri address)
    {
        try
        {
            return decode();
        }
        catch (TraceFormatException e)
        {
            throw new JaegerReadException(JaegerReadProblem.Unavailable, $"{address} answered JSON that cannot be read: {e.Message}", e);
        }
    }
}
