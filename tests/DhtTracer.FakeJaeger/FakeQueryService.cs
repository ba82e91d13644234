using DhtTracer.Jaeger.Proto.V2;
using DhtTracer.Traces.Jaeger.Proto;
using Grpc.Core;

namespace DhtTracer.FakeJaeger;

/// <summary><c>jaeger.api_v2.QueryService</c>, as the imitated release answers it.</summary>
internal sealed class FakeQueryService(FakeArchive archive, FakeFaults faults, FakeJaegerOptions options) : QueryService.QueryServiceBase
{
    private const int ChunkSpans = 10;

    public override Task<GetServicesResponse> GetServices(GetServicesRequest request, ServerCallContext context) =>
        Task.FromResult(new GetServicesResponse { Services = { archive.Services() } });

    public override Task<GetOperationsResponse> GetOperations(GetOperationsRequest request, ServerCallContext context)
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
        return Task.FromResult(
            new GetOperationsResponse
            {
                Operations = { operations },
                OperationNames = { operations.Select(operation => operation.Name).Distinct() },
            }
        );
    }

    public override async Task FindTraces(
        FindTracesRequest request,
        IServerStreamWriter<SpansResponseChunk> responseStream,
        ServerCallContext context
    )
    {
        var query = request.Query ?? throw FakeErrors.Of(StatusCode.InvalidArgument, "missing query");
        var found = FakeErrors.Search(
            archive,
            faults,
            options,
            new FakeSearch(
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
            }
        );
        var chunks = found.Sum(trace => (trace.Count + ChunkSpans - 1) / ChunkSpans);
        var adjust = options.Release != JaegerRelease.V1_60 && !query.RawTraces;
        await WriteAsync(found, adjust, faults.DisconnectAfter(chunks), responseStream, context);
    }

    public override async Task GetTrace(
        GetTraceRequest request,
        IServerStreamWriter<SpansResponseChunk> responseStream,
        ServerCallContext context
    )
    {
        var trace = archive.Trace(request.TraceId) ?? throw FakeErrors.Of(StatusCode.NotFound, "trace not found");
        await WriteAsync([trace], options.Release != JaegerRelease.V1_60 && !request.RawTraces, null, responseStream, context);
    }

    /// <summary>What an adjuster leaves behind, so that a test sees whether raw traces were asked for.</summary>
    internal static Span Adjusted(Span span)
    {
        var adjusted = span.Clone();
        adjusted.Warnings.Add("adjusted");
        return adjusted;
    }

    private async Task WriteAsync(
        IReadOnlyList<IReadOnlyList<Span>> traces,
        bool adjust,
        int? disconnectAfter,
        IServerStreamWriter<SpansResponseChunk> output,
        ServerCallContext context
    )
    {
        var sent = 0;
        foreach (var trace in traces)
        {
            foreach (var spans in trace.Chunk(ChunkSpans))
            {
                if (sent++ == disconnectAfter)
                {
                    context.GetHttpContext().Abort();
                    context.CancellationToken.ThrowIfCancellationRequested();
                }

                archive.Sent(spans.Length);
                await output.WriteAsync(
                    new SpansResponseChunk { Spans = { adjust ? spans.Select(Adjusted) : spans } },
                    context.CancellationToken
                );
            }
        }
    }
}
