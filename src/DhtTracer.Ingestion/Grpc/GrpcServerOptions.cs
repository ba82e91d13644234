namespace DhtTracer.Ingestion.Grpc;

/// <summary>How gRPC methods are served.</summary>
public sealed record GrpcServerOptions
{
    /// <summary>The defaults.</summary>
    public static GrpcServerOptions Default { get; } = new();

    /// <summary>Largest message taken, in bytes, both as sent and after inflating.</summary>
    /// <value>16 MiB: four times what gRPC clients send by default, because exporters are configured up to it.</value>
    public int MaxReceiveMessageBytes { get; init; } = 16 * 1024 * 1024;

    /// <summary>Whether answers are compressed for callers that accept gzip.</summary>
    /// <value>False: on the loopback interface compression only costs time.</value>
    public bool CompressResponses { get; init; }
}
