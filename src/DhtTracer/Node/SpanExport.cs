using DhtTracer.Multiformats;
using DhtTracer.Web.About;
using OpenTelemetry;
using OpenTelemetry.Exporter;
using OpenTelemetry.Resources;
using OpenTelemetry.Trace;

namespace DhtTracer.Node;

/// <summary>Where spans go. The standard <c>OTEL_*</c> variables win over what is left null.</summary>
internal sealed record SpanExportOptions
{
    /// <summary>Export at all.</summary>
    public bool Enabled { get; init; } = true;

    /// <summary>
    /// OTLP endpoint; null for <c>OTEL_EXPORTER_OTLP_TRACES_ENDPOINT</c> or <c>OTEL_EXPORTER_OTLP_ENDPOINT</c>, else the embedded receiver
    /// on http://127.0.0.1:4317 (gRPC) or http://127.0.0.1:4318 (HTTP).
    /// </summary>
    public Uri? Endpoint { get; init; }

    /// <summary><c>service.name</c>; null for <c>OTEL_SERVICE_NAME</c> or <c>OTEL_RESOURCE_ATTRIBUTES</c>, else
    /// <c>dht-tracer</c>.</summary>
    public string? ServiceName { get; init; }
}

/// <summary>Exports the spans of the DHT through the OpenTelemetry SDK, from its making until it is disposed.</summary>
internal sealed class SpanExport : IDisposable
{
    private const string ScopeName = "DhtTracer.Kademlia";
    private const string HttpPath = "v1/traces";

    private static readonly string[] PerSignal = ["PROTOCOL", "HEADERS", "TIMEOUT"];

    private readonly ExportFailures _failures = new();
    private readonly TracerProvider _provider;

    private SpanExport(TracerProvider provider) => _provider = provider;

    /// <summary>Begins to export.</summary>
    /// <param name="options">Where to.</param>
    /// <param name="node">Peer id of the node, which becomes <c>service.instance.id</c>.</param>
    public static SpanExport Start(SpanExportOptions options, PeerId node)
    {
        var configuration = Configuration();
        var builder = Sdk.CreateTracerProviderBuilder()
            .ConfigureServices(services => services.AddSingleton(configuration))
            .SetResourceBuilder(Describe(options, node))
            .AddSource(ScopeName)
            .AddOtlpExporter(exporter =>
            {
                if (options.Endpoint is { } endpoint)
                {
                    // The path is the exporter's to add only to what comes from the variable for all signals.
                    exporter.Endpoint =
                        exporter.Protocol == OtlpExportProtocol.HttpProtobuf && endpoint.AbsolutePath == "/"
                            ? new Uri(endpoint, HttpPath)
                            : endpoint;
                }
                else if (Uri.TryCreate(configuration["OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"], UriKind.Absolute, out var traces))
                {
                    exporter.Endpoint = traces;
                }
            });
        return new SpanExport(builder.Build());
    }

    /// <summary>Whether something could not be sent since this export began, by any exporter of this process: they do not say
    /// which.</summary>
    public bool AnyLost => _failures.Count > 0;

    /// <summary>Sends what is waiting; false when it could not within the time. Whether somebody took it is another question:
    /// <see cref="AnyLost"/>.</summary>
    public bool Flush(TimeSpan timeout) => _provider.ForceFlush((int)timeout.TotalMilliseconds);

    /// <inheritdoc/>
    public void Dispose()
    {
        _provider.Dispose();
        _failures.Dispose();
    }

    // Without these a name or an id in OTEL_RESOURCE_ATTRIBUTES would lose against the product's.
    private static ResourceBuilder Describe(SpanExportOptions options, PeerId node)
    {
        var own = new Dictionary<string, object>(StringComparer.Ordinal)
        {
            ["service.name"] = "dht-tracer",
            ["service.version"] = ProductVersion.Short,
            ["service.instance.id"] = node.ToString(),
        };
        var builder = ResourceBuilder.CreateEmpty().AddTelemetrySdk().AddAttributes(own).AddEnvironmentVariableDetector();
        return options.ServiceName is { } name ? builder.AddAttributes([new("service.name", name)]) : builder;
    }

    // The SDK's own defaults cut a span after 128 events or attributes and drop spans beyond 2048 waiting ones: a query of some
    // hundred peers ends with that many spans at once. A third of a second shows a running query while it runs:
    // longer than the analysis waits for quiet, so that each batch is analysed by itself.
    private static IConfiguration Configuration()
    {
        var environment = new ConfigurationBuilder().AddEnvironmentVariables().Build();
        var configuration = new ConfigurationBuilder()
            .AddInMemoryCollection(
                new Dictionary<string, string?>
                {
                    ["OTEL_SPAN_EVENT_COUNT_LIMIT"] = "20000",
                    ["OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT"] = "1024",
                    ["OTEL_BSP_MAX_QUEUE_SIZE"] = "65536",
                    ["OTEL_BSP_SCHEDULE_DELAY"] = "300",
                    ["OTEL_EXPORTER_OTLP_ENDPOINT"] =
                        Setting("PROTOCOL") == "http/protobuf" ? "http://127.0.0.1:4318" : "http://127.0.0.1:4317",
                }
            )
            .AddConfiguration(environment);

        // What is set for traces alone goes before what is set for all signals; the exporter reads only the latter.
        var forTraces = PerSignal.Where(name => !string.IsNullOrEmpty(environment["OTEL_EXPORTER_OTLP_TRACES_" + name]));
        return configuration
            .AddInMemoryCollection(forTraces.Select(name => KeyValuePair.Create("OTEL_EXPORTER_OTLP_" + name, Setting(name))))
            .Build();

        string? Setting(string name) =>
            environment["OTEL_EXPORTER_OTLP_TRACES_" + name] is { Length: > 0 } own ? own : environment["OTEL_EXPORTER_OTLP_" + name];
    }
}
