namespace DhtTracer.Analysis.Statistics;

/// <summary>The binomial distribution, by the regularized incomplete beta function (NIST DLMF 8.17).</summary>
internal static class Binomial
{
    // Lanczos approximation, g = 7, nine terms: relative error below 1e-15 for positive arguments.
    private static readonly double[] Lanczos =
    [
        0.99999999999980993,
        676.5203681218851,
        -1259.1392167224028,
        771.32342877765313,
        -176.61502916214059,
        12.507343278686905,
        -0.13857109526572012,
        9.9843695780195716e-6,
        1.5056327351493116e-7,
    ];

    /// <summary>P(X ≤ k) for X successes in <paramref name="n"/> trials of probability <paramref name="p"/>.</summary>
    public static double AtMost(int k, int n, double p) =>
        k switch
        {
            < 0 => 0,
            _ when k >= n || p <= 0 => 1,
            _ when p >= 1 => 0,
            _ => IncompleteBeta(n - k, k + 1, 1 - p),
        };

    /// <summary>P(X ≥ k).</summary>
    public static double AtLeast(int k, int n, double p) =>
        k switch
        {
            <= 0 => 1,
            _ when k > n || p <= 0 => 0,
            _ when p >= 1 => 1,
            _ => IncompleteBeta(k, n - k + 1, p),
        };

    /// <summary>Natural logarithm of P(X = k), for 0 &lt; p &lt; 1.</summary>
    public static double LogProbability(int k, int n, double p) => LogChoose(n, k) + (k * Math.Log(p)) + ((n - k) * Math.Log(1 - p));

    /// <summary>Natural logarithm of the number of ways to choose <paramref name="k"/> of <paramref name="n"/>.</summary>
    public static double LogChoose(int n, int k) => LogGamma(n + 1.0) - LogGamma(k + 1.0) - LogGamma(n - k + 1.0);

    /// <summary>I_x(a, b), for positive a and b and x between 0 and 1.</summary>
    public static double IncompleteBeta(double a, double b, double x)
    {
        if (x <= 0)
        {
            return 0;
        }

        if (x >= 1)
        {
            return 1;
        }

        var front = Math.Exp(LogGamma(a + b) - LogGamma(a) - LogGamma(b) + (a * Math.Log(x)) + (b * Math.Log(1 - x)));

        // The continued fraction converges fast on this side of the mean; the other side is its complement (DLMF 8.17.4).
        return x < (a + 1) / (a + b + 2) ? front * ContinuedFraction(a, b, x) / a : 1 - (front * ContinuedFraction(b, a, 1 - x) / b);
    }

    /// <summary>Natural logarithm of the gamma function, for positive arguments.</summary>
    public static double LogGamma(double x)
    {
        x -= 1;
        var sum = Lanczos[0];
        for (var i = 1; i < Lanczos.Length; i++)
        {
            sum += Lanczos[i] / (x + i);
        }

        var t = x + 7.5;
        return (0.5 * Math.Log(2 * Math.PI)) + ((x + 0.5) * Math.Log(t)) - t + Math.Log(sum);
    }

    // DLMF 8.17.22, evaluated by the modified Lentz method.
    private static double ContinuedFraction(double a, double b, double x)
    {
        const double Tiny = 1e-300;
        const double Precision = 1e-15;
        var c = 1.0;
        var d = 1 / NotZero(1 - ((a + b) * x / (a + 1)));
        var fraction = d;

        // Near the mean it needs about sqrt(max(a, b)) steps; 100,000 is enough for 10^10 trials.
        for (var m = 1; m <= 100_000; m++)
        {
            var even = m * (b - m) * x / ((a + (2 * m) - 1) * (a + (2 * m)));
            d = 1 / NotZero(1 + (even * d));
            c = NotZero(1 + (even / c));
            fraction *= d * c;

            var odd = -(a + m) * (a + b + m) * x / ((a + (2 * m)) * (a + (2 * m) + 1));
            d = 1 / NotZero(1 + (odd * d));
            c = NotZero(1 + (odd / c));
            var step = d * c;
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
