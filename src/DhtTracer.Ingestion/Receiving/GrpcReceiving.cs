using Grpc.AspNetCore.Server;
using Grpc.Net.Compression;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.DependencyInjection;

namespace DhtTracer.Ingestion.Receiving;

/// <summary>What all gRPC services of this program share: memory limits, compressions, and the status of errors.</summary>
public static class GrpcReceiving
{
    /// <summary>
    /// Maximum request size of a service without its own limit, in bytes. This is four times gRPC's default, because exporters are
    /// configured up to it.
    /// </summary>
    public const int DefaultMaxMessageBytes = 16 << 20;

    /// <summary>Registers gRPC. Every service that needs it may call this.</summary>
    /// <param name="services">The service collection.</param>
    public static IGrpcServerBuilder AddGrpcReceiving(this IServiceCollection services) =>
        services.AddGrpc(options =>
        {
            options.MaxReceiveMessageSize = DefaultMaxMessageBytes;
            options.MaxSendMessageSize = null;
            options.EnableDetailedErrors = false;
            options.CompressionProviders = Compressions(DefaultMaxMessageBytes);
            if (!options.Interceptors.Any(item => item.Type == typeof(GrpcErrorInterceptor)))
            {
                options.Interceptors.Add<GrpcErrorInterceptor>();
            }
        });

    /// <summary>gzip, deflate and zstd, for a server or a client. Decompression of each message stops at the limit.</summary>
    /// <param name="maxMessageBytes">Maximum size of a message after decompression, in bytes. A served call has its own limit.</param>
    public static IList<ICompressionProvider> Compressions(int maxMessageBytes) =>
        [
            new MeteredCompression("gzip", maxMessageBytes),
            new MeteredCompression("deflate", maxMessageBytes),
            new MeteredCompression("zstd", maxMessageBytes),
        ];

    /// <summary>Sets the maximum request size of a service, as sent and after decompression.</summary>
    /// <param name="builder">The result of <see cref="AddGrpcReceiving"/>.</param>
    /// <param name="maxMessageBytes">The limit, in bytes.</param>
    public static IGrpcServerBuilder WithMessageLimit<TService>(this IGrpcServerBuilder builder, int maxMessageBytes)
        where TService : class => builder.AddServiceOptions<TService>(options => options.MaxReceiveMessageSize = maxMessageBytes);

    /// <summary>
    /// Counts the memory of each call in <see cref="BodyMemory.Shared"/>. A call that does not fit ends with UNAVAILABLE, which exporters
    /// retry.
    /// </summary>
    /// <param name="endpoints">The result of <c>MapGrpcService</c>.</param>
    /// <param name="maxMessageBytes">Maximum request size after decompression, in bytes.</param>
    public static TBuilder WithBoundedMemory<TBuilder>(this TBuilder endpoints, int maxMessageBytes = DefaultMaxMessageBytes)
        where TBuilder : IEndpointConventionBuilder
    {
        endpoints.Add(endpoint =>
        {
            if (endpoint.RequestDelegate is not { } inner)
            {
                return;
            }

            endpoint.RequestDelegate = async context =>
            {
                using var memory = new GrpcCallMemory(BodyMemory.Shared, maxMessageBytes);
                GrpcCallMemory.Current = memory;
                if (context.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } limit)
                {
                    // Kestrel's limit would reset the stream. gRPC's own limit answers with a reason.
                    limit.MaxRequestBodySize = null;
                }

                var body = context.Features.GetRequiredFeature<IRequestBodyPipeFeature>();
                context.Features.Set<IRequestBodyPipeFeature>(new MeteredBody(memory.Metered(body.Reader)));
                await inner(context);
            };
        });
        return endpoints;
    }

    private sealed class MeteredBody(System.IO.Pipelines.PipeReader reader) : IRequestBodyPipeFeature
    {
        public System.IO.Pipelines.PipeReader Reader => reader;
    }
}
