using DhtTracer.Kademlia.LocalNet;
using DhtTracer.Traces.Model;

namespace DhtTracer.EndToEnd.Tests.NodeExport;

/// <summary>The standard variables of OpenTelemetry (opentelemetry.io/docs/specs/otel/configuration/sdk-environment-variables), given to
/// the real program.</summary>
public sealed class ExportVariablesTests(ExportVariablesTests.Network network) : IClassFixture<ExportVariablesTests.Network>
{
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Endpoint_protocol_headers_name_and_attributes_are_honoured(bool grpc)
    {
        await using var receiver = await OtlpReceiver.StartAsync(grpc);
        await PingAsync(
            new()
            {
                ["OTEL_EXPORTER_OTLP_ENDPOINT"] = receiver.Address.ToString(),
                ["OTEL_EXPORTER_OTLP_PROTOCOL"] = grpc ? "grpc" : "http/protobuf",
                ["OTEL_EXPORTER_OTLP_HEADERS"] = "x-team=dht,authorization=Bearer%20abc",
                ["OTEL_SERVICE_NAME"] = "my-node",
                ["OTEL_RESOURCE_ATTRIBUTES"] = "deployment.environment=test,service.name=not-this",
            }
        );

        Assert.NotEmpty(receiver.Spans);
        Assert.All(
            receiver.Requests,
            request =>
            {
                Assert.Equal(grpc ? "/opentelemetry.proto.collector.trace.v1.TraceService/Export" : "/v1/traces", request.Path);
                Assert.Equal(("dht", "Bearer abc"), (request.Headers["x-team"], request.Headers["authorization"]));
            }
        );
        var root = Root(receiver);
        Assert.Equal("my-node", root.Resource.ServiceName);
        Assert.Equal("test", root.Resource.Attributes.GetString("deployment.environment"));
        Assert.Equal(root.Attributes.GetString("dht.node"), root.Resource.Attributes.GetString("service.instance.id"));
        Assert.All(receiver.Spans, span => Assert.Equal("DhtTracer.Kademlia", span.Scope.Name));
    }

    [Fact]
    public async Task A_service_name_among_the_resource_attributes_is_the_name()
    {
        await using var receiver = await OtlpReceiver.StartAsync(grpc: true);
        await PingAsync(
            new()
            {
                ["OTEL_EXPORTER_OTLP_ENDPOINT"] = receiver.Address.ToString(),
                ["OTEL_RESOURCE_ATTRIBUTES"] = "service.name=from-attributes",
            }
        );
        Assert.Equal("from-attributes", Root(receiver).Resource.ServiceName);
    }

    [Fact]
    public async Task Without_a_name_it_is_the_products()
    {
        await using var receiver = await OtlpReceiver.StartAsync(grpc: true);
        await PingAsync(new() { ["OTEL_EXPORTER_OTLP_ENDPOINT"] = receiver.Address.ToString() });
        Assert.Equal("dht-tracer", Root(receiver).Resource.ServiceName);
    }

    [Fact]
    public async Task Variables_for_traces_alone_go_before_those_for_all_signals()
    {
        await using var receiver = await OtlpReceiver.StartAsync(grpc: false);
        await PingAsync(
            new()
            {
                ["OTEL_EXPORTER_OTLP_ENDPOINT"] = "http://127.0.0.1:1",
                ["OTEL_EXPORTER_OTLP_PROTOCOL"] = "grpc",
                ["OTEL_EXPORTER_OTLP_HEADERS"] = "x-team=all",
                ["OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"] = new Uri(receiver.Address, "/own/path").ToString(),
                ["OTEL_EXPORTER_OTLP_TRACES_PROTOCOL"] = "http/protobuf",
                ["OTEL_EXPORTER_OTLP_TRACES_HEADERS"] = "x-team=traces",
            }
        );
        Assert.All(receiver.Requests, request => Assert.Equal(("/own/path", "traces"), (request.Path, request.Headers["x-team"])));
        _ = Root(receiver);
    }

    [Fact]
    public async Task The_option_goes_before_the_variable_in_either_protocol()
    {
        await using var receiver = await OtlpReceiver.StartAsync(grpc: false);
        await PingAsync(
            new() { ["OTEL_EXPORTER_OTLP_ENDPOINT"] = "http://127.0.0.1:1", ["OTEL_EXPORTER_OTLP_PROTOCOL"] = "http/protobuf" },
            "--otlp-endpoint",
            receiver.Address.ToString()
        );
        Assert.All(receiver.Requests, request => Assert.Equal("/v1/traces", request.Path));
        _ = Root(receiver);
    }

    [Fact]
    public async Task The_size_of_a_batch_is_honoured()
    {
        await using var receiver = await OtlpReceiver.StartAsync(grpc: true);
        await PingAsync(new() { ["OTEL_EXPORTER_OTLP_ENDPOINT"] = receiver.Address.ToString(), ["OTEL_BSP_MAX_EXPORT_BATCH_SIZE"] = "3" });
        Assert.True(receiver.Requests.Count > 1);
        Assert.All(receiver.Requests, request => Assert.InRange(request.Spans.Count, 1, 3));
    }

    [Theory]
    [InlineData("grpc")]
    [InlineData("http/protobuf")]
    public async Task Spans_that_nobody_takes_are_said_to_be_lost(string protocol)
    {
        var output = await PingAsync(
            new() { ["OTEL_EXPORTER_OTLP_ENDPOINT"] = "http://127.0.0.1:1", ["OTEL_EXPORTER_OTLP_PROTOCOL"] = protocol }
        );
        Assert.Matches("/q/[0-9a-f]{32}-[0-9a-f]{16} .*could not be sent", output);
    }

    [Fact]
    public async Task Spans_that_were_taken_are_not()
    {
        await using var receiver = await OtlpReceiver.StartAsync(grpc: true);
        var output = await PingAsync(new() { ["OTEL_EXPORTER_OTLP_ENDPOINT"] = receiver.Address.ToString() });
        Assert.Matches("/q/[0-9a-f]{32}-[0-9a-f]{16}\n", output);
    }

    [Fact]
    public async Task A_disabled_sdk_sends_nothing_and_promises_no_permalink()
    {
        await using var receiver = await OtlpReceiver.StartAsync(grpc: true);
        var output = await PingAsync(
            new() { ["OTEL_EXPORTER_OTLP_ENDPOINT"] = receiver.Address.ToString(), ["OTEL_SDK_DISABLED"] = "true" }
        );
        Assert.Empty(receiver.Requests);
        Assert.DoesNotContain("/q/", output, StringComparison.Ordinal);
    }

    private async Task<string> PingAsync(Dictionary<string, string> environment, params string[] more)
    {
        var ping = await TracerProcess.RunAsync(
            ["query", "ping", network.Wanted, "--bootstrap", network.Bootstrap, .. more],
            environment: environment
        );
        Assert.True(ping.ExitCode == 0, ping.Output + ping.Error);
        return ping.Output;
    }

    private static Span Root(OtlpReceiver receiver) =>
        receiver.Spans.Single(span =>
            span.Name == "dht.query"
            && span.Attributes.GetString("dht.query.type") == "ping"
            && span.Attributes["dht.query.background"] is null
        );

    public sealed class Network : IAsyncLifetime
    {
        private LocalNetwork? _network;

        public string Bootstrap => _network!.BootstrapPeers[0];

        public string Wanted => $"{_network!.Nodes[3].Peer.Addresses[0]}/p2p/{_network.Nodes[3].Peer.Id}";

        public async ValueTask InitializeAsync() =>
            _network = await LocalNetwork.StartAsync(
                new LocalNetworkOptions { Count = 4, Seed = 31 },
                cancellationToken: TestContext.Current.CancellationToken
            );

        public async ValueTask DisposeAsync() => await _network!.DisposeAsync();
    }
}
