using DhtTracer.Traces.Model;

namespace DhtTracer.Jaeger.Pull;

/// <summary>What the readers of api_v2 and api_v3 share: one channel, and the summaries, which only api_v3 has.</summary>
/// <param name="address">The server.</param>
/// <param name="options">How to reach it.</param>
internal abstract class GrpcReader(Uri address, PullOptions options) : IJaegerReader
{
    public abstract PullTransport Transport { get; }

    public Uri Address => address;

    protected JaegerChannel Channel { get; } = new(address, options);

    public abstract Task<IReadOnlyList<string>> GetServicesAsync(CancellationToken cancellationToken);

    public Task<IReadOnlyList<FoundSummary>> FindSummariesAsync(
        string service,
        TimeWindow window,
        int depth,
        CancellationToken cancellationToken
    ) => SummariesV3.FindAsync(Channel, service, window, depth, cancellationToken);

    public abstract IAsyncEnumerable<FoundSpans> GetTraceAsync(TraceId trace, CancellationToken cancellationToken);

    public abstract IAsyncEnumerable<FoundSpans> FindTracesAsync(
        string service,
        TimeWindow window,
        int depth,
        CancellationToken cancellationToken
    );

    public void Dispose() => Channel.Dispose();
}
