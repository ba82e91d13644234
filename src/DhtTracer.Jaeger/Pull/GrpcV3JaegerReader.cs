using System.Runtime.CompilerServices;
using DhtTracer.Jaeger.Proto.V3;
using DhtTracer.Traces.Formats;
using DhtTracer.Traces.Model;
using DhtTracer.Traces.Otlp;
using Google.Protobuf;

namespace DhtTracer.Jaeger.Pull;

/// <summary>Asks <c>jaeger.api_v3.QueryService</c>, which answers in OTLP: for a Jaeger that has given up api_v2.</summary>
internal sealed class GrpcV3JaegerReader(Uri address, PullOptions options) : IJaegerReader
{
    private readonly JaegerChannel _channel = new(address, options);

    public PullTransport Transport => PullTransport.GrpcV3;

    public Uri Address => address;

    public async Task<IReadOnlyList<string>> GetServicesAsync(CancellationToken cancellationToken) =>
        (
            await _channel.OneAsync(
                static (invoker, options) =>
                    new QueryService.QueryServiceClient(invoker).GetServicesAsync(new GetServicesRequest(), options),
                cancellationToken
            )
        ).Services;

    public Task<IReadOnlyList<FoundSummary>> FindSummariesAsync(
        string service,
        TimeWindow window,
        int depth,
        CancellationToken cancellationToken
    ) => SummariesV3.FindAsync(_channel, service, window, depth, cancellationToken);

    public async IAsyncEnumerable<FoundSpans> GetTraceAsync(TraceId trace, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var request = new GetTraceRequest { TraceId = trace.ToString(), RawTraces = true };
        using var call = new QueryService.QueryServiceClient(_channel.Invoker).GetTrace(request, _channel.Options(cancellationToken));
        while (await JaegerChannel.NextAsync(call.ResponseStream, cancellationToken))
        {
            yield return Decode(call.ResponseStream.Current.ToByteArray());
        }
    }

    public async IAsyncEnumerable<FoundSpans> FindTracesAsync(
        string service,
        TimeWindow window,
        int depth,
        [EnumeratorCancellation] CancellationToken cancellationToken
    )
    {
        var request = new FindTracesRequest { Query = SummariesV3.Query(service, window, depth) };
        using var call = new QueryService.QueryServiceClient(_channel.Invoker).FindTraces(request, _channel.Options(cancellationToken));
        while (await JaegerChannel.NextAsync(call.ResponseStream, cancellationToken))
        {
            yield return Decode(call.ResponseStream.Current.ToByteArray());
        }
    }

    public void Dispose() => _channel.Dispose();

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
