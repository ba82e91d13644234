using DhtTracer.Jaeger.Proto.V2;
using DhtTracer.Traces.Jaeger;
using DhtTracer.Traces.Jaeger.Proto;
using DhtTracer.Traces.Model;
using Google.Protobuf;
using Grpc.Core;
using Span = DhtTracer.Traces.Model.Span;
using StatusCode = Grpc.Core.StatusCode;

namespace DhtTracer.Jaeger.QueryApi;

/// <summary>
/// <c>jaeger.api_v2.QueryService</c>. Nothing is adjusted, so <c>raw_traces</c> changes nothing. A search without a depth is not limited,
/// as in Jaeger v1; an empty service matches all, as in v2.
/// </summary>
internal sealed class JaegerGrpcV2(JaegerArchive archive) : QueryService.QueryServiceBase
{
    private const int ChunkSpans = 10;

    // Below the 4 MiB that gRPC clients take by default; only a single span larger than this makes a larger chunk.
    private const int ChunkBytes = 3 << 20;

    public override async Task<GetServicesResponse> GetServices(GetServicesRequest request, ServerCallContext context) =>
        new() { Services = { await archive.ServicesAsync(context.CancellationToken) } };

    public override async Task<GetOperationsResponse> GetOperations(GetOperationsRequest request, ServerCallContext context)
    {
        var operations = await archive.OperationsAsync(request.Service, request.SpanKind, context.CancellationToken);
        return new GetOperationsResponse
        {
            Operations = { operations.Select(operation => new Operation { Name = operation.Name, SpanKind = operation.Kind }) },
            OperationNames = { operations.Select(operation => operation.Name).Distinct() },
        };
    }

    public override async Task<GetDependenciesResponse> GetDependencies(GetDependenciesRequest request, ServerCallContext context)
    {
        var dependencies = await archive.DependenciesAsync(
            GrpcTimes.UnixNano(request.StartTime) ?? 0,
            GrpcTimes.UnixNano(request.EndTime) ?? ulong.MaxValue,
            null,
            context.CancellationToken
        );
        return new GetDependenciesResponse
        {
            Dependencies =
            {
                dependencies.Select(item => new DependencyLink
                {
                    Parent = item.Parent,
                    Child = item.Child,
                    CallCount = (ulong)item.CallCount,
                }),
            },
        };
    }

    public override Task<ArchiveTraceResponse> ArchiveTrace(ArchiveTraceRequest request, ServerCallContext context) =>
        throw new RpcException(
            new Status(StatusCode.Unimplemented, "there is no separate archive: every trace is kept until retention removes it")
        );

    public override async Task FindTraces(
        FindTracesRequest request,
        IServerStreamWriter<SpansResponseChunk> responseStream,
        ServerCallContext context
    )
    {
        var query = request.Query ?? throw new RpcException(new Status(StatusCode.InvalidArgument, "missing query"));
        var conditions = new SpanConditions
        {
            Service = query.ServiceName.Length == 0 ? null : query.ServiceName,
            Operation = query.OperationName.Length == 0 ? null : query.OperationName,
            From = GrpcTimes.UnixNano(query.StartTimeMin),
            To = GrpcTimes.UnixNano(query.StartTimeMax),
            MinDuration = GrpcTimes.Nanoseconds(query.DurationMin),
            MaxDuration = GrpcTimes.Nanoseconds(query.DurationMax),
            Tags = query.Tags.ToDictionary(StringComparer.Ordinal),
        };
        var limit = query.SearchDepth > 0 ? query.SearchDepth : int.MaxValue;
        await foreach (var trace in archive.FindAsync(conditions, limit, context.CancellationToken))
        {
            await WriteAsync(trace, responseStream, context.CancellationToken);
        }
    }

    public override async Task GetTrace(
        GetTraceRequest request,
        IServerStreamWriter<SpansResponseChunk> responseStream,
        ServerCallContext context
    )
    {
        var trace =
            await archive.TraceAsync(Id(request.TraceId), context.CancellationToken)
            ?? throw new RpcException(new Status(StatusCode.NotFound, "trace not found"));
        await WriteAsync(trace, responseStream, context.CancellationToken);
    }

    private static async Task WriteAsync(
        IReadOnlyList<Span> trace,
        IServerStreamWriter<SpansResponseChunk> output,
        CancellationToken cancellationToken
    )
    {
        foreach (var chunk in Chunks(trace))
        {
            await output.WriteAsync(chunk, cancellationToken);
        }
    }

    private static IEnumerable<SpansResponseChunk> Chunks(IReadOnlyList<Span> trace)
    {
        var chunk = new SpansResponseChunk();
        var bytes = 0;
        foreach (var span in trace)
        {
            var encoded = JaegerModel.Encode(span);
            var size = encoded.CalculateSize();
            if (chunk.Spans.Count == ChunkSpans || (chunk.Spans.Count > 0 && bytes + size > ChunkBytes))
            {
                yield return chunk;
                chunk = new SpansResponseChunk();
                bytes = 0;
            }

            chunk.Spans.Add(encoded);
            bytes += size;
        }

        yield return chunk;
    }

    private static TraceId Id(ByteString bytes)
    {
        TraceId? id = bytes.Length switch
        {
            16 => TraceId.FromBytes(bytes.Span),
            8 => new TraceId(0, System.Buffers.Binary.BinaryPrimitives.ReadUInt64BigEndian(bytes.Span)),
            _ => null,
        };
        return id is { IsZero: false } valid
            ? valid
            : throw new RpcException(
                new Status(StatusCode.InvalidArgument, $"invalid trace ID: {bytes.Length} bytes; it has 8 or 16, not all zero")
            );
    }
}
