using System.Net.Http;
using System.Runtime.CompilerServices;
using DhtTracer.Ingestion.Grpc;
using DhtTracer.Traces;
using DhtTracer.Traces.Jaeger;
using DhtTracer.Traces.Jaeger.Proto;
using Google.Protobuf.WellKnownTypes;
using Span = DhtTracer.Traces.Span;

namespace DhtTracer.Jaeger.Pull;

/// <summary>Asks <c>jaeger.api_v2.QueryService</c>, which every release of Jaeger serves.</summary>
internal sealed class GrpcJaegerReader(Uri address, PullOptions options) : IJaegerReader
{
    private const string Service = "/jaeger.api_v2.QueryService/";
    private readonly GrpcChannel _channel = new(address, new GrpcChannelOptions { MaxReceiveMessageBytes = options.MaxMessageBytes });

    public PullTransport Transport => PullTransport.Grpc;

    public Uri Address => address;

    public async Task<IReadOnlyList<string>> GetServicesAsync(CancellationToken cancellationToken)
    {
        try
        {
            var response = await _channel.UnaryAsync<GetServicesRequest, GetServicesResponse>(
                Service + "GetServices",
                new GetServicesRequest(),
                options.RequestTimeout,
                cancellationToken
            );
            return response.Services;
        }
        catch (GrpcException e)
        {
            throw Translated(e);
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
        await using var chunks = _channel
            .ServerStreamingAsync<FindTracesRequest, SpansResponseChunk>(
                Service + "FindTraces",
                request,
                options.RequestTimeout,
                cancellationToken
            )
            .GetAsyncEnumerator(cancellationToken);
        while (await NextAsync(chunks))
        {
            yield return Decode(chunks.Current);
        }
    }

    public void Dispose() => _channel.Dispose();

    private static Timestamp Timestamp(long unixNano) =>
        new() { Seconds = Math.DivRem(unixNano, 1_000_000_000, out var rest), Nanos = (int)rest };

    private static async ValueTask<bool> NextAsync(IAsyncEnumerator<SpansResponseChunk> chunks)
    {
        try
        {
            return await chunks.MoveNextAsync();
        }
        catch (GrpcException e)
        {
            throw Translated(e);
        }
    }

    private static FoundSpans Decode(SpansResponseChunk chunk)
    {
        var rejected = new List<RejectedSpan>();
        var spans = JaegerModel.Decode(chunk.Spans, rejected: rejected);
        return new FoundSpans(spans, rejected.Count);
    }

    private static JaegerReadException Translated(GrpcException e)
    {
        var problem = e.Status switch
        {
            GrpcStatusCode.Internal when e.Detail.Contains("search depth", StringComparison.OrdinalIgnoreCase) =>
                JaegerReadProblem.DepthRefused,
            GrpcStatusCode.DeadlineExceeded or GrpcStatusCode.ResourceExhausted => JaegerReadProblem.AnswerTooLarge,
            GrpcStatusCode.Unauthenticated or GrpcStatusCode.PermissionDenied or GrpcStatusCode.InvalidArgument =>
                JaegerReadProblem.Refused,
            GrpcStatusCode.Unimplemented => JaegerReadProblem.NotSpoken,

            // Nobody listens, or whoever does speaks another protocol.
            GrpcStatusCode.Unavailable
                when e.InnerException
                    is HttpRequestException
                    {
                        HttpRequestError: HttpRequestError.ConnectionError
                            or HttpRequestError.NameResolutionError
                            or HttpRequestError.HttpProtocolError
                            or HttpRequestError.SecureConnectionError
                            or HttpRequestError.InvalidResponse,
                    } => JaegerReadProblem.NotSpoken,
            GrpcStatusCode.Unknown when e.Detail.Contains("not gRPC", StringComparison.Ordinal) => JaegerReadProblem.NotSpoken,
            _ => JaegerReadProblem.Unavailable,
        };
        return new JaegerReadException(problem, e.Message, e);
    }
}
