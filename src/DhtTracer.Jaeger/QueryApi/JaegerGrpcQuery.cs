using System.Runtime.CompilerServices;
using DhtTracer.Ingestion.Grpc;
using DhtTracer.Storage;
using DhtTracer.Traces;
using DhtTracer.Traces.Jaeger;
using DhtTracer.Traces.Jaeger.Proto;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using Microsoft.AspNetCore.Routing;
using Span = DhtTracer.Traces.Span;

namespace DhtTracer.Jaeger.QueryApi;

/// <summary>
/// <c>jaeger.api_v2.QueryService</c>. Nothing is adjusted, so <c>raw_traces</c> changes nothing. A search without a depth is not limited,
/// as in Jaeger v1; an empty service matches all, as in v2.
/// </summary>
internal sealed class JaegerGrpcQuery(JaegerArchive archive)
{
    private const string Service = "/jaeger.api_v2.QueryService/";
    private const int ChunkSpans = 10;

    // Below the 4 MiB that gRPC clients take by default; only a single span larger than this makes a larger chunk.
    private const int ChunkBytes = 3 << 20;

    public void Map(IEndpointRouteBuilder endpoints)
    {
        endpoints.MapGrpcUnary<GetServicesRequest, GetServicesResponse>(
            Service + "GetServices",
            async (_, call) =>
                await GuardedAsync(async () => new GetServicesResponse { Services = { await archive.ServicesAsync(call.Cancellation) } })
        );
        endpoints.MapGrpcUnary<GetOperationsRequest, GetOperationsResponse>(
            Service + "GetOperations",
            (request, call) => GuardedAsync(() => OperationsAsync(request, call))
        );
        endpoints.MapGrpcUnary<GetDependenciesRequest, GetDependenciesResponse>(
            Service + "GetDependencies",
            (request, call) => GuardedAsync(() => DependenciesAsync(request, call))
        );
        endpoints.MapGrpcUnary<ArchiveTraceRequest, ArchiveTraceResponse>(
            Service + "ArchiveTrace",
            (_, _) =>
                throw new GrpcException(
                    GrpcStatusCode.Unimplemented,
                    "there is no separate archive: every trace is kept until retention removes it"
                )
        );
        endpoints.MapGrpcServerStreaming<FindTracesRequest, SpansResponseChunk>(
            Service + "FindTraces",
            (request, call) => GuardedAsync(FindTraces(request, call))
        );
        endpoints.MapGrpcServerStreaming<GetTraceRequest, SpansResponseChunk>(
            Service + "GetTrace",
            (request, call) => GuardedAsync(GetTraceAsync(request, call))
        );
        endpoints.MapGrpcUnimplemented();
    }

    private static async Task<T> GuardedAsync<T>(Func<Task<T>> answer)
    {
        try
        {
            return await answer();
        }
        catch (DatabaseException error)
        {
            throw Translated(error);
        }
    }

    private static async IAsyncEnumerable<SpansResponseChunk> GuardedAsync(IAsyncEnumerable<SpansResponseChunk> chunks)
    {
        await using var each = chunks.GetAsyncEnumerator();
        while (true)
        {
            try
            {
                if (!await each.MoveNextAsync())
                {
                    yield break;
                }
            }
            catch (DatabaseException error)
            {
                throw Translated(error);
            }

            yield return each.Current;
        }
    }

    private static GrpcException Translated(DatabaseException error) =>
        new(error.IsTransient ? GrpcStatusCode.Unavailable : GrpcStatusCode.Internal, error.Message, error);

    private static ulong? Time(Timestamp? time) =>
        time switch
        {
            // Present but empty means 1970, as it does in Jaeger.
            null => null,
            { Seconds: < 0 } => 0,
            { Seconds: > 18_000_000_000 } => ulong.MaxValue,
            _ => ((ulong)time.Seconds * 1_000_000_000) + (ulong)Math.Clamp(time.Nanos, 0, 999_999_999),
        };

    private static long? Nanoseconds(Duration? duration)
    {
        // An empty duration is what clients send that mean none.
        if (duration is null or { Seconds: 0, Nanos: 0 })
        {
            return null;
        }

        return (long)Int128.Clamp(((Int128)duration.Seconds * 1_000_000_000) + duration.Nanos, 0, long.MaxValue);
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
            : throw new GrpcException(
                GrpcStatusCode.InvalidArgument,
                $"invalid trace ID: {bytes.Length} bytes; it has 8 or 16, not all zero"
            );
    }

    private async Task<GetOperationsResponse> OperationsAsync(GetOperationsRequest request, GrpcServerCall call)
    {
        var operations = await archive.OperationsAsync(request.Service, request.SpanKind, call.Cancellation);
        return new GetOperationsResponse
        {
            Operations = { operations.Select(operation => new Operation { Name = operation.Name, SpanKind = operation.Kind }) },
            OperationNames = { operations.Select(operation => operation.Name).Distinct() },
        };
    }

    private async Task<GetDependenciesResponse> DependenciesAsync(GetDependenciesRequest request, GrpcServerCall call)
    {
        var dependencies = await archive.DependenciesAsync(
            Time(request.StartTime) ?? 0,
            Time(request.EndTime) ?? ulong.MaxValue,
            null,
            call.Cancellation
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

    private async IAsyncEnumerable<SpansResponseChunk> FindTraces(
        FindTracesRequest request,
        GrpcServerCall call,
        [EnumeratorCancellation] CancellationToken cancellationToken = default
    )
    {
        var query = request.Query ?? throw new GrpcException(GrpcStatusCode.InvalidArgument, "missing query");
        var conditions = new SpanConditions
        {
            Service = query.ServiceName.Length == 0 ? null : query.ServiceName,
            Operation = query.OperationName.Length == 0 ? null : query.OperationName,
            From = Time(query.StartTimeMin),
            To = Time(query.StartTimeMax),
            MinDuration = Nanoseconds(query.DurationMin),
            MaxDuration = Nanoseconds(query.DurationMax),
            Tags = query.Tags.ToDictionary(StringComparer.Ordinal),
        };
        var limit = query.SearchDepth > 0 ? query.SearchDepth : int.MaxValue;
        await foreach (var trace in archive.FindAsync(conditions, limit, call.Cancellation).WithCancellation(cancellationToken))
        {
            foreach (var chunk in Chunks(trace))
            {
                yield return chunk;
            }
        }
    }

    private async IAsyncEnumerable<SpansResponseChunk> GetTraceAsync(
        GetTraceRequest request,
        GrpcServerCall call,
        [EnumeratorCancellation] CancellationToken cancellationToken = default
    )
    {
        cancellationToken.ThrowIfCancellationRequested();
        var trace =
            await archive.TraceAsync(Id(request.TraceId), call.Cancellation)
            ?? throw new GrpcException(GrpcStatusCode.NotFound, "trace not found");
        foreach (var chunk in Chunks(trace))
        {
            yield return chunk;
        }
    }
}
