using DhtTracer.Ingestion.Otlp;
using DhtTracer.Ingestion.Sink;
using DhtTracer.Jaeger.Health;
using DhtTracer.Jaeger.QueryApi;
using DhtTracer.Jaeger.Receiving;
using DhtTracer.Node;
using DhtTracer.Storage;
using DhtTracer.Web;
using DhtTracer.Web.Access;

namespace DhtTracer.Hosting.Ports;

/// <summary>
/// All ports of the program, one row each. The server binds them; the start message, <c>/ingest</c> and <c>--help</c> show them; nothing
/// else opens a port. Receivers limit body sizes themselves (<see cref="OtlpOptions"/>, <see cref="JaegerReceiverOptions"/>), so that they
/// can answer with the reason.
/// </summary>
internal static class PortTable
{
    /// <summary>All rows, in display order.</summary>
    public static IReadOnlyList<Port> All { get; } =
    [
        new(PortKind.Site, "site", "--site-port", 5080, PortProtocol.Http1, "http://{0}") { Map = static site => site.UseDhtTracerWeb() },
        new(PortKind.OtlpHttp, "OTLP over HTTP", "--otlp-http-port", 4318, PortProtocol.Http1, "http://{0}/v1/traces")
        {
            Names = NameRule.Sender,
            Receiver = OtlpHttpReceiver.Name,
            CorsMethods = [HttpMethods.Post],
            Map = Endpoints(AccessPolicies.Ingest, static (port, sink) => port.MapOtlpHttp(sink)),
        },
        new(PortKind.OtlpGrpc, "OTLP over gRPC", "--otlp-grpc-port", 4317, PortProtocol.Http2, "http://{0}")
        {
            Names = NameRule.Sender,
            Receiver = OtlpGrpcReceiver.Name,
            Map = Endpoints(AccessPolicies.Ingest, static (port, _) => port.MapOtlpGrpc(), static port => port.MapGrpcHealth()),
        },
        new(PortKind.JaegerGrpc, "Jaeger gRPC", "--jaeger-grpc-port", 14250, PortProtocol.Http2, "http://{0}")
        {
            Names = NameRule.Sender,
            Receiver = JaegerGrpcReceiver.Name,
            Map = Endpoints(AccessPolicies.Ingest, static (port, _) => port.MapJaegerGrpc(), static port => port.MapGrpcHealth()),
        },
        new(PortKind.JaegerThriftHttp, "Jaeger Thrift over HTTP", "--jaeger-http-port", 14268, PortProtocol.Http1, "http://{0}/api/traces")
        {
            Names = NameRule.Sender,
            Receiver = JaegerThriftHttpReceiver.Name,
            Map = Endpoints(AccessPolicies.Ingest, static (port, sink) => port.MapJaegerThriftHttp(sink)),
        },
        new(PortKind.JaegerUdpCompact, "Jaeger UDP compact", "--jaeger-compact-port", 6831, PortProtocol.Udp, "udp://{0}")
        {
            MayHaveTls = false,
            CarriesKey = false,
            Receiver = JaegerUdpReceiver.CompactName,
        },
        new(PortKind.JaegerUdpBinary, "Jaeger UDP binary", "--jaeger-binary-port", 6832, PortProtocol.Udp, "udp://{0}")
        {
            MayHaveTls = false,
            CarriesKey = false,
            Receiver = JaegerUdpReceiver.BinaryName,
        },
        new(PortKind.JaegerSampling, "Jaeger sampling", "--jaeger-sampling-port", 5778, PortProtocol.Http1, "http://{0}/sampling")
        {
            CarriesKey = false,
            Map = Endpoints(null, static (port, _) => port.MapJaegerSampling()),
        },
        new(PortKind.Zipkin, "Zipkin", "--zipkin-port", 9411, PortProtocol.Http1, "http://{0}/api/v2/spans")
        {
            Names = NameRule.Sender,
            Receiver = ZipkinReceiver.Name,
            Map = Endpoints(AccessPolicies.Ingest, static (port, sink) => port.MapZipkin(sink)),
        },
        new(PortKind.JaegerQueryHttp, "Jaeger query HTTP", "--query-http-port", 16686, PortProtocol.Http1, "http://{0}/api")
        {
            CorsMethods = [HttpMethods.Get, HttpMethods.Post],
            Map = Endpoints(AccessPolicies.Reader, static (port, _) => port.MapJaegerQueryHttp(Store(port))),
        },
        new(PortKind.JaegerQueryGrpc, "Jaeger query gRPC", "--query-grpc-port", 16685, PortProtocol.Http2, "http://{0}")
        {
            Map = Endpoints(AccessPolicies.Reader, static (port, _) => port.MapJaegerQueryGrpc(), static port => port.MapGrpcHealth()),
        },
        new(PortKind.Health, "health", "--health-port", 13133, PortProtocol.Http1, "http://{0}/status")
        {
            MayHaveTls = false,
            CarriesKey = false,
            Map = Endpoints(null, static (port, _) => port.MapHealth(TimeProvider.System)),
        },
        new(PortKind.Control, "control server", "--control-port", NodeOptions.DefaultControlPort, PortProtocol.Http1, "http://{0}")
        {
            MayHaveTls = false,
            Names = NameRule.Control,
            LoopbackOnly = true,
            MaxTarget = DhtCommand.MaxLength * 3,
            Map = static control => control.UseControlServer(),
        },
    ];

    /// <summary>The ports of the main process.</summary>
    public static IEnumerable<Port> Main => All.Where(static port => port.Kind != PortKind.Control);

    /// <summary>The maximum of all ports' limits, because Kestrel has only one limit per server (docs/adr/0046).</summary>
    public static int MaxTarget { get; } = All.Max(static port => port.MaxTarget);

    /// <summary>The row of a port.</summary>
    public static Port Of(PortKind kind) => All.First(port => port.Kind == kind);

    private static Action<IApplicationBuilder> Endpoints(
        string? policy,
        Action<IEndpointRouteBuilder, SpanSink> map,
        Action<IEndpointRouteBuilder>? open = null
    ) =>
        port =>
        {
            port.UseRouting();
            port.UseAccess();
            port.UseEndpoints(endpoints =>
            {
                var group = endpoints.MapGroup("");
                map(
                    policy is null ? group.AllowAnonymous() : group.RequireAuthorization(policy),
                    endpoints.ServiceProvider.GetRequiredService<SpanSink>()
                );
                open?.Invoke(endpoints.MapGroup("").AllowAnonymous());
            });
        };

    private static TraceStore Store(IEndpointRouteBuilder endpoints) => endpoints.ServiceProvider.GetRequiredService<TraceStore>();
}
