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
        // Released servers know only the snake_case names; of the two names of the depth each release reads one.
        var limit = depth.ToString(CultureInfo.InvariantCulture);
        var path =
            $"/api/v3/traces?query.service_name={Uri.EscapeDataString(service)}"
            + $"&query.start_time_min={TimeWindow.Rfc3339(window.From)}&query.start_time_max={TimeWindow.Rfc3339(window.To)}"
            + $"&query.num_traces={limit}&query.search_depth={limit}&query.raw_traces=true";

        // An empty search is answered with 404.
        if (await _http.GetAsync(path, cancellationToken) is not { } body)
        {
            yield break;
        }

        var rejected = new List<RejectedSpan>();
        var spans = JsonAnswer.Decode(() => JaegerV3Json.Decode(body.Span, rejected), address);
        yield return new FoundSpans(spans, rejected.Count);
    }

    public void Dispose() => _http.Dispose();
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
