using DhtTracer.Ingestion.Receiving;
using DhtTracer.Ingestion.Sink;
using DhtTracer.Traces.Otlp.Proto;
using Grpc.Core;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using ServiceDescriptor = Google.Protobuf.Reflection.ServiceDescriptor;

namespace DhtTracer.Ingestion.Otlp;

/// <summary>
/// OTLP over gRPC (opentelemetry.io/docs/specs/otlp/#otlpgrpc). It answers after the commit, never before. Its base binds the method, so
/// that the received bytes reach our reader without generated message classes between.
/// </summary>
/// <param name="sink">Where spans go.</param>
public sealed class OtlpGrpcReceiver(SpanSink sink) : OtlpTraceServiceBase
{
    /// <summary>Name in the statistics.</summary>
    public const string Name = "otlp-grpc";

    /// <summary>The service as on the wire.</summary>
    public const string ServiceName = "opentelemetry.proto.collector.trace.v1.TraceService";

    /// <inheritdoc/>
    public override async Task<byte[]> Export(ReceivedMessage request, ServerCallContext context)
    {
        using (request)
        {
            return OtlpAnswers.Success(await sink.AcceptOtlpAsync(request.Memory, Name, context.CancellationToken), json: false);
        }
    }
}

/// <summary>Binds the method of OTLP's trace service to bytes, as generated code binds one to messages.</summary>
[BindServiceMethod(typeof(OtlpTraceServiceBase), nameof(BindService))]
public abstract class OtlpTraceServiceBase
{
    /// <summary>The method as on the wire.</summary>
    public static Method<ReceivedMessage, byte[]> ExportMethod { get; } =
        ReceivedMessage.Method(OtlpGrpcReceiver.ServiceName, nameof(Export));

    /// <summary>What server reflection tells.</summary>
    public static ServiceDescriptor Descriptor => TraceServiceReflection.Descriptor.Services.Single();

    /// <summary>Binds the service; the gRPC server calls it without an instance to learn the methods.</summary>
    /// <param name="binder">Takes the method.</param>
    /// <param name="service">Null while methods are learned.</param>
    public static void BindService(ServiceBinderBase binder, OtlpTraceServiceBase? service) =>
        binder.AddMethod(ExportMethod, service is null ? null! : service.Export);

    /// <summary>Takes an <c>ExportTraceServiceRequest</c>.</summary>
    /// <param name="request">The message.</param>
    /// <param name="context">The call.</param>
    /// <returns>An <c>ExportTraceServiceResponse</c>.</returns>
    public abstract Task<byte[]> Export(ReceivedMessage request, ServerCallContext context);
}

/// <summary>Adds and maps the receiver.</summary>
public static class OtlpGrpcReceiverExtensions
{
    /// <summary>Adds what the receiver needs, except for the <see cref="SpanSink"/>.</summary>
    /// <param name="services">Where to.</param>
    /// <param name="options">Limits, or null for the defaults.</param>
    public static IServiceCollection AddOtlpGrpc(this IServiceCollection services, OtlpOptions? options = null)
    {
        services.AddGrpcReceiving().WithMessageLimit<OtlpGrpcReceiver>((options ?? new OtlpOptions()).MaxInflatedBytes);
        return services.AddSingleton<OtlpGrpcReceiver>();
    }

    /// <summary>Maps the receiver; its port speaks HTTP/2 only.</summary>
    /// <param name="endpoints">Where to map.</param>
    /// <param name="options">The same as for <see cref="AddOtlpGrpc"/>.</param>
    public static IEndpointConventionBuilder MapOtlpGrpc(this IEndpointRouteBuilder endpoints, OtlpOptions? options = null) =>
        endpoints.MapGrpcService<OtlpGrpcReceiver>().WithBoundedMemory((options ?? new OtlpOptions()).MaxInflatedBytes);
}
