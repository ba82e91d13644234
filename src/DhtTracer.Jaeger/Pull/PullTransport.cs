namespace DhtTracer.Jaeger.Pull;

/// <summary>How a Jaeger is asked for traces.</summary>
public enum PullTransport
{
    /// <summary>The best that answers: gRPC (api_v2, then api_v3), then HTTP v3, then HTTP v1.</summary>
    Automatic = 0,

    /// <summary>gRPC <c>jaeger.api_v2.QueryService</c>, port 16685: times to the nanosecond, answers streamed.</summary>
    Grpc = 1,

    /// <summary>HTTP <c>/api/v3</c>, port 16686: OTLP JSON.</summary>
    HttpV3 = 2,

    /// <summary>HTTP <c>/api</c>, port 16686: times cut to microseconds; removed from later Jaeger releases.</summary>
    HttpV1 = 3,

    /// <summary>gRPC <c>jaeger.api_v3.QueryService</c>, port 16685: OTLP, streamed. For a Jaeger without api_v2.</summary>
    GrpcV3 = 4,
}
