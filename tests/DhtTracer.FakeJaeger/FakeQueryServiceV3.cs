using DhtTracer.Jaeger.Proto.V3;
using DhtTracer.Traces.Jaeger;
using DhtTracer.Traces.Otlp;
using DhtTracer.Traces.Otlp.Proto;
using Grpc.Core;
using Status = Grpc.Core.Status;

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
        var query = request.Query;
        if (query?.StartTimeMin is not { } min || query.StartTimeMax is not { } max)
        {
            throw new RpcException(new Status(StatusCode.InvalidArgument, "start_time_min and start_time_max are required"));
        }

        var search = new FakeSearch(query.ServiceName, JaegerTime.UnixNano(min), JaegerTime.UnixNano(max), query.SearchDepth);
        foreach (var trace in FakeErrors.Search(archive, faults, options, search))
        {
            var otlp = OtlpProtobuf.Encode(JaegerModel.Decode(trace));
            await responseStream.WriteAsync(TracesData.Parser.ParseFrom(otlp), context.CancellationToken);
        }
    }
}
