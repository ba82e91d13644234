using System.Runtime.CompilerServices;
using DhtTracer.Jaeger.Proto.V3;
using DhtTracer.Traces.Formats;
using DhtTracer.Traces.Otlp;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;

namespace DhtTracer.Jaeger.Pull;

/// <summary>Asks <c>jaeger.api_v3.QueryService</c>, which answers in OTLP: for a Jaeger that has given up api_v2.</summary>
internal sealed class GrpcV3JaegerReader(Uri address, PullOptions options) : IJaegerReader
{
    private readonly JaegerChannel _channel = new(address, options);

    public PullTransport Transport => PullTransport.GrpcV3;

    public Uri Address => address;

    public async Task<IReadOnlyList<string>> GetServicesAsync(CancellationToken cancellationToken)
    {
        try
        {
            var client = new QueryService.QueryServiceClient(_channel.Invoker);
            return (await client.GetServicesAsync(new GetServicesRequest(), _channel.Options(cancellationToken))).Services;
        }
        catch (RpcException e)
        {
            throw JaegerChannel.Translated(e, cancellationToken);
        }
    }

    public async IAsyncEnumerable<FoundSpans> FindTracesAsync(
        string service,
        TimeWindow window,
        int depth,
        [EnumeratorCancellation] CancellationToken cancellationToken
    )
    {
        // The end is exclusive by the description, inclusive in the storages: one nanosecond more overlaps, one less loses spans.
        var request = new FindTracesRequest
        {
            Query = new TraceQueryParameters
            {
                ServiceName = service,
                StartTimeMin = Time(window.From),
                StartTimeMax = Time(window.To + 1),
                SearchDepth = depth,
                RawTraces = true,
            },
        };
        using var call = new QueryService.QueryServiceClient(_channel.Invoker).FindTraces(request, _channel.Options(cancellationToken));
        while (await JaegerChannel.NextAsync(call.ResponseStream, cancellationToken))
        {
            yield return Decode(call.ResponseStream.Current.ToByteArray());
        }
    }

    public void Dispose() => _channel.Dispose();

    private static Timestamp Time(long unixNano) =>
        new() { Seconds = Math.DivRem(unixNano, 1_000_000_000, out var rest), Nanos = (int)rest };

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
