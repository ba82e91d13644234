namespace DhtTracer.TestSupport.ArchiveSimulator;

/// <summary>
/// A distribution of durations as DHT queries have them, whose percentiles are known: log-normal parts (heavy tails) and fixed values
/// (timeouts, so ties). Nanoseconds.
/// </summary>
public sealed class Mixture(params Mixture.Part[] parts)
{
    /// <summary>A part: a share of the values, around a median, with the standard deviation of the logarithm (0 for a fixed
    /// value).</summary>
    public readonly record struct Part(double Share, double MedianNs, double Sigma);

    /// <summary>Mostly fast, a slow share, and dials that time out after 5 s and 10 s.</summary>
    public static Mixture Lookups { get; } =
        new(new Part(0.86, 300e6, 0.6), new Part(0.08, 2_500e6, 1.0), new Part(0.04, 5_000e6, 0), new Part(0.02, 10_000e6, 0));

    /// <summary>One log-normal part with a very heavy tail.</summary>
    public static Mixture HeavyTail { get; } = new(new Part(1, 500e6, 1.5));

    /// <summary>The same values, all multiplied.</summary>
    public Mixture Scaled(double factor) => new([.. parts.Select(part => part with { MedianNs = part.MedianNs * factor })]);

    /// <summary>One value.</summary>
    public long Draw(Random random)
    {
        var u = random.NextDouble();
        var part = parts[^1];
        foreach (var candidate in parts)
        {
            if (u < candidate.Share)
            {
                part = candidate;
                break;
            }

            u -= candidate.Share;
        }

        return (long)(part.MedianNs * Math.Exp(part.Sigma * Normal(random)));
    }

    /// <summary>The true percentile: the least value with at least that share at or below it.</summary>
    public double TruePercentile(int percent)
    {
        var (low, high) = (0.0, 1e13);
        for (var i = 0; i < 200; i++)
        {
            var middle = (low + high) / 2;
            (low, high) = AtMost(middle) >= percent / 100.0 ? (low, middle) : (middle, high);
        }

        return high;
    }

    /// <summary>A standard normal value, by the polar method.</summary>
    public static double Normal(Random random)
    {
        while (true)
        {
            var (x, y) = ((random.NextDouble() * 2) - 1, (random.NextDouble() * 2) - 1);
            var square = (x * x) + (y * y);
            if (square is > 0 and < 1)
            {
                return x * Math.Sqrt(-2 * Math.Log(square) / square);
            }
        }
    }

    private double AtMost(double value) =>
        parts.Sum(part =>
            part.Share
            * (
                part.Sigma == 0
                    ? (value >= part.MedianNs ? 1.0 : 0.0)
                    : NormalAtMost(Math.Log(Math.Max(value, 1e-300) / part.MedianNs) / part.Sigma)
            )
        );

    // By Simpson's rule over the density: slow, and nothing in common with the code under test.
    private static double NormalAtMost(double z)
    {
        if (z < -9)
        {
            return 0;
        }

        const int Steps = 2_000;
        z = Math.Min(z, 9);
        var width = (z + 9) / Steps;
        var sum = 0.0;
        for (var i = 0; i <= Steps; i++)
        {
            var x = -9 + (i * width);
            sum +=
                (
                    i is 0 or Steps ? 1
                    : i % 2 == 1 ? 4
                    : 2
                ) * Math.Exp(-x * x / 2);
        }

        return sum * width / 3 / Math.Sqrt(2 * Math.PI);
    }
}
