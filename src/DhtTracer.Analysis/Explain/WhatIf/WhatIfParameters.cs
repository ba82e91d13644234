namespace DhtTracer.Analysis.Explain;

/// <summary>Parameters of a lookup to replay.</summary>
public sealed record WhatIfParameters
{
    /// <summary>Peers in flight at most, 1 to 1000.</summary>
    public required int Alpha { get; init; }

    /// <summary>Closest peers that must have answered before the end, 1 to 1000.</summary>
    public required int Beta { get; init; }

    /// <summary>Width of the result, which the follow-up asks, 1 to 1000.</summary>
    public required int K { get; init; }

    /// <summary>A dial fails after so many nanoseconds; null leaves dials as they were.</summary>
    public long? DialTimeoutNs { get; init; }

    /// <summary>A request fails after so many nanoseconds; null leaves requests as they were.</summary>
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
