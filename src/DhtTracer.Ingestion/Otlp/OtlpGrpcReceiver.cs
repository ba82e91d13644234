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
/// OTLP over gRPC (opentelemetry.io/docs/specs/otlp/#otlpgrpc). Answers only after the commit. Its base class binds the method so that our
/// reader gets the received bytes, without generated message classes.
/// </summary>
/// <param name="sink">Receives the spans.</param>
public sealed class OtlpGrpcReceiver(SpanSink sink) : OtlpTraceServiceBase
{
    /// <summary>Name in the statistics.</summary>
    public const string Name = "otlp-grpc";

    /// <summary>Full name of the gRPC service.</summary>
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

/// <summary>Binds the method of OTLP's trace service to bytes. Generated code would bind it to message classes.</summary>
[BindServiceMethod(typeof(OtlpTraceServiceBase), nameof(BindService))]
public abstract class OtlpTraceServiceBase
{
    /// <summary>The gRPC method.</summary>
    public static Method<ReceivedMessage, byte[]> ExportMethod { get; } =
        ReceivedMessage.Method(OtlpGrpcReceiver.ServiceName, nameof(Export));

    /// <summary>The descriptor for server reflection.</summary>
    public static ServiceDescriptor Descriptor => TraceServiceReflection.Descriptor.Services.Single();

    /// <summary>Binds the service. The gRPC server also calls this without an instance, to discover the methods.</summary>
    /// <param name="binder">Receives the method.</param>
    /// <param name="service">Null during discovery.</param>
    public static void BindService(ServiceBinderBase binder, OtlpTraceServiceBase? service) =>
        binder.AddMethod(ExportMethod, service is null ? null! : service.Export);

    /// <summary>Handles an <c>ExportTraceServiceRequest</c>.</summary>
    /// <param name="request">The message.</param>
    /// <param name="context">The call.</param>
    /// <returns>An <c>ExportTraceServiceResponse</c>.</returns>
    public abstract Task<byte[]> Export(ReceivedMessage request, ServerCallContext context);
}

/// <summary>Registers and maps the receiver.</summary>
public static class OtlpGrpcReceiverExtensions
{
    /// <summary>Registers what the receiver needs, except for the <see cref="SpanSink"/>.</summary>
    /// <param name="services">The service collection.</param>
    /// <param name="options">Limits, or null for the defaults.</param>
    public static IServiceCollection AddOtlpGrpc(this IServiceCollection services, OtlpOptions? options = null)
    {
        services.AddGrpcReceiving().WithMessageLimit<OtlpGrpcReceiver>((options ?? new OtlpOptions()).MaxInflatedBytes);
        return services.AddSingleton<OtlpGrpcReceiver>();
    }

    /// <summary>Maps the receiver. Its port supports only HTTP/2.</summary>
    /// <param name="endpoints">The route builder.</param>
    /// <param name="options">The same options as for <see cref="AddOtlpGrpc"/>.</param>
    public static IEndpointConventionBuilder MapOtlpGrpc(this IEndpointRouteBuilder endpoints, OtlpOptions? options = null) =>
        endpoints.MapGrpcService<OtlpGrpcReceiver>().WithBoundedMemory((options ?? new OtlpOptions()).MaxInflatedBytes);
}
