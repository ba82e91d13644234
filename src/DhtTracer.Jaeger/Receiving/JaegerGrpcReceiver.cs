using DhtTracer.Ingestion.Receiving;
using DhtTracer.Ingestion.Sink;
using DhtTracer.Jaeger.Proto.V2;
using DhtTracer.Traces.Formats;
using DhtTracer.Traces.Jaeger;
using DhtTracer.Traces.Jaeger.Proto;
using Google.Protobuf;
using Grpc.Core;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using ServiceDescriptor = Google.Protobuf.Reflection.ServiceDescriptor;
using Span = DhtTracer.Traces.Model.Span;
using StatusCode = Grpc.Core.StatusCode;

namespace DhtTracer.Jaeger.Receiving;

/// <summary>
/// Jaeger's collector over gRPC, port 14250: <c>jaeger.api_v2.CollectorService/PostSpans</c>. It answers after the commit, never before.
/// Its base binds the method, so that a request which is no protobuf is INVALID_ARGUMENT and says why.
/// </summary>
/// <param name="sink">Where spans go.</param>
public sealed class JaegerGrpcReceiver(SpanSink sink) : CollectorServiceBytesBase
{
    /// <summary>Name in the statistics.</summary>
    public const string Name = "jaeger-grpc";

    /// <summary>The service as on the wire.</summary>
    public const string ServiceName = "jaeger.api_v2.CollectorService";

    /// <inheritdoc/>
    public override async Task<byte[]> PostSpans(ReceivedMessage request, ServerCallContext context)
    {
        var (spans, rejected) = Decode(request);
        await sink.AcceptReceivedAsync(spans, Name, context.CancellationToken);
        sink.Statistics.CountRejected(Name, rejected);
        return [];
    }

    private (IReadOnlyList<Span> Spans, int Rejected) Decode(ReceivedMessage request)
    {
        using (request)
        {
            Batch? batch;
            try
            {
                batch = PostSpansRequest.Parser.ParseFrom(request.Memory.Span).Batch;
            }
            catch (InvalidProtocolBufferException error)
            {
                throw Refused($"the request is not a PostSpansRequest: {error.Message}");
            }

            if (batch is null)
            {
                throw Refused("the request holds no batch");
            }

            var rejected = new List<RejectedSpan>();
            var spans = JaegerModel.Decode(batch.Spans, batch.Process, rejected);

            // Jaeger's answer has no room for a partial success; a batch of which nothing can be kept is an error all the same.
            return spans.Count > 0 || rejected.Count == 0
                ? (spans, rejected.Count)
                : throw Refused($"none of {rejected.Count} spans can be kept, the first because {rejected[0].Problem}");
        }
    }

    private RpcException Refused(string why)
    {
        sink.Statistics.CountRefused(Name, why);
        return new RpcException(new Status(StatusCode.InvalidArgument, why));
    }
}

/// <summary>Binds the method of Jaeger's collector to bytes, as generated code binds one to messages.</summary>
[BindServiceMethod(typeof(CollectorServiceBytesBase), nameof(BindService))]
public abstract class CollectorServiceBytesBase
{
    /// <summary>The method as on the wire.</summary>
    public static Method<ReceivedMessage, byte[]> PostSpansMethod { get; } =
        ReceivedMessage.Method(JaegerGrpcReceiver.ServiceName, nameof(PostSpans));

    /// <summary>What server reflection tells.</summary>
    public static ServiceDescriptor Descriptor => CollectorService.Descriptor;

    /// <summary>Binds the service; the gRPC server calls it without an instance to learn the methods.</summary>
    /// <param name="binder">Takes the method.</param>
    /// <param name="service">Null while methods are learned.</param>
    public static void BindService(ServiceBinderBase binder, CollectorServiceBytesBase? service) =>
        binder.AddMethod(PostSpansMethod, service is null ? null! : service.PostSpans);

    /// <summary>Takes a <c>PostSpansRequest</c>.</summary>
    /// <param name="request">The message.</param>
    /// <param name="context">The call.</param>
    /// <returns>A <c>PostSpansResponse</c>, which is empty.</returns>
    public abstract Task<byte[]> PostSpans(ReceivedMessage request, ServerCallContext context);
}

/// <summary>Adds and maps the receiver.</summary>
public static class JaegerGrpcReceiverExtensions
{
    /// <summary>Adds what the receiver needs, except for the <see cref="SpanSink"/>.</summary>
    /// <param name="services">Where to.</param>
    /// <param name="options">Limits, or null for the defaults.</param>
    public static IServiceCollection AddJaegerGrpc(this IServiceCollection services, JaegerReceiverOptions? options = null)
    {
        services.AddGrpcReceiving().WithMessageLimit<JaegerGrpcReceiver>((options ?? new JaegerReceiverOptions()).MaxMessageBytes);
        return services.AddSingleton<JaegerGrpcReceiver>();
    }

    /// <summary>Maps the receiver; its port speaks HTTP/2 only.</summary>
    /// <param name="endpoints">Where to map.</param>
    /// <param name="options">The same as for <see cref="AddJaegerGrpc"/>.</param>
    public static IEndpointConventionBuilder MapJaegerGrpc(this IEndpointRouteBuilder endpoints, JaegerReceiverOptions? options = null) =>
        endpoints.MapGrpcService<JaegerGrpcReceiver>().WithBoundedMemory((options ?? new JaegerReceiverOptions()).MaxMessageBytes);
}
