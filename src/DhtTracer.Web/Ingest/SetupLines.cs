using System.Net;

namespace DhtTracer.Web.Ingest;

/// <summary>One way to send traces here.</summary>
/// <param name="Id">Its anchor on the page: <c>kubo</c>.</param>
/// <param name="Title">What it is for.</param>
/// <param name="Lines">What is typed or pasted, with the ports that are really bound.</param>
/// <param name="Language">What the lines are: <c>shell</c>, <c>yaml</c>, <c>js</c>, <c>go</c>, <c>toml</c>.</param>
/// <param name="Warnings">Where people fail without seeing an error.</param>
internal sealed record SetupWay(string Id, string Title, string Lines, string Language, IReadOnlyList<string> Warnings);

/// <summary>The lines that make other programs send their traces to this process, for the ports that it has really bound.</summary>
internal static class SetupLines
{
    private const string HttpReceiver = "otlp-http";
    private const string GrpcReceiver = "otlp-grpc";

    /// <summary>The ways that work with these listeners; those that need a receiver that is off say which option switches it on.</summary>
    /// <param name="listeners">The listeners of the process.</param>
    /// <param name="host">Name under which the reader reaches this machine. It stands in lines where a listener is bound to every
    /// address.</param>
    public static IReadOnlyList<SetupWay> Of(IReadOnlyList<ListenerState> listeners, string host)
    {
        var http = Endpoint(listeners, HttpReceiver, host);
        var grpc = Endpoint(listeners, GrpcReceiver, host);
        return [Kubo(http, grpc), Collector(http, grpc), JavaScript(http), Go(http, grpc), Rust(http), Files()];
    }

    /// <summary>The OTLP endpoint over HTTP as programs on the reader's side write it: <c>http://127.0.0.1:4318</c>; null when it is
    /// off.</summary>
    public static string? HttpEndpoint(IReadOnlyList<ListenerState> listeners, string host) => Endpoint(listeners, HttpReceiver, host);

    private static SetupWay Kubo(string? http, string? grpc) =>
        new(
            "kubo",
            "Kubo, unpatched",
            http is not null ? $"OTEL_TRACES_EXPORTER=otlp OTEL_EXPORTER_OTLP_ENDPOINT={http} ipfs daemon"
                : grpc is not null
                    ? $"OTEL_TRACES_EXPORTER=otlp OTEL_EXPORTER_OTLP_PROTOCOL=grpc OTEL_EXPORTER_OTLP_ENDPOINT={grpc} ipfs daemon"
                : Off,
            "shell",
            [
                "The endpoint is needed. Without it Kubo sends to https://localhost:4318, and nothing arrives. "
                    + "With OTEL_EXPORTER_OTLP_PROTOCOL=grpc"
                    + (grpc is null ? " the gRPC port is needed, which is off here." : $" the endpoint is {grpc}."),
                "Recommended: OTEL_RESOURCE_ATTRIBUTES=service.instance.id=$(ipfs config Identity.PeerID). "
                    + "No span of Kubo names its own node. OTEL_SERVICE_NAME is ignored.",
                "Spans come up to 5s after a command has ended. "
                    + "ipfs routing findprovs, findpeer, provide, get and put become operations here.",
            ]
        );

    private static SetupWay Collector(string? http, string? grpc) =>
        new(
            "collector",
            "An OpenTelemetry Collector between",
            (http ?? grpc) is { } endpoint
                ? $$"""
                receivers:
                  otlp:
                    protocols:
                      http:
                        endpoint: 127.0.0.1:14318
                processors:
                  filter/dht:
                    error_mode: ignore
                    traces:
                      span:
                        # probes of new peers and requests of a crawl: traces of one span that belong to no query
                        - IsRootSpan() and name == "KademliaDHT.ProtocolMessenger.GetClosestPeers"
                  batch:
                exporters:
                  {{(http is null ? "otlp" : "otlphttp")}}/dht-tracer:
                    endpoint: {{endpoint}}{{(http is null ? "\n    tls:\n      insecure: true" : "")}}
                service:
                  pipelines:
                    traces:
                      receivers: [otlp]
                      processors: [filter/dht, batch]
                      exporters: [{{(http is null ? "otlp" : "otlphttp")}}/dht-tracer]
                """
                : Off,
            "yaml",
            [
                "Nodes then send to the Collector: http://127.0.0.1:14318 in this configuration.",
                "Keep root spans named PutProvider: they are the stores of a provide. "
                    + "A tail-sampling or probabilistic sampler before this exporter loses parts of queries.",
            ]
        );

    private static SetupWay JavaScript(string? http) =>
        new(
            "js",
            "js-libp2p",
            http is null
                ? Off
                : $$"""
                import { openTelemetryMetrics } from '@libp2p/opentelemetry-metrics'
                import { NodeSDK } from '@opentelemetry/sdk-node'
                import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http'

                new NodeSDK({ traceExporter: new OTLPTraceExporter({ url: '{{http}}/v1/traces' }) }).start()
                const node = await createLibp2p({ /* … */ metrics: openTelemetryMetrics() })
                for await (const provider of node.contentRouting.findProviders(cid, { trace: node.metrics.createTrace() })) { /* … */ }
                """,
            "js",
            [
                "Pass a trace to each call. Without it the call makes no span at all.",
                "Read the results to their end: a loop that stops early never ends its outermost span, and the query stays incomplete.",
            ]
        );

    private static SetupWay Go(string? http, string? grpc) =>
        new(
            "go",
            "A Go program with go-libp2p-kad-dht",
            http is null && grpc is null
                ? Off
                : $$"""
                exporter, err := otlptrace{{(http is null ? "grpc" : "http")}}.New(ctx, otlptrace{{(
                    http is null ? "grpc" : "http"
                )}}.WithEndpointURL("{{(http is null ? grpc : http + "/v1/traces")}}"))
                if err != nil { return err }
                provider := trace.NewTracerProvider(trace.WithBatcher(exporter),
                    trace.WithResource(resource.NewSchemaless(
                        attribute.String("service.name", "my-node"),
                        attribute.String("service.instance.id", host.ID().String()))))
                otel.SetTracerProvider(provider)
                defer provider.Shutdown(context.Background())
                """,
            "go",
            [
                "Without Shutdown the spans of the last seconds are lost. "
                    + "On a busy node raise OTEL_BSP_MAX_QUEUE_SIZE: spans over it are dropped without a message.",
            ]
        );

    private static SetupWay Rust(string? http) =>
        new(
            "rust",
            "rust-libp2p and litep2p",
            $"""
            # the adapter crate of adapters/rust-libp2p (its README has the code)
            OTEL_EXPORTER_OTLP_ENDPOINT={http ?? "http://127.0.0.1:4318"} my-node

            # or without a change of the node: its log
            RUST_LOG=libp2p_kad=trace,libp2p_swarm=debug my-node 2>&1 | dht-tracer import -
            RUST_LOG=litep2p::ipfs::kademlia=trace,litep2p::transport-manager=trace my-node 2>&1 | dht-tracer import -
            """,
            "shell",
            [
                "A filter such as EnvFilter over the whole registry takes the adapter's events away: put it on each other layer.",
                "A log of rust-libp2p tells neither the type nor the key of a query, and shows requests without their start.",
            ]
        );

    private static SetupWay Files() =>
        new(
            "files",
            "Files",
            "dht-tracer import traces/ download.json -",
            "shell",
            [
                "OTLP, Jaeger JSON and Thrift, Zipkin, the file of Kubo's OTEL_TRACES_EXPORTER=file, "
                    + "logs of Rust nodes, event logs of 2019; also gzipped.",
            ]
        );

    private const string Off = "# the OTLP receivers of this process are off: start it without --otlp-http-port off";

    // A listener on every address is reached under the name that the reader uses; one on a single address only there.
    private static string? Endpoint(IReadOnlyList<ListenerState> listeners, string receiver, string host)
    {
        if (listeners.FirstOrDefault(listener => listener.Receiver == receiver)?.Address is not { } address)
        {
            return null;
        }

        var uri = new Uri(address.Contains("://", StringComparison.Ordinal) ? address : "http://" + address);
        var everywhere =
            IPAddress.TryParse(uri.Host.Trim('[', ']'), out var bound) && (bound.Equals(IPAddress.Any) || bound.Equals(IPAddress.IPv6Any));
        return everywhere ? $"http://{host}:{uri.Port}" : $"http://{uri.Authority}";
    }
}
