using DhtTracer.Ingestion.Grpc;
using DhtTracer.Traces.Jaeger.Proto;
using Microsoft.AspNetCore.Routing;

namespace DhtTracer.FakeJaeger;

/// <summary><c>jaeger.api_v2.QueryService</c>, as the imitated release answers it.</summary>
internal sealed class FakeQueryService(FakeArchive archive, FakeFaults faults, FakeJaegerOptions options)
{
    private const int ChunkSpans = 10;
    private const string Service = "/jaeger.api_v2.QueryService/";

    public void Map(IEndpointRouteBuilder endpoints)
    {
        endpoints.MapGrpcUnary<GetServicesRequest, GetServicesResponse>(
            Service + "GetServices",
            (_, _) => Task.FromResult(new GetServicesResponse { Services = { archive.Services() } })
        );
        endpoints.MapGrpcUnary<GetOperationsRequest, GetOperationsResponse>(
            Service + "GetOperations",
            (request, _) => Task.FromResult(Operations(request))
        );
        endpoints.MapGrpcServerStreaming<FindTracesRequest, SpansResponseChunk>(Service + "FindTraces", FindTraces);
        endpoints.MapGrpcServerStreaming<GetTraceRequest, SpansResponseChunk>(Service + "GetTrace", GetTrace);
    }

    /// <summary>What an adjuster leaves behind, so that a test sees whether raw traces were asked for.</summary>
    internal static Span Adjusted(Span span)
    {
        var adjusted = span.Clone();
        adjusted.Warnings.Add("adjusted");
        return adjusted;
    }

    private static async IAsyncEnumerable<SpansResponseChunk> Chunks(
        IReadOnlyList<IReadOnlyList<Span>> traces,
        bool adjust,
        int? disconnectAfter,
        GrpcServerCall call
    )
    {
        var sent = 0;
        foreach (var trace in traces)
        {
            foreach (var spans in trace.Chunk(ChunkSpans))
            {
                if (sent++ == disconnectAfter)
                {
                    call.HttpContext.Abort();
                    call.Cancellation.ThrowIfCancellationRequested();
                }

                yield return new SpansResponseChunk { Spans = { adjust ? spans.Select(Adjusted) : spans } };
                await Task.Yield();
            }
        }
    }

    private GetOperationsResponse Operations(GetOperationsRequest request)
    {
        var unspecified = options.Release == JaegerRelease.V1_60 ? "unspecified" : "";
        var operations = archive
            .Operations(request.Service)
            .Where(operation => request.SpanKind.Length == 0 || operation.Kind == request.SpanKind)
            .Select(operation => new Operation
            {
                Name = operation.Name,
                SpanKind = operation.Kind.Length == 0 ? unspecified : operation.Kind,
            })
            .ToList();
        return new GetOperationsResponse
        {
            Operations = { operations },
            OperationNames = { operations.Select(operation => operation.Name).Distinct() },
        };
    }

    private IAsyncEnumerable<SpansResponseChunk> FindTraces(FindTracesRequest request, GrpcServerCall call)
    {
        archive.BeginSearch();
        if (faults.Error() is { } status)
        {
            throw new GrpcException(status, "injected by the seed");
        }

        var query = request.Query ?? throw new GrpcException(GrpcStatusCode.InvalidArgument, "missing query");
        var search = new FakeSearch(
            query.ServiceName,
            query.StartTimeMin is { } min ? JaegerTime.UnixNano(min) : null,
            query.StartTimeMax is { } max ? JaegerTime.UnixNano(max) : null,
            query.SearchDepth
        )
        {
            Operation = query.OperationName,
            MinDurationNs = query.DurationMin is { } shortest ? JaegerTime.Nanoseconds(shortest) : null,
            MaxDurationNs = query.DurationMax is { } longest ? JaegerTime.Nanoseconds(longest) : null,
            Tags = new Dictionary<string, string>(query.Tags),
        };
        IReadOnlyList<IReadOnlyList<Span>> found;
        try
        {
            found = archive.Search(search);
        }
        catch (ArgumentOutOfRangeException e)
        {
            throw new GrpcException(GrpcStatusCode.Internal, e.Message);
        }

        if (options.FailsOn is { } fails && found.Any(trace => trace.Any(fails)))
        {
            throw new GrpcException(GrpcStatusCode.Internal, "cannot read a span");
        }

        var chunks = found.Sum(trace => (trace.Count + ChunkSpans - 1) / ChunkSpans);
        return Chunks(found, options.Release != JaegerRelease.V1_60 && !query.RawTraces, faults.DisconnectAfter(chunks), call);
    }

    private IAsyncEnumerable<SpansResponseChunk> GetTrace(GetTraceRequest request, GrpcServerCall call)
    {
        var trace = archive.Trace(request.TraceId) ?? throw new GrpcException(GrpcStatusCode.NotFound, "trace not found");
        return Chunks([trace], options.Release != JaegerRelease.V1_60 && !request.RawTraces, null, call);
    }
}
