using System.Numerics;
using DhtTracer.Analysis.Model;
using DhtTracer.Analysis.Reconstruction;

namespace DhtTracer.Web.Tests.Fixture;

/// <summary>Statistics by their definitions, counted out in whole numbers, with nothing of the code under test.</summary>
internal static class Truth
{
    /// <summary>Values from which on a percentile has an interval at 95 %: the least n with p^n + (1-p)^n of at most 5 %.</summary>
    public static IReadOnlyDictionary<int, int> Needed { get; } =
        new Dictionary<int, int>
        {
            [50] = 6,
            [90] = 29,
            [95] = 59,
            [99] = 299,
        };

    /// <summary>The least value that at least so many percent of the values do not exceed; null without values.</summary>
    public static long? Percentile(IEnumerable<long?> values, int percent)
    {
        var known = values.OfType<long>().ToList();
        return known.Count == 0
            ? null
            : known.Distinct().Order().First(value => known.Count(other => other <= value) * 100L >= (long)known.Count * percent);
    }

    /// <summary>
    /// The intervals that may be shown: two order statistics, fewest ranks apart, that enclose the percentile with at least 95 %; of those
    /// as narrow, the ones that leave out as much below as above. Several when they are equally good.
    /// </summary>
    public static IReadOnlyList<(long Low, long High)> Intervals(IEnumerable<long?> values, int percent)
    {
        var sorted = values.OfType<long>().Order().ToList();
        var n = sorted.Count;

        // weights[k] / 100^n is the probability that k of n values lie at or below the true percentile.
        var weights = new BigInteger[n + 1];
        var choose = BigInteger.One;
        for (var k = 0; k <= n; k++)
        {
            weights[k] = choose * BigInteger.Pow(percent, k) * BigInteger.Pow(100 - percent, n - k);
            choose = choose * (n - k) / (k + 1);
        }

        var below = new BigInteger[n + 2];
        for (var k = 0; k <= n; k++)
        {
            below[k + 1] = below[k] + weights[k];
        }

        var whole = below[n + 1];
        var found = new List<(int Low, int High, BigInteger Imbalance)>();
        for (var apart = 1; apart < n && found.Count == 0; apart++)
        {
            for (var low = 1; low + apart <= n; low++)
            {
                var high = low + apart;
                if ((below[high] - below[low]) * 100 >= whole * 95)
                {
                    found.Add((low, high, BigInteger.Abs(below[low] - (whole - below[high]))));
                }
            }
        }

        return found.Count == 0
            ? []
            :
            [
                .. found
                    .Where(item => item.Imbalance == found.Min(other => other.Imbalance))
                    .Select(item => (sorted[item.Low - 1], sorted[item.High - 1])),
            ];
    }

    /// <summary>P(X ≥ k) for X successes in n trials of probability p, added up term by term.</summary>
    public static double AtLeast(int k, int n, double p) =>
        p <= 0 ? (k <= 0 ? 1 : 0)
        : p >= 1 ? (k <= n ? 1 : 0)
        : Enumerable
            .Range(Math.Max(k, 0), Math.Max(0, n - Math.Max(k, 0) + 1))
            .Sum(i => Math.Exp(LogChoose(n, i) + (i * Math.Log(p)) + ((n - i) * Math.Log(1 - p))));

    /// <summary>The interval of Clopper and Pearson.</summary>
    public static (double Low, double High) ShareInterval(int part, int whole, double level)
    {
        var tail = (1 - level) / 2;
        return (
            part == 0 ? 0 : Root(p => AtLeast(part, whole, p) >= tail),
            part == whole ? 1 : Root(p => AtLeast(part + 1, whole, p) > 1 - tail)
        );

        // The least p for which the condition, false below and true above, holds.
        static double Root(Func<double, bool> holds)
        {
            var (low, high) = (0.0, 1.0);
            for (var i = 0; i < 50; i++)
            {
                var middle = (low + high) / 2;
                (low, high) = holds(middle) ? (low, middle) : (middle, high);
            }

            return high;
        }
    }

    /// <summary>P that at least so many of the marked fall into a set of <paramref name="a"/>, when all are dealt at random; by whole
    /// numbers.</summary>
    public static double FisherGreater(int inA, int a, int inB, int b)
    {
        var marked = inA + inB;
        var favourable = Enumerable
            .Range(inA, Math.Min(a, marked) - inA + 1)
            .Aggregate(BigInteger.Zero, (sum, k) => sum + (Choose(a, k) * Choose(b, marked - k)));
        return Math.Exp(BigInteger.Log(favourable) - BigInteger.Log(Choose(a + b, marked)));
    }

    /// <summary>When a query had its first result, by docs/statistics.md and the kind of query.</summary>
    public static long? FirstResult(Query query)
    {
        return query.Type switch
        {
            QueryType.GetProviders => Earliest(request => request.Providers > 0),
            QueryType.GetValue => Earliest(request => request.Records > 0),
            QueryType.AddProvider => Earliest(request => request.Type == MessageType.AddProvider),
            QueryType.PutValue => Earliest(request => request.Type == MessageType.PutValue),
            QueryType.Ping => Earliest(_ => true),
            _ => query.DiscoveryNs,
        };

        long? Earliest(Func<PeerRequest, bool> found) =>
            query
                .Peers.SelectMany(peer => peer.Requests)
                .Where(request => request.Outcome == RequestOutcome.Answered && found(request))
                .Min(request => request.StartNs + request.DurationNs);
    }

    /// <summary>The logarithm of the number of ways to choose, by adding logarithms.</summary>
    private static double LogChoose(int n, int k)
    {
        var sum = 0.0;
        for (var i = 1; i <= k; i++)
        {
            sum += Math.Log((double)(n - k + i) / i);
        }

        return sum;
    }

    private static BigInteger Choose(int n, int k)
    {
        if (k < 0 || k > n)
        {
            return BigInteger.Zero;
        }

        var result = BigInteger.One;
        for (var i = 1; i <= k; i++)
        {
            result = result * (n - k + i) / i;
        }

        return result;
    }
}
