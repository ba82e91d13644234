using DhtTracer.Jaeger.Proto.V3;
using DhtTracer.Traces.Otlp;
using DhtTracer.Traces.Otlp.Proto;
using Grpc.Core;
using Span = DhtTracer.Traces.Model.Span;
using Status = Grpc.Core.Status;
using StatusCode = Grpc.Core.StatusCode;

namespace DhtTracer.Jaeger.QueryApi;

/// <summary>
/// <c>jaeger.api_v3.QueryService</c>, which answers in OTLP. Nothing is adjusted, so <c>raw_traces</c> changes nothing. Both times of a
/// search are required and both ends count, as in Jaeger's storages; a search without a depth gets 100 traces.
/// </summary>
internal sealed class JaegerGrpcV3(JaegerArchive archive, JaegerApiOptions options) : QueryService.QueryServiceBase
{
    private const int DefaultDepth = 100;
    private const int ChunkSpans = 1000;
    private const int ChunkBytes = 3 << 20;
    private const int ChunkSummaries = 100;

    public override async Task<GetServicesResponse> GetServices(GetServicesRequest request, ServerCallContext context) =>
        new() { Services = { await archive.ServicesAsync(context.CancellationToken) } };

    public override async Task<GetOperationsResponse> GetOperations(GetOperationsRequest request, ServerCallContext context)
    {
        // A span without a kind counts as internal, also for those who ask for that kind.
        var operations = await archive.OperationsAsync(request.Service, null, context.CancellationToken);
        return new GetOperationsResponse
        {
            Operations =
            {
                operations
                    .Select(operation => new Operation
                    {
                        Name = operation.Name,
                        SpanKind = operation.Kind.Length == 0 ? "internal" : operation.Kind,
                    })
                    .Where(operation => request.SpanKind.Length == 0 || operation.SpanKind == request.SpanKind)
                    .Distinct(),
            },
        };
    }

    public override async Task<DependenciesResponse> GetDependencies(GetDependenciesRequest request, ServerCallContext context)
    {
        var (from, to) = Range(request.StartTime, request.EndTime, "start_time", "end_time");
        var dependencies = await archive.DependenciesAsync(from, to, null, context.CancellationToken);
        return new DependenciesResponse
        {
            Dependencies =
            {
                dependencies.Select(item => new Proto.V3.Dependency
                {
                    Parent = item.Parent,
                    Child = item.Child,
                    CallCount = (ulong)item.CallCount,
                }),
            },
        };
    }

    public override async Task GetTrace(GetTraceRequest request, IServerStreamWriter<TracesData> responseStream, ServerCallContext context)
    {
        if (!JaegerTraceIds.TryParse(request.TraceId, out var id) || id.IsZero)
        {
            throw Invalid("trace_id has up to 32 hex digits, not all zero");
        }

        var trace =
            await archive.TraceAsync(id, context.CancellationToken)
            ?? throw new RpcException(new Status(StatusCode.NotFound, "trace not found"));
        await WriteAsync(trace, responseStream, context.CancellationToken);
    }

    public override async Task FindTraces(
        FindTracesRequest request,
        IServerStreamWriter<TracesData> responseStream,
        ServerCallContext context
    )
    {
        await foreach (var trace in Find(request.Query, context))
        {
            await WriteAsync(trace, responseStream, context.CancellationToken);
        }
    }

    public override async Task FindTraceSummaries(
        FindTraceSummariesRequest request,
        IServerStreamWriter<FindTraceSummariesResponse> responseStream,
        ServerCallContext context
    )
    {
        var chunk = new FindTraceSummariesResponse();
        await foreach (var trace in Find(request.Query, context))
        {
            chunk.Summaries.Add(TraceSummaries.Of(trace));
            if (chunk.Summaries.Count == ChunkSummaries)
            {
                await responseStream.WriteAsync(chunk, context.CancellationToken);
                chunk = new FindTraceSummariesResponse();
            }
        }

        if (chunk.Summaries.Count > 0)
        {
            await responseStream.WriteAsync(chunk, context.CancellationToken);
        }
    }

    private static RpcException Invalid(string what) => new(new Status(StatusCode.InvalidArgument, what));

    private static (ulong From, ulong To) Range(
        Google.Protobuf.WellKnownTypes.Timestamp? from,
        Google.Protobuf.WellKnownTypes.Timestamp? to,
        string fromName,
        string toName
    )
    {
        if (GrpcTimes.UnixNano(from) is not { } first || GrpcTimes.UnixNano(to) is not { } last)
        {
            throw Invalid($"{fromName} and {toName} are required");
        }

        return last > first ? (first, last) : throw Invalid($"{fromName} must be before {toName}");
    }

    private static async Task WriteAsync(
        IReadOnlyList<Span> trace,
        IServerStreamWriter<TracesData> output,
        CancellationToken cancellationToken
    )
    {
        foreach (var part in Parts(trace))
        {
            // OTLP's TracesData, as our writer makes it.
            var bytes = OtlpProtobuf.Encode(part);
            await output.WriteAsync(TracesData.Parser.ParseFrom(bytes), cancellationToken);
        }
    }

    /// <summary>Cuts a trace into messages below the 4 MiB that gRPC clients take by default, where its spans allow it.</summary>
    private static IEnumerable<IReadOnlyList<Span>> Parts(IReadOnlyList<Span> trace)
    {
        foreach (var part in trace.Chunk(ChunkSpans))
        {
            if (OtlpProtobuf.Encode(part).Length <= ChunkBytes)
            {
                yield return part;
                continue;
            }

            foreach (var span in part)
            {
                yield return [span];
            }
        }
    }

    private IAsyncEnumerable<IReadOnlyList<Span>> Find(TraceQueryParameters? query, ServerCallContext context)
    {
        if (query is null)
        {
            throw Invalid("missing query");
        }

        if (!query.Filter.IsEmpty)
        {
            throw Invalid("filter is not supported; use attributes, search_depth and the times");
        }

        var (from, to) = Range(query.StartTimeMin, query.StartTimeMax, "start_time_min", "start_time_max");
        var conditions = new SpanConditions
        {
            Service = query.ServiceName.Length == 0 ? null : query.ServiceName,
            Operation = query.OperationName.Length == 0 ? null : query.OperationName,
            From = from,
            To = to,
            MinDuration = GrpcTimes.Nanoseconds(query.DurationMin),
            MaxDuration = GrpcTimes.Nanoseconds(query.DurationMax),
            Tags = query.Attributes.ToDictionary(StringComparer.Ordinal),
        };
        var depth = query.SearchDepth > 0 ? query.SearchDepth : DefaultDepth;
        return archive.FindAsync(conditions, Math.Min(depth, options.MaxTraces), context.CancellationToken);
    }
}
