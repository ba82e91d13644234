using DhtTracer.Ingestion.Grpc;

namespace DhtTracer.FakeJaeger;

/// <summary>Decides, by the seed, which searches go wrong and how.</summary>
internal sealed class FakeFaults(FakeJaegerOptions options)
{
    private static readonly GrpcStatusCode[] Statuses =
        [GrpcStatusCode.Unavailable, GrpcStatusCode.Internal, GrpcStatusCode.Unknown, GrpcStatusCode.DeadlineExceeded, GrpcStatusCode.ResourceExhausted];

    private readonly Lock gate = new();
    private readonly Random random = new(options.Seed * 31);

    /// <summary>An error to answer with at once, or null.</summary>
    public GrpcStatusCode? Error()
    {
        lock (gate)
        {
            return random.NextDouble() < options.ErrorRate ? Statuses[random.Next(Statuses.Length)] : null;
        }
    }

    /// <summary>After how many pieces of the answer the connection breaks, or null when it holds.</summary>
    public int? DisconnectAfter(int pieces)
    {
        lock (gate)
        {
            return random.NextDouble() < options.DisconnectRate ? random.Next(pieces + 1) : null;
        }
    }
}
