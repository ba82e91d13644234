namespace DhtTracer.Analysis.Statistics;

/// <summary>The gamma distribution with scale 1, by the regularized incomplete gamma function (NIST DLMF 8.2).</summary>
internal static class GammaDistribution
{
    private const double Precision = 1e-15;

    /// <summary>P(X ≤ x).</summary>
    /// <param name="shape">The shape, above 0.</param>
    /// <param name="x">The value.</param>
    public static double AtMost(double shape, double x)
    {
        if (x <= 0)
        {
            return 0;
        }

        var front = Math.Exp((shape * Math.Log(x)) - x - Binomial.LogGamma(shape));
        return x < shape + 1 ? front * Series(shape, x) : 1 - (front * ContinuedFraction(shape, x));
    }

    /// <summary>The value that X exceeds with probability 1 minus <paramref name="probability"/>.</summary>
    /// <param name="shape">The shape, above 0.</param>
    /// <param name="probability">Above 0 and below 1.</param>
    public static double Quantile(double shape, double probability)
    {
        var (low, high) = (0.0, shape + 1);
        while (AtMost(shape, high) < probability)
        {
            high *= 2;
        }

        for (var i = 0; i < 80 && high - low > 1e-12 * high; i++)
        {
            var middle = (low + high) / 2;
            if (AtMost(shape, middle) < probability)
            {
                low = middle;
            }
            else
            {
                high = middle;
            }
        }

        return (low + high) / 2;
    }

    // DLMF 8.11.4.
    private static double Series(double shape, double x)
    {
        var term = 1 / shape;
        var sum = term;

        // Near the mean it needs some multiples of sqrt(shape) steps.
        for (var n = 1; n <= 100_000 && term > sum * Precision; n++)
        {
            term *= x / (shape + n);
            sum += term;
        }

        return sum;
    }

    // DLMF 8.9.2, evaluated by the modified Lentz method.
    private static double ContinuedFraction(double shape, double x)
    {
        const double Tiny = 1e-300;
        var b = x + 1 - shape;
        var c = 1 / Tiny;
        var d = 1 / b;
        var fraction = d;
        for (var n = 1; n <= 100_000; n++)
        {
            var a = -n * (n - shape);
            b += 2;
            d = 1 / NotZero((a * d) + b);
            c = NotZero(b + (a / c));
            var step = c * d;
            fraction *= step;
            if (Math.Abs(step - 1) < Precision)
            {
                break;
            }
        }

        return fraction;

        static double NotZero(double value) => Math.Abs(value) < Tiny ? Tiny : value;
    }
}
