using System.Net;
using System.Text.Json;
using System.Text.Json.Nodes;
using DhtTracer.Ingestion.Otlp;
using DhtTracer.Ingestion.Sink;
using DhtTracer.Jaeger.Receiving;
using DhtTracer.Storage;
using DhtTracer.Storage.Sqlite;
using DhtTracer.Traces.Model;
using DhtTracer.Traces.Thrift;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using OpenTelemetry.Exporter;

namespace DhtTracer.Jaeger.Tests.QueryApi;

/// <summary>Public exporters from npm and NuGet send one trace, each in its way; every way must give the same stored trace.</summary>
public class ExporterTests
{
    private static readonly string[] Ways =
    [
        "",
        "OTLP JSON",
        "OTLP protobuf",
        "OTLP gRPC",
        "exporter-jaeger UDP",
        "exporter-jaeger HTTP",
        "jaeger-client UDP",
        "jaeger-client HTTP",
    ];

    /// <summary>
    /// What some clients add of their own accord; exporter-jaeger repeats the resource on every span. Everything else must be equal. The
    /// Node clients of Jaeger have only one type of number, so 3 and 3.0 are the same here.
    /// </summary>
    private static readonly HashSet<string> Added = new(StringComparer.Ordinal)
    {
        "sampler.type",
        "sampler.param",
        "jaeger.version",
        "jaeger.hostname",
        "hostname",
        "host.name",
        "ip",
        "client-uuid",
        "internal.span.format",
        "service.name",
    };

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Every_exporter_gives_the_same_stored_trace()
    {
        Assert.SkipUnless(Needs.Exporters is not null, Needs.Why("npm packages of tests/exporters"));
        var folder = Directory.CreateTempSubdirectory("dht-tracer-exporters-");
        await using (
            var store = await SqliteTraceStore.OpenAsync(
                new SqliteOptions { Directory = folder.FullName },
                static _ => DhtTracer.Analysis.ReconstructedTrace.Empty
            )
        )
        {
            var sink = new SpanSink(store, new IngestStatistics(TimeProvider.System));
            await using var otlpHttp = await ListenAsync(HttpProtocols.Http1, app => app.MapOtlpHttp(sink));
            await using var otlpGrpc = await ListenAsync(
                HttpProtocols.Http2,
                app => app.MapOtlpGrpc(),
                services => services.AddSingleton(sink).AddOtlpGrpc()
            );
            await using var thriftHttp = await ListenAsync(HttpProtocols.Http1, app => app.MapJaegerThriftHttp(sink));
            await using var udp = new JaegerUdpReceiver(sink, ThriftProtocol.Binary, NullLogger<JaegerUdpReceiver>.Instance);
            var binary = udp.Start(new IPEndPoint(IPAddress.Loopback, 0));

            await NodeProgram.RunAsync(
                "send.js",
                JsonSerializer.Serialize(
                    new
                    {
                        otlpHttp = Port(otlpHttp),
                        otlpGrpc = Port(otlpGrpc),
                        thriftHttp = Port(thriftHttp),
                        binary = binary.Port,
                    }
                )
            );

            await udp.StopAsync(Cancel);
            Assert.All(
                sink.Statistics.Snapshot(),
                receiver => Assert.Equal((receiver.Receiver, 0, null), (receiver.Receiver, (int)receiver.Errors, receiver.LastError))
            );
            var expected = await DescribedAsync(store, 1);
            Assert.Equal(2, expected.Count);
            for (var way = 2; way < Ways.Length; way++)
            {
                Assert.Equal(
                    $"{Ways[way]}: {string.Join('\n', expected)}",
                    $"{Ways[way]}: {string.Join('\n', await DescribedAsync(store, way))}"
                );
            }

            foreach (
                var (protocol, endpoint) in new[]
                {
                    (OtlpExportProtocol.Grpc, $"http://127.0.0.1:{Port(otlpGrpc)}"),
                    (OtlpExportProtocol.HttpProtobuf, $"http://127.0.0.1:{Port(otlpHttp)}/v1/traces"),
                }
            )
            {
                var sent = DotNetExporter.Send(new Uri(endpoint), protocol);
                var described = (await DescribedAsync(store, sent.Trace)).Select(line =>
                    line.Replace($"{sent.Root}", "00000000000000a1", StringComparison.Ordinal)
                        .Replace($"{sent.Child}", "00000000000000a2", StringComparison.Ordinal)
                );
                Assert.Equal($".NET {protocol}: {string.Join('\n', expected)}", $".NET {protocol}: {string.Join('\n', described)}");
            }

            Assert.All(
                sink.Statistics.Snapshot(),
                receiver => Assert.Equal((receiver.Receiver, 0, null), (receiver.Receiver, (int)receiver.Errors, receiver.LastError))
            );
        }

        folder.Delete(recursive: true);
    }

    [Fact]
    public async Task Grpc_js_posts_spans_to_the_collector()
    {
        Assert.SkipUnless(Needs.Exporters is not null, Needs.Why("npm packages of tests/exporters"));
        var folder = Directory.CreateTempSubdirectory("dht-tracer-collector-");
        await using (
            var store = await SqliteTraceStore.OpenAsync(
                new SqliteOptions { Directory = folder.FullName },
                static _ => DhtTracer.Analysis.ReconstructedTrace.Empty
            )
        )
        {
            var sink = new SpanSink(store, new IngestStatistics(TimeProvider.System));
            await using var collector = await ListenAsync(
                HttpProtocols.Http2,
                app => app.MapJaegerGrpc(),
                services => services.AddSingleton(sink).AddJaegerGrpc()
            );
            var id = new TraceId(7, 8);
            object[] calls =
            [
                new
                {
                    method = "PostSpans",
                    request = new
                    {
                        batch = new
                        {
                            process = new { service_name = "kubo" },
                            spans = new[]
                            {
                                new
                                {
                                    trace_id = Convert.ToBase64String(id.ToBytes()),
                                    span_id = Convert.ToBase64String(new SpanId(9).ToBytes()),
                                    operation_name = "ask",
                                    start_time = new { seconds = 1795000000 },
                                    duration = new { nanos = 5000 },
                                },
                            },
                        },
                    },
                },
                new { method = "PostSpans", request = new { } },
            ];

            var results = JsonNode
                .Parse(
                    await NodeProgram.RunAsync(
                        "grpc.js",
                        NodeProgram.Protos,
                        "collector_service.proto",
                        "CollectorService",
                        Port(collector).ToString(),
                        JsonSerializer.Serialize(calls)
                    )
                )!
                .AsArray();

            Assert.Equal([0, 3], results.Select(result => result!["code"]!.GetValue<int>()));
            var span = Assert.Single(await store.GetTraceAsync(id, Cancel));
            Assert.Equal(
                ("ask", "kubo", 1_795_000_000_000_000_000UL, 1_795_000_000_000_005_000UL),
                (span.Name, span.Resource.ServiceName, span.StartUnixNano, span.EndUnixNano)
            );
        }

        folder.Delete(recursive: true);
    }

    private static async Task<IReadOnlyList<string>> DescribedAsync(TraceStore store, int way)
    {
        Assert.True(TraceId.TryParse("5c7ae9106abff3d9f56f1187ef3e72" + way.ToString("x2"), out var id));
        return await DescribedAsync(store, id);
    }

    private static async Task<IReadOnlyList<string>> DescribedAsync(TraceStore store, TraceId id) =>
        [.. (await store.GetTraceAsync(id, Cancel)).OrderBy(span => span.StartUnixNano).Select(Described)];

    private static string Described(Span span)
    {
        static string Text(AttributeList attributes) =>
            string.Join(
                ", ",
                attributes
                    .Where(item => !Added.Contains(item.Key))
                    .OrderBy(item => item.Key, StringComparer.Ordinal)
                    .Select(item => $"{item.Key}={Value(item.Value)}")
            );
        static string Value(AttributeValue value) => value is IntValue number ? new DoubleValue(number.Value).ToString() : value.ToString();
        var events = string.Join("; ", span.Events.Select(item => $"{item.TimeUnixNano} {item.Name} {Text(item.Attributes)}"));
        return $"{span.SpanId} under {span.ParentSpanId}: {span.Name} {span.Kind} {span.StartUnixNano}-{span.EndUnixNano} "
            + $"[{Text(span.Attributes)}] events [{events}] "
            + $"status {span.Status?.Code ?? StatusCode.Unset} {span.Status?.Message} of {span.Resource.ServiceName}";
    }

    private static async Task<WebApplication> ListenAsync(
        HttpProtocols protocols,
        Action<WebApplication> map,
        Action<IServiceCollection>? services = null
    )
    {
        var builder = WebApplication.CreateSlimBuilder();
        services?.Invoke(builder.Services);
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0, listen => listen.Protocols = protocols));
        var app = builder.Build();
        map(app);
        await app.StartAsync(Cancel);
        return app;
    }

    private static int Port(WebApplication app) =>
        new Uri(app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single()).Port;
}
