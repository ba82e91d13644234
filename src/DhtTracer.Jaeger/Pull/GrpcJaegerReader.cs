using System.Runtime.CompilerServices;
using DhtTracer.Jaeger.Proto.V2;
using DhtTracer.Traces.Formats;
using DhtTracer.Traces.Jaeger;
using DhtTracer.Traces.Jaeger.Proto;
using DhtTracer.Traces.Model;
using Google.Protobuf;

namespace DhtTracer.Jaeger.Pull;

/// <summary>Asks <c>jaeger.api_v2.QueryService</c>, which every release of Jaeger serves.</summary>
internal sealed class GrpcJaegerReader(Uri address, PullOptions options) : GrpcReader(address, options)
{
    public override PullTransport Transport => PullTransport.Grpc;

    public override async Task<IReadOnlyList<string>> GetServicesAsync(CancellationToken cancellationToken) =>
        (
            await Channel.OneAsync(
                static (invoker, options) =>
                    new QueryService.QueryServiceClient(invoker).GetServicesAsync(new GetServicesRequest(), options),
                cancellationToken
            )
        ).Services;

    public override async IAsyncEnumerable<FoundSpans> GetTraceAsync(
        TraceId trace,
        [EnumeratorCancellation] CancellationToken cancellationToken
    )
    {
        var request = new GetTraceRequest { TraceId = ByteString.CopyFrom(trace.ToBytes()), RawTraces = true };
        using var call = new QueryService.QueryServiceClient(Channel.Invoker).GetTrace(request, Channel.Options(cancellationToken));
        while (await JaegerChannel.NextAsync(call.ResponseStream, cancellationToken))
        {
            yield return Decode(call.ResponseStream.Current);
        }
    }

    public override async IAsyncEnumerable<FoundSpans> FindTracesAsync(
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
                StartTimeMin = SummariesV3.Time(window.From),
                StartTimeMax = SummariesV3.Time(window.To),
                SearchDepth = depth,
                RawTraces = true,
            },
        };
        using var call = new QueryService.QueryServiceClient(Channel.Invoker).FindTraces(request, Channel.Options(cancellationToken));
        while (await JaegerChannel.NextAsync(call.ResponseStream, cancellationToken))
        {
            yield return Decode(call.ResponseStream.Current);
        }
    }

    private static FoundSpans Decode(SpansResponseChunk chunk)
    {
        var rejected = new List<RejectedSpan>();
        var spans = JaegerModel.Decode(chunk.Spans, rejected: rejected);
        return new FoundSpans(spans, rejected.Count);
    }
}
