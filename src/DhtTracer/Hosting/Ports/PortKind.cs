namespace DhtTracer.Hosting.Ports;

/// <summary>The ports of the program.</summary>
internal enum PortKind
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

    Health,

    /// <summary>The control server of a node: only of <c>node</c> and <c>demo</c>.</summary>
    Control,
}
