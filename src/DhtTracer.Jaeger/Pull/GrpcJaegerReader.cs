using System.Runtime.CompilerServices;
using DhtTracer.Jaeger.Proto.V2;
using DhtTracer.Traces.Formats;
using DhtTracer.Traces.Jaeger;
using DhtTracer.Traces.Jaeger.Proto;
using DhtTracer.Traces.Model;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;

namespace DhtTracer.Jaeger.Pull;

/// <summary>Asks <c>jaeger.api_v2.QueryService</c>, which every release of Jaeger serves.</summary>
internal sealed class GrpcJaegerReader(Uri address, PullOptions options) : IJaegerReader
{
    private readonly JaegerChannel _channel = new(address, options);

    public PullTransport Transport => PullTransport.Grpc;

    public Uri Address => address;

    public async Task<IReadOnlyList<string>> GetServicesAsync(CancellationToken cancellationToken) =>
        (
            await _channel.OneAsync(
                static (invoker, options) =>
                    new QueryService.QueryServiceClient(invoker).GetServicesAsync(new GetServicesRequest(), options),
                cancellationToken
            )
        ).Services;

    // api_v2 has no summaries; a server that has them serves api_v3 on the same port.
    public Task<IReadOnlyList<FoundSummary>> FindSummariesAsync(
        string service,
        TimeWindow window,
        int depth,
        CancellationToken cancellationToken
    ) => SummariesV3.FindAsync(_channel, service, window, depth, cancellationToken);

    public async IAsyncEnumerable<FoundSpans> GetTraceAsync(TraceId trace, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var request = new GetTraceRequest { TraceId = ByteString.CopyFrom(trace.ToBytes()), RawTraces = true };
        using var call = new QueryService.QueryServiceClient(_channel.Invoker).GetTrace(request, _channel.Options(cancellationToken));
        while (await JaegerChannel.NextAsync(call.ResponseStream, cancellationToken))
        {
            yield return Decode(call.ResponseStream.Current);
        }
    }

    public async IAsyncEnumerable<FoundSpans> FindTracesAsync(
        string service,
        TimeWindow window,
        int depth,
        [EnumeratorCancellation] CancellationToken cancellationToken
    )
    {
        // Both ends are set: an end that is present but empty would mean 1970. Raw traces come as they were stored, without adjusters.
        var request = new FindTracesRequest
        {
            Query = new TraceQueryParameters
            {
                ServiceName = service,
                StartTimeMin = Timestamp(window.From),
                StartTimeMax = Timestamp(window.To),
                SearchDepth = depth,
                RawTraces = true,
            },
        };
        using var call = new QueryService.QueryServiceClient(_channel.Invoker).FindTraces(request, _channel.Options(cancellationToken));
        while (await JaegerChannel.NextAsync(call.ResponseStream, cancellationToken))
        {
            yield return Decode(call.ResponseStream.Current);
        }
    }

    public void Dispose() => _channel.Dispose();

    private static Timestamp Timestamp(long unixNano) =>
        new() { Seconds = Math.DivRem(unixNano, 1_000_000_000, out var rest), Nanos = (int)rest };

    private static FoundSpans Decode(SpansResponseChunk chunk)
    {
        var rejected = new List<RejectedSpan>();
        var spans = JaegerModel.Decode(chunk.Spans, rejected: rejected);
        return new FoundSpans(spans, rejected.Count);
    }
}
