using System.Globalization;
using System.Runtime.CompilerServices;
using DhtTracer.Traces.Formats;
using DhtTracer.Traces.Jaeger;
using DhtTracer.Traces.Model;

namespace DhtTracer.Jaeger.Pull;

/// <summary>Asks <c>/api</c>, the JSON of Jaeger's own pages; the last resort, because its times are cut to microseconds.</summary>
internal sealed class HttpV1JaegerReader(Uri address, PullOptions options) : IJaegerReader
{
    private readonly JaegerHttp _http = new(address, options);

    public PullTransport Transport => PullTransport.HttpV1;

    public Uri Address => address;

    public Task<IReadOnlyList<string>> GetServicesAsync(CancellationToken cancellationToken) =>
        _http.GetNamesAsync("/api/services", "data", cancellationToken);

    public async IAsyncEnumerable<FoundSpans> FindTracesAsync(
        string service,
        TimeWindow window,
        int depth,
        [EnumeratorCancellation] CancellationToken cancellationToken
    )
    {
        // Stored times have nanoseconds, the parameters microseconds: rounding the end up overlaps the next window, rounding it down loses
        // spans.
        var start = window.From / TimeWindow.Microsecond;
        var end = (window.To + TimeWindow.Microsecond - 1) / TimeWindow.Microsecond;
        var path = string.Create(
            CultureInfo.InvariantCulture,
            $"/api/traces?service={Uri.EscapeDataString(service)}&start={start}&end={end}&limit={depth}&raw=true"
        );
        var body =
            await _http.GetAsync(path, cancellationToken)
            ?? throw new JaegerReadException(JaegerReadProblem.NotSpoken, $"{address} knows no search at /api/traces");
        var rejected = new List<RejectedSpan>();
        var spans = JsonAnswer.Decode(() => JaegerJson.Decode(body.Span, rejected), address);
        yield return new FoundSpans(spans, rejected.Count);
    }

    public Task<IReadOnlyList<FoundSummary>> FindSummariesAsync(
        string service,
        TimeWindow window,
        int depth,
        CancellationToken cancellationToken
    ) =>
        Task.FromException<IReadOnlyList<FoundSummary>>(
            new JaegerReadException(JaegerReadProblem.NotSpoken, $"{address}: HTTP v1 has no trace summaries")
        );

    public async IAsyncEnumerable<FoundSpans> GetTraceAsync(TraceId trace, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        if (await _http.GetAsync($"/api/traces/{trace}?raw=true", cancellationToken) is { } body)
        {
            var rejected = new List<RejectedSpan>();
            var spans = JsonAnswer.Decode(() => JaegerJson.Decode(body.Span, rejected), address);
            yield return new FoundSpans(spans, rejected.Count);
        }
    }

    public void Dispose() => _http.Dispose();
}
