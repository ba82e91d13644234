using System.Numerics;
using DhtTracer.Analysis.Statistics;

namespace DhtTracer.Analysis.Tests.Statistics;

public class BinomialTests
{
    [Theory]
    [InlineData(10, 1, 2)]
    [InlineData(59, 95, 100)]
    [InlineData(60, 1, 3)]
    [InlineData(299, 99, 100)]
    public void Tail_probabilities_equal_sums_over_exact_fractions(int n, int numerator, int denominator)
    {
        // P(X = k) * denominator^n is a whole number: no rounding in the expected value until the last division.
        var whole = BigInteger.Pow(denominator, n);
        var sum = BigInteger.Zero;
        var choose = BigInteger.One;
        for (var k = 0; k <= n; k++)
        {
            var atLeast = Ratio(whole - sum, whole);
            Assert.Equal(atLeast, Binomial.AtLeast(k, n, (double)numerator / denominator), 1e-11);
            sum += choose * BigInteger.Pow(numerator, k) * BigInteger.Pow(denominator - numerator, n - k);
            Assert.Equal(Ratio(sum, whole), Binomial.AtMost(k, n, (double)numerator / denominator), 1e-11);
            choose = choose * (n - k) / (k + 1);
        }
    }

    [Fact]
    public void Large_numbers_of_trials_agree_with_the_normal_approximation()
    {
        // P(X <= np) of a million trials: 0.5 + 2/3 / sqrt(2 pi n p q) by the Edgeworth term for p = 0.5 (continuity only).
        var expected = 0.5 + (0.5 / Math.Sqrt(2 * Math.PI * 250_000));
        Assert.Equal(expected, Binomial.AtMost(500_000, 1_000_000, 0.5), 1e-6);
    }

    private static double Ratio(BigInteger part, BigInteger whole) => (double)(part * BigInteger.Pow(10, 18) / whole) / 1e18;
}
