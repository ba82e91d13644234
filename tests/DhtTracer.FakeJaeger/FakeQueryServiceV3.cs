using DhtTracer.Jaeger.Proto.V3;
using DhtTracer.Traces.Jaeger;
using DhtTracer.Traces.Otlp;
using DhtTracer.Traces.Otlp.Proto;
using Google.Protobuf;
using Grpc.Core;
using Span = DhtTracer.Traces.Jaeger.Proto.Span;

namespace DhtTracer.FakeJaeger;

/// <summary><c>jaeger.api_v3.QueryService</c>: the same archive, in OTLP, a message for each trace.</summary>
internal sealed class FakeQueryServiceV3(FakeArchive archive, FakeFaults faults, FakeJaegerOptions options) : QueryService.QueryServiceBase
{
    public override Task<GetServicesResponse> GetServices(GetServicesRequest request, ServerCallContext context) =>
        Task.FromResult(new GetServicesResponse { Services = { archive.Services() } });

    public override async Task FindTraces(
        FindTracesRequest request,
        IServerStreamWriter<TracesData> responseStream,
        ServerCallContext context
    )
    {
        foreach (var trace in FakeErrors.Search(archive, faults, options, Search(request.Query)))
        {
            await WriteAsync(trace, responseStream, context);
        }
    }

    public override async Task GetTrace(GetTraceRequest request, IServerStreamWriter<TracesData> responseStream, ServerCallContext context)
    {
        var id = ByteString.CopyFrom(Convert.FromHexString(request.TraceId));
        var trace = archive.Trace(id) ?? throw FakeErrors.Of(StatusCode.NotFound, "trace not found");
        await WriteAsync(trace, responseStream, context);
    }

    public override async Task FindTraceSummaries(
        FindTraceSummariesRequest request,
        IServerStreamWriter<FindTraceSummariesResponse> responseStream,
        ServerCallContext context
    )
    {
        if (options.Release != JaegerRelease.Later)
        {
            throw FakeErrors.Of(StatusCode.Unimplemented, "unknown method FindTraceSummaries for service jaeger.api_v3.QueryService");
        }

        var found = FakeErrors.Search(archive, faults, options, Search(request.Query));
        await responseStream.WriteAsync(
            new FindTraceSummariesResponse
            {
                Summaries =
                {
                    found.Select(trace => new TraceSummary
                    {
                        TraceId = Convert.ToHexStringLower(trace[0].TraceId.Span),
                        SpanCount = trace.Count,
                    }),
                },
            },
            context.CancellationToken
        );
    }

    private static FakeSearch Search(TraceQueryParameters? query) =>
        query?.StartTimeMin is { } min && query.StartTimeMax is { } max
            ? new FakeSearch(query.ServiceName, JaegerTime.UnixNano(min), JaegerTime.UnixNano(max), query.SearchDepth)
            : throw FakeErrors.Of(StatusCode.InvalidArgument, "start time min and max are required parameters");

    private async Task WriteAsync(IReadOnlyList<Span> trace, IServerStreamWriter<TracesData> output, ServerCallContext context)
    {
        archive.Sent(trace.Count);
        var otlp = OtlpProtobuf.Encode(JaegerModel.Decode(trace));
        await output.WriteAsync(TracesData.Parser.ParseFrom(otlp), context.CancellationToken);
    }
}
