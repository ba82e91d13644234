using Grpc.Core;

namespace DhtTracer.FakeJaeger;

/// <summary>Decides, by the seed, which searches go wrong and how.</summary>
internal sealed class FakeFaults(FakeJaegerOptions options)
{
    private static readonly StatusCode[] Statuses =
    [
        StatusCode.Unavailable,
        StatusCode.Internal,
        StatusCode.Unknown,
        StatusCode.DeadlineExceeded,
        StatusCode.ResourceExhausted,
    ];

    private readonly Lock _gate = new();
    private readonly Random _random = new(options.Seed * 31);

    /// <summary>An error to answer with at once, or null.</summary>
    public StatusCode? Error()
    {
        lock (_gate)
        {
            return _random.NextDouble() < options.ErrorRate ? Statuses[_random.Next(Statuses.Length)] : null;
        }
    }

    /// <summary>After how many pieces of the answer the connection breaks, or null when it holds.</summary>
    public int? DisconnectAfter(int pieces)
    {
        lock (_gate)
        {
            return _random.NextDouble() < options.DisconnectRate ? _random.Next(pieces + 1) : null;
        }
    }
}
