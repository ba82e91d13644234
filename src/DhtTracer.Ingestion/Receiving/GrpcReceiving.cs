using Grpc.AspNetCore.Server;
using Grpc.Net.Compression;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.DependencyInjection;

namespace DhtTracer.Ingestion.Receiving;

/// <summary>What all gRPC services of this program share: limits on memory, compressions, and which error has which status.</summary>
public static class GrpcReceiving
{
    /// <summary>Largest request of a service that sets no limit of its own, in bytes: four times gRPC's usual limit, because exporters are
    /// configured up to it.</summary>
    public const int DefaultMaxMessageBytes = 16 << 20;

    /// <summary>Adds gRPC. It may be called by each service that needs it.</summary>
    /// <param name="services">Where to.</param>
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

    /// <summary>gzip, deflate and zstd, for a server or a client. Each message stops inflating at the limit.</summary>
    /// <param name="maxMessageBytes">Largest message after inflating, in bytes; a served call has a limit of its own.</param>
    public static IList<ICompressionProvider> Compressions(int maxMessageBytes) =>
        [
            new MeteredCompression("gzip", maxMessageBytes),
            new MeteredCompression("deflate", maxMessageBytes),
            new MeteredCompression("zstd", maxMessageBytes),
        ];

    /// <summary>Sets the largest request of a service, as sent and after inflating.</summary>
    /// <param name="builder">What <see cref="AddGrpcReceiving"/> returned.</param>
    /// <param name="maxMessageBytes">In bytes.</param>
    public static IGrpcServerBuilder WithMessageLimit<TService>(this IGrpcServerBuilder builder, int maxMessageBytes)
        where TService : class => builder.AddServiceOptions<TService>(options => options.MaxReceiveMessageSize = maxMessageBytes);

    /// <summary>
    /// Counts what each call holds in <see cref="BodyMemory.Shared"/>. A call that does not fit beside the others ends with UNAVAILABLE,
    /// which exporters try again.
    /// </summary>
    /// <param name="endpoints">What <c>MapGrpcService</c> returned.</param>
    /// <param name="maxMessageBytes">Largest request after inflating, in bytes.</param>
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
                    // Kestrel's limit would reset the stream; gRPC's own answers with a reason.
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
