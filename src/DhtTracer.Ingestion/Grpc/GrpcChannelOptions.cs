namespace DhtTracer.Ingestion.Grpc;

/// <summary>How a <see cref="GrpcChannel"/> calls.</summary>
public sealed record GrpcChannelOptions
{
    /// <summary>Largest message taken, in bytes, both as sent and after inflating.</summary>
    /// <value>4 MiB, gRPC's usual limit.</value>
    public int MaxReceiveMessageBytes { get; init; } = 4 * 1024 * 1024;

    /// <summary>Whether requests are compressed with gzip. Compressed answers are always taken.</summary>
    /// <value>False.</value>
    public bool CompressRequests { get; init; }

    /// <summary>How long a connection may take to come up.</summary>
    /// <value>10 seconds.</value>
    public TimeSpan ConnectTimeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>The clock of deadlines.</summary>
    public TimeProvider TimeProvider { get; init; } = TimeProvider.System;
}
