using DhtTracer.Multiformats;
using DhtTracer.Web.About;
using OpenTelemetry;
using OpenTelemetry.Exporter;
using OpenTelemetry.Resources;
using OpenTelemetry.Trace;

namespace DhtTracer.Node;

/// <summary>Where to send spans. Null values come from the standard <c>OTEL_*</c> variables.</summary>
internal sealed record SpanExportOptions
{
    /// <summary>Whether to export at all.</summary>
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

/// <summary>Exports the DHT spans through the OpenTelemetry SDK, from creation until disposal.</summary>
internal sealed class SpanExport : IDisposable
{
    private const string ScopeName = "DhtTracer.Kademlia";
    private const string HttpPath = "v1/traces";

    private static readonly string[] PerSignal = ["PROTOCOL", "HEADERS", "TIMEOUT"];

    private readonly ExportFailures _failures = new();
    private readonly TracerProvider _provider;

    private SpanExport(TracerProvider provider) => _provider = provider;

    /// <param name="options">Where to send spans.</param>
    /// <param name="node">Peer id of the node, used as <c>service.instance.id</c>.</param>
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
                    // The exporter may append the path only to the endpoint from the variable for all signals.
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

    /// <summary>
    /// Whether any exporter of this process failed to send something since this export started. They do not say which one.
    /// </summary>
    public bool AnyLost => _failures.Count > 0;

    /// <summary>Sends waiting spans; false on timeout. Success does not mean that they were received: see <see cref="AnyLost"/>.</summary>
    public bool Flush(TimeSpan timeout) => _provider.ForceFlush((int)timeout.TotalMilliseconds);

    /// <inheritdoc/>
    public void Dispose()
    {
        _provider.Dispose();
        _failures.Dispose();
    }

    // Without this, the product's name and id would override those in OTEL_RESOURCE_ATTRIBUTES.
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

    // By default the SDK truncates a span after 128 events or attributes, and drops spans if more than 2048 wait. A query with some hundred
    // peers ends with that many spans at once. The interval of a third of a second shows queries while they run. It is longer than the
    // analysis waits for quiet, so each batch is analysed separately.
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

        // Variables for traces take precedence over those for all signals, but the exporter reads only the latter.
        var forTraces = PerSignal.Where(name => !string.IsNullOrEmpty(environment["OTEL_EXPORTER_OTLP_TRACES_" + name]));
        return configuration
            .AddInMemoryCollection(forTraces.Select(name => KeyValuePair.Create("OTEL_EXPORTER_OTLP_" + name, Setting(name))))
            .Build();

        string? Setting(string name) =>
            environment["OTEL_EXPORTER_OTLP_TRACES_" + name] is { Length: > 0 } own ? own : environment["OTEL_EXPORTER_OTLP_" + name];
    }
}
