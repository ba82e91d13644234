namespace DhtTracer.Analysis.Explain.Replay;

/// <summary>Parameters of a lookup to replay.</summary>
public sealed record WhatIfParameters
{
    /// <summary>Most peers in flight at once, 1 to 1000.</summary>
    public required int Alpha { get; init; }

    /// <summary>Number of closest peers that must have answered before the end, 1 to 1000.</summary>
    public required int Beta { get; init; }

    /// <summary>Number of closest peers in the result; the follow-up asks them. 1 to 1000.</summary>
    public required int K { get; init; }

    /// <summary>Dial timeout in nanoseconds; null keeps the durations of dials.</summary>
    public long? DialTimeoutNs { get; init; }

    /// <summary>Request timeout in nanoseconds; null keeps the durations of requests.</summary>
    public long? RequestTimeoutNs { get; init; }

    /// <summary>Throws when a number is out of its range.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Alpha, beta or K is not 1 to 1000, or a timeout is not above 0.</exception>
    public void Validate()
    {
        Check(Alpha, "alpha");
        Check(Beta, "beta");
        Check(K, "K");
        CheckTimeout(DialTimeoutNs, "dial timeout");
        CheckTimeout(RequestTimeoutNs, "request timeout");

        static void Check(int value, string name)
        {
            if (value is < 1 or > 1_000)
            {
                throw new ArgumentOutOfRangeException(nameof(value), value, $"{name} must be 1 to 1000");
            }
        }

        static void CheckTimeout(long? value, string name)
        {
            if (value is <= 0)
            {
                throw new ArgumentOutOfRangeException(nameof(value), value, $"the {name} must be above 0 ns");
            }
        }
    }
}
