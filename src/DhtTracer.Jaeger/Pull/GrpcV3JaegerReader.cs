using System.Runtime.CompilerServices;
using DhtTracer.Jaeger.Proto.V3;
using DhtTracer.Traces.Formats;
using DhtTracer.Traces.Model;
using DhtTracer.Traces.Otlp;
using Google.Protobuf;

namespace DhtTracer.Jaeger.Pull;

/// <summary>Asks <c>jaeger.api_v3.QueryService</c>, which answers in OTLP: for a Jaeger that has given up api_v2.</summary>
internal sealed class GrpcV3JaegerReader(Uri address, PullOptions options) : GrpcReader(address, options)
{
    public override PullTransport Transport => PullTransport.GrpcV3;

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
        var request = new GetTraceRequest { TraceId = trace.ToString(), RawTraces = true };
        using var call = new QueryService.QueryServiceClient(Channel.Invoker).GetTrace(request, Channel.Options(cancellationToken));
        while (await JaegerChannel.NextAsync(call.ResponseStream, cancellationToken))
        {
            yield return Decode(call.ResponseStream.Current.ToByteArray());
        }
    }

    public override async IAsyncEnumerable<FoundSpans> FindTracesAsync(
        string service,
        TimeWindow window,
        int depth,
        [EnumeratorCancellation] CancellationToken cancellationToken
    )
    {
        var request = new FindTracesRequest { Query = SummariesV3.Query(service, window, depth) };
        using var call = new QueryService.QueryServiceClient(Channel.Invoker).FindTraces(request, Channel.Options(cancellationToken));
        while (await JaegerChannel.NextAsync(call.ResponseStream, cancellationToken))
        {
            yield return Decode(call.ResponseStream.Current.ToByteArray());
        }
    }

    private static FoundSpans Decode(byte[] tracesData)
    {
        try
        {
            var rejected = new List<RejectedSpan>();
            return new FoundSpans(OtlpProtobuf.Decode(tracesData, rejected), rejected.Count);
        }
        catch (TraceFormatException e)
        {
            throw new JaegerReadException(JaegerReadProblem.Unavailable, $"an answer cannot be read: {e.Message}", e);
        }
    }
}
