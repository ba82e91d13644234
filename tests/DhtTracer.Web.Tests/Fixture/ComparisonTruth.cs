using System.Text.Json;
using DhtTracer.Analysis.Model;
using DhtTracer.Analysis.Reconstruction;

namespace DhtTracer.Web.Tests.Fixture;

/// <summary>Holds a comparison of the API against two sets of simulated queries.</summary>
internal static class ComparisonTruth
{
    /// <summary>Twelve figures have a verdict, and all twelve together may be wrong in 5 of 100.</summary>
    private const double Level = 1 - (0.05 / 12);

    /// <summary>Values from which on a percentile has an interval at that level: the least n with p^n + (1-p)^n of at most 0.05 /
    /// 12.</summary>
    public static IReadOnlyDictionary<int, int> Needed { get; } =
        new Dictionary<int, int>
        {
            [50] = 9,
            [90] = 53,
            [95] = 107,
            [99] = 546,
        };

    /// <summary>Every number of a comparison.</summary>
    public static void Check(JsonElement answer, IReadOnlyList<Query> a, IReadOnlyList<Query> b)
    {
        var comparison = answer.GetProperty("comparison");
        OverviewTruth.Check(comparison.GetProperty("a"), a);
        OverviewTruth.Check(comparison.GetProperty("b"), b);
        var figures = comparison
            .GetProperty("figures")
            .EnumerateArray()
            .ToDictionary(figure => figure.GetProperty("figure").GetProperty("name").GetString()!);
        Assert.Equal(13, figures.Count);
        CheckValues(figures["operations"], a.Count, b.Count);
        foreach (var percent in Truth.Needed.Keys)
        {
            CheckPercentile(figures[$"duration-p{percent}"], a, b, query => query.DurationNs, percent);
        }

        CheckPercentile(figures["first-result-p50"], a, b, Truth.FirstResult, 50);
        CheckPercentile(figures["discovery-p50"], a, b, query => query.DiscoveryNs, 50);
        CheckSuccess(figures["success-share"], a, b);
        CheckRatio(figures["hops-mean"], a, b, query => query.Hops is { } hops ? (hops, 1) : null);
        CheckRatio(figures["peers-queried-mean"], a, b, query => (query.Counts.Queried ?? 0, 1));
        CheckRatio(
            figures["dial-failure-share"],
            a,
            b,
            query =>
                (
                    Dials(query).Count(dial => dial.Reused != true && dial.Error is { Class: not ErrorClass.Cancelled }),
                    Dials(query).Count(dial => dial.Reused != true)
                )
        );
        CheckRatio(figures["reuse-share"], a, b, query => (Dials(query).Count(dial => dial.Reused == true), Dials(query).Count()));
        CheckRatio(figures["duplicates-mean"], a, b, query => (OverviewTruth.Duplicates(query)!.Value, 1));
        CheckCurve(comparison.GetProperty("durationsOfA"), a);
        CheckCurve(comparison.GetProperty("durationsOfB"), b);

        var slowIsB =
            Truth.Percentile(b.Select(query => query.DurationNs), 50) >= Truth.Percentile(a.Select(query => query.DurationNs), 50);
        Assert.Equal(slowIsB, comparison.GetProperty("slowIsB").GetBoolean());
        var (slow, other) = slowIsB ? (b, a) : (a, b);
        CheckRanking(comparison.GetProperty("errorClasses"), slow, other, query => OverviewTruth.Errors(query).Distinct());
        CheckRanking(
            answer.GetProperty("peers"),
            slow,
            other,
            query => query.Peers.Where(peer => peer.Dial is not null || peer.Requests.Length > 0).Select(peer => peer.Id)
        );
        Assert.Equal(slow.Count, answer.GetProperty("peersOverSlow").GetInt32());
        Assert.Equal(other.Count, answer.GetProperty("peersOverOther").GetInt32());
        Assert.Equal(a.Intersect(b).Count(), answer.GetProperty("shared").GetInt32());
    }

    private static IEnumerable<PeerDial> Dials(Query query) => query.Peers.Select(peer => peer.Dial).OfType<PeerDial>();

    private static void CheckValues(JsonElement figure, double? a, double? b)
    {
        CheckNumber(a, figure.GetProperty("a"));
        CheckNumber(b, figure.GetProperty("b"));
        CheckNumber(b - a, figure.GetProperty("difference"));
    }

    private static void CheckNumber(double? expected, JsonElement json)
    {
        if (expected is { } value)
        {
            Assert.Equal(value, json.GetDouble(), 1e-9 * Math.Max(1, Math.Abs(value)));
        }
        else
        {
            Assert.Equal(JsonValueKind.Null, json.ValueKind);
        }
    }

    private static void CheckVerdict(JsonElement figure, double low, double high)
    {
        var lowerIsBetter = figure.GetProperty("figure").GetProperty("lowerIsBetter").GetBoolean();
        var verdict = figure.GetProperty("verdict");
        var (kind, better) =
            low > 0 ? ("higher", !lowerIsBetter)
            : high < 0 ? ("lower", lowerIsBetter)
            : ("no-difference", (bool?)null);
        Assert.Equal(kind, verdict.GetProperty("kind").GetString());
        Assert.Equal(better, verdict.GetProperty("better") is { ValueKind: not JsonValueKind.Null } told ? told.GetBoolean() : null);
        var word = figure.GetProperty("figure").GetProperty(kind == "higher" ? "higherWord" : "lowerWord").GetString();
        Assert.Equal(better is null ? "no difference to be seen" : $"{word}, 95 % sure", verdict.GetProperty("text").GetString());
    }

    private static void CheckTooFew(JsonElement figure, int needed)
    {
        Assert.Equal("too-few", figure.GetProperty("verdict").GetProperty("kind").GetString());
        Assert.Equal($"too few to say: needs {needed} queries in each set", figure.GetProperty("verdict").GetProperty("text").GetString());
        Assert.Equal(JsonValueKind.Null, figure.GetProperty("interval").ValueKind);
    }

    private static (double Low, double High) Interval(JsonElement figure)
    {
        var interval = figure.GetProperty("interval");
        var ends = (interval.GetProperty("low").GetDouble(), interval.GetProperty("high").GetDouble());
        CheckVerdict(figure, ends.Item1, ends.Item2);
        return ends;
    }

    private static void CheckPercentile(
        JsonElement figure,
        IReadOnlyList<Query> a,
        IReadOnlyList<Query> b,
        Func<Query, long?> value,
        int percent
    )
    {
        var (ofA, ofB) = (a.Select(value).OfType<long>().Order().ToList(), b.Select(value).OfType<long>().Order().ToList());
        CheckValues(figure, Truth.Percentile(ofA.Select(v => (long?)v), percent), Truth.Percentile(ofB.Select(v => (long?)v), percent));
        if (ofA.Count == 0 || ofB.Count == 0)
        {
            Assert.Equal("unknown", figure.GetProperty("verdict").GetProperty("kind").GetString());
            return;
        }

        if (Math.Min(ofA.Count, ofB.Count) < Needed[percent])
        {
            CheckTooFew(figure, Needed[percent]);
            return;
        }

        // The bootstrap of infinitely many resamples: every pair of values with its probability, in order of their difference.
        var (chancesOfA, chancesOfB) = (Chances(ofA.Count, percent), Chances(ofB.Count, percent));
        var pairs = (
            from i in Enumerable.Range(0, ofA.Count)
            where chancesOfA[i] > 1e-13
            from j in Enumerable.Range(0, ofB.Count)
            where chancesOfB[j] > 1e-13
            select (Difference: ofB[j] - ofA[i], Chance: chancesOfA[i] * chancesOfB[j])
        )
            .OrderBy(pair => pair.Difference)
            .ToList();
        var (low, high) = Interval(figure);
        Assert.Equal(Quantile((1 - Level) / 2), low);
        Assert.Equal(Quantile(1 - ((1 - Level) / 2)), high);

        double Quantile(double p)
        {
            var sum = 0.0;
            return pairs.First(pair => (sum += pair.Chance) >= p).Difference;
        }
    }

    /// <summary>With what chance each value, by rank, is the percentile of a resample.</summary>
    private static double[] Chances(int count, int percent)
    {
        var rank = (int)Math.Ceiling(count * (decimal)percent / 100);
        var chances = new double[count];
        var before = 0.0;
        for (var j = 1; j <= count; j++)
        {
            // At most the j-th value: at least rank of the draws fall on the first j values.
            var atMost = j == count ? 1 : Truth.AtLeast(rank, count, (double)j / count);
            chances[j - 1] = atMost - before;
            before = atMost;
        }

        return chances;
    }

    private static void CheckSuccess(JsonElement figure, IReadOnlyList<Query> a, IReadOnlyList<Query> b)
    {
        var (ofA, ofB) = (Share(a), Share(b));
        if (ofA.Whole == 0 || ofB.Whole == 0)
        {
            return;
        }

        var (valueOfA, valueOfB) = ((double)ofA.Part / ofA.Whole, (double)ofB.Part / ofB.Whole);
        CheckValues(figure, valueOfA, valueOfB);
        var (lowA, highA) = Truth.ShareInterval(ofA.Part, ofA.Whole, Level);
        var (lowB, highB) = Truth.ShareInterval(ofB.Part, ofB.Whole, Level);
        var (low, high) = Interval(figure);

        // Newcombe's tenth method: the distances to the ends of the single intervals, added as squares.
        Assert.Equal(valueOfB - valueOfA - Math.Sqrt(Math.Pow(valueOfB - lowB, 2) + Math.Pow(highA - valueOfA, 2)), low, 1e-7);
        Assert.Equal(valueOfB - valueOfA + Math.Sqrt(Math.Pow(highB - valueOfB, 2) + Math.Pow(valueOfA - lowA, 2)), high, 1e-7);

        static (int Part, int Whole) Share(IReadOnlyList<Query> queries) =>
            (
                queries.Count(query => query.Outcome == QueryOutcome.Success),
                queries.Count(query => query.Outcome != QueryOutcome.Incomplete)
            );
    }

    private static void CheckRatio(
        JsonElement figure,
        IReadOnlyList<Query> a,
        IReadOnlyList<Query> b,
        Func<Query, (double Upper, double Lower)?> term
    )
    {
        var (ofA, ofB) = (
            a.Select(term).OfType<(double Upper, double Lower)>().ToArray(),
            b.Select(term).OfType<(double Upper, double Lower)>().ToArray()
        );
        var (ratioOfA, ratioOfB) = (Ratio(ofA), Ratio(ofB));
        CheckValues(figure, ratioOfA, ratioOfB);
        if (ratioOfA is null || ratioOfB is null)
        {
            return;
        }

        if (Math.Min(ofA.Length, ofB.Length) < 40)
        {
            CheckTooFew(figure, 40);
            return;
        }

        // Drawn here with another generator and more resamples: the ends agree as far as chance lets them.
        var random = new Random(17);
        var differences = Enumerable
            .Range(0, 6_000)
            .Select(_ => Ratio(random.GetItems(ofB, ofB.Length)) - Ratio(random.GetItems(ofA, ofA.Length)))
            .OfType<double>()
            .Order()
            .ToList();
        var (low, high) = Interval(figure);
        var (drawnLow, drawnHigh) = (
            differences[(int)(differences.Count * (1 - Level) / 2)],
            differences[^(1 + (int)(differences.Count * (1 - Level) / 2))]
        );
        Assert.Equal(drawnLow, low, ((drawnHigh - drawnLow) / 5) + 1e-9);
        Assert.Equal(drawnHigh, high, ((drawnHigh - drawnLow) / 5) + 1e-9);

        static double? Ratio((double Upper, double Lower)[] terms) =>
            terms.Sum(t => t.Lower) is > 0 and var lower ? terms.Sum(t => t.Upper) / lower : null;
    }

    private static void CheckCurve(JsonElement points, IReadOnlyList<Query> queries)
    {
        var durations = queries.Select(query => query.DurationNs).OfType<long>().ToList();
        foreach (var point in points.EnumerateArray())
        {
            var value = point.GetProperty("value").GetInt64();
            Assert.Equal(
                (double)durations.Count(duration => duration <= value) / durations.Count,
                point.GetProperty("share").GetDouble(),
                1e-12
            );
        }

        if (durations.Count > 0)
        {
            Assert.Equal(
                (durations.Min(), durations.Max()),
                (points[0].GetProperty("value").GetInt64(), points[points.GetArrayLength() - 1].GetProperty("value").GetInt64())
            );
        }
    }

    private static void CheckRanking(
        JsonElement json,
        IReadOnlyList<Query> slow,
        IReadOnlyList<Query> other,
        Func<Query, IEnumerable<string>> names
    )
    {
        var (inSlow, inOther) = (
            slow.SelectMany(names).CountBy(name => name).ToDictionary(),
            other.SelectMany(names).CountBy(name => name).ToDictionary()
        );
        var tests = inSlow
            .Keys.Union(inOther.Keys)
            .Select(name => (Name: name, Slow: inSlow.GetValueOrDefault(name), Other: inOther.GetValueOrDefault(name)))
            .Select(item => (item.Name, item.Slow, item.Other, P: Truth.FisherGreater(item.Slow, slow.Count, item.Other, other.Count)))
            .OrderBy(item => item.P)
            .ToList();
        var items = json.EnumerateArray().ToDictionary(item => item.GetProperty("name").GetString()!);
        Assert.Equal(tests.Select(test => test.Name).Order(StringComparer.Ordinal), items.Keys.Order(StringComparer.Ordinal));
        for (var i = 0; i < tests.Count; i++)
        {
            var item = items[tests[i].Name];
            Assert.Equal((tests[i].Slow, tests[i].Other), (item.GetProperty("inSlow").GetInt32(), item.GetProperty("inOther").GetInt32()));
            Assert.Equal(tests[i].P, item.GetProperty("pValue").GetDouble(), 1e-9);

            // Benjamini and Hochberg: the least of what this and every greater p-value is worth among so many.
            var adjusted = Enumerable.Range(i, tests.Count - i).Min(j => Math.Min(1, tests[j].P * tests.Count / (j + 1)));
            Assert.Equal(adjusted, item.GetProperty("adjusted").GetDouble(), 1e-9);
            Assert.Equal(adjusted < 0.05, item.GetProperty("significant").GetBoolean());
        }

        var shown = json.EnumerateArray().Select(item => item.GetProperty("adjusted").GetDouble()).ToList();
        Assert.Equal(shown.Order(), shown);
    }
}
