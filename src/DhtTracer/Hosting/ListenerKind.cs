using DhtTracer.Ingestion.Otlp;
using DhtTracer.Jaeger.Receiving;

namespace DhtTracer.Hosting;

/// <summary>The listeners of the main process.</summary>
internal enum ListenerKind
{
    /// <summary>The web site and its JSON API.</summary>
    Site,

    /// <summary>OTLP over HTTP.</summary>
    OtlpHttp,

    /// <summary>OTLP over gRPC.</summary>
    OtlpGrpc,

    /// <summary>Jaeger <c>CollectorService/PostSpans</c>.</summary>
    JaegerGrpc,

    /// <summary>Jaeger Thrift over HTTP.</summary>
    JaegerThriftHttp,

    /// <summary>Jaeger compact Thrift over UDP.</summary>
    JaegerUdpCompact,

    /// <summary>Jaeger binary Thrift over UDP.</summary>
    JaegerUdpBinary,

    /// <summary>Jaeger remote sampling.</summary>
    JaegerSampling,

    /// <summary>Zipkin JSON v2.</summary>
    Zipkin,

    /// <summary>Jaeger query API over HTTP, for Jaeger UI and Grafana.</summary>
    JaegerQueryHttp,

    /// <summary>Jaeger query API over gRPC.</summary>
    JaegerQueryGrpc,

    /// <summary>Health.</summary>
    Health,
}

/// <summary>What the command line and the start message say about a listener.</summary>
/// <param name="Kind">Which.</param>
/// <param name="Title">Name in the start message.</param>
/// <param name="Option">Option that changes its port.</param>
/// <param name="DefaultPort">The port everybody expects.</param>
/// <param name="Url">Format of its address, with <c>{0}</c> for host and port.</param>
/// <param name="Receiver">Its name in the statistics of ingest; null for a listener that takes no spans.</param>
internal sealed record ListenerInfo(ListenerKind Kind, string Title, string Option, int DefaultPort, string Url, string? Receiver = null)
{
    /// <summary>All, in the order they are shown.</summary>
    public static IReadOnlyList<ListenerInfo> All { get; } =
    [
        new(ListenerKind.Site, "site", "--site-port", 5080, "http://{0}"),
        new(ListenerKind.OtlpHttp, "OTLP over HTTP", "--otlp-http-port", 4318, "http://{0}/v1/traces", OtlpHttpReceiver.Name),
        new(ListenerKind.OtlpGrpc, "OTLP over gRPC", "--otlp-grpc-port", 4317, "http://{0}", OtlpGrpcReceiver.Name),
        new(ListenerKind.JaegerGrpc, "Jaeger gRPC", "--jaeger-grpc-port", 14250, "http://{0}", JaegerGrpcReceiver.Name),
        new(
            ListenerKind.JaegerThriftHttp,
            "Jaeger Thrift over HTTP",
            "--jaeger-http-port",
            14268,
            "http://{0}/api/traces",
            JaegerThriftHttpReceiver.Name
        ),
        new(ListenerKind.JaegerUdpCompact, "Jaeger UDP compact", "--jaeger-compact-port", 6831, "udp://{0}", JaegerUdpReceiver.CompactName),
        new(ListenerKind.JaegerUdpBinary, "Jaeger UDP binary", "--jaeger-binary-port", 6832, "udp://{0}", JaegerUdpReceiver.BinaryName),
        new(ListenerKind.JaegerSampling, "Jaeger sampling", "--jaeger-sampling-port", 5778, "http://{0}/sampling"),
        new(ListenerKind.Zipkin, "Zipkin", "--zipkin-port", 9411, "http://{0}/api/v2/spans", ZipkinReceiver.Name),
        new(ListenerKind.JaegerQueryHttp, "Jaeger query HTTP", "--query-http-port", 16686, "http://{0}/api"),
        new(ListenerKind.JaegerQueryGrpc, "Jaeger query gRPC", "--query-grpc-port", 16685, "http://{0}"),
        new(ListenerKind.Health, "health", "--health-port", 13133, "http://{0}/status"),
    ];

    /// <summary>The entry of a kind.</summary>
    public static ListenerInfo Of(ListenerKind kind) => All.First(info => info.Kind == kind);
}
