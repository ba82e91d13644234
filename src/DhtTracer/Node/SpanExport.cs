using DhtTracer.Libp2p.Multiformats;
using OpenTelemetry;
using OpenTelemetry.Resources;
using OpenTelemetry.Trace;

namespace DhtTracer.Node;

/// <summary>Where spans go. The standard <c>OTEL_*</c> variables win over what is left null.</summary>
internal sealed record SpanExportOptions
{
    /// <summary>Export at all.</summary>
    public bool Enabled { get; init; } = true;

    /// <summary>OTLP endpoint; null for <c>OTEL_EXPORTER_OTLP_ENDPOINT</c>, else the embedded receiver on http://127.0.0.1:4317 (gRPC).</summary>
    public Uri? Endpoint { get; init; }

    /// <summary><c>service.name</c>; null for <c>OTEL_SERVICE_NAME</c>, else <c>dht-tracer</c>.</summary>
    public string? ServiceName { get; init; }
}

/// <summary>Exports the spans of the DHT through the OpenTelemetry SDK, from its making until it is disposed.</summary>
internal sealed class SpanExport : IDisposable
{
    private const string ScopeName = "DhtTracer.Kademlia";

    private readonly TracerProvider _provider;

    private SpanExport(TracerProvider provider) => _provider = provider;

    /// <summary>Begins to export.</summary>
    /// <param name="options">Where to.</param>
    /// <param name="node">Peer id of the node, which becomes <c>service.instance.id</c>.</param>
    public static SpanExport Start(SpanExportOptions options, PeerId node)
    {
        var name = options.ServiceName ?? Environment.GetEnvironmentVariable("OTEL_SERVICE_NAME");
        var resource = ResourceBuilder.CreateDefault().AddService(
            string.IsNullOrEmpty(name) ? "dht-tracer" : name,
            serviceVersion: typeof(SpanExport).Assembly.GetName().Version?.ToString(3),
            autoGenerateServiceInstanceId: false,
            serviceInstanceId: node.ToString());
        var builder = Sdk.CreateTracerProviderBuilder()
            .ConfigureServices(services => services.AddSingleton<IConfiguration>(Configuration()))
            .SetResourceBuilder(resource)
            .AddSource(ScopeName)
            .AddOtlpExporter(exporter =>
            {
                if (options.Endpoint is { } endpoint)
                {
                    exporter.Endpoint = endpoint;
                }
            });
        return new SpanExport(builder.Build());
    }

    /// <summary>Sends what is waiting; false when it could not within the time.</summary>
    public bool Flush(TimeSpan timeout) => _provider.ForceFlush((int)timeout.TotalMilliseconds);

    /// <inheritdoc/>
    public void Dispose() => _provider.Dispose();

    // The SDK's own defaults cut a span after 128 events or attributes and drop spans beyond 2048 waiting ones: a query of some
    // hundred peers ends with that many spans at once. The half second makes a running query visible while it runs.
    private static IConfiguration Configuration() => new ConfigurationBuilder()
        .AddInMemoryCollection(new Dictionary<string, string?>
        {
            ["OTEL_SPAN_EVENT_COUNT_LIMIT"] = "20000",
            ["OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT"] = "1024",
            ["OTEL_BSP_MAX_QUEUE_SIZE"] = "65536",
            ["OTEL_BSP_SCHEDULE_DELAY"] = "500",
            ["OTEL_EXPORTER_OTLP_ENDPOINT"] = "http://127.0.0.1:4317",
        })
        .AddEnvironmentVariables()
        .Build();
}
