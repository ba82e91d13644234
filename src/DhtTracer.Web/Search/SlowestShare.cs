using System.Globalization;
using DhtTracer.Analysis.Statistics;

namespace DhtTracer.Web.Search;

/// <summary>The slowest share of a set against the rest of it: what the slow ones share.</summary>
internal static class SlowestShare
{
    /// <summary>The share when none is chosen, in percent.</summary>
    public const int Usual = 10;

    /// <summary>Greatest share, in percent.</summary>
    public const int Greatest = 50;

    /// <summary>Shares that pages offer, in percent.</summary>
    public static IReadOnlyList<int> Offered { get; } = [1, 5, 10, 25];

    /// <summary>Reads <c>10%</c> or <c>10</c>; null when it is no whole number from 1 to <see cref="Greatest"/>.</summary>
    public static int? Parse(string text) =>
        int.TryParse(text.AsSpan().Trim().TrimEnd('%').TrimEnd(), NumberStyles.None, CultureInfo.InvariantCulture, out var percent)
        && percent is >= 1 and <= Greatest
            ? percent
            : null;

    /// <summary>What to write to a reader whose share is not understood.</summary>
    public static string Problem(string text) =>
        $"\"{(text.Length > 20 ? text[..20] + "…" : text)}\" (share) is no share: write 1% to {Greatest}%.";

    /// <summary>A is the rest, B the slowest share. Operations whose duration is unknown are in neither.</summary>
    /// <param name="set">The whole set, with its times.</param>
    /// <param name="operations">Its operations.</param>
    /// <param name="percent">The share, 1 to <see cref="Greatest"/>.</param>
    /// <returns>Both sets; null when no duration is known or nothing is faster.</returns>
    public static (ComparedSet Others, ComparedSet Slow)? Of(QueryListAddress set, OperationColumns operations, int percent) =>
        Of(set, operations.DurationPercentile(100 - percent));

    /// <summary>A is what was faster than a duration, B what took at least so long.</summary>
    /// <param name="set">The whole set, with its times.</param>
    /// <param name="threshold">The duration in nanoseconds, which is a percentile of the set; null when that is unknown.</param>
    public static (ComparedSet Others, ComparedSet Slow)? Of(QueryListAddress set, long? threshold)
    {
        if (threshold is not > 1)
        {
            return null;
        }

        var rest = ComparedSet.Of("a", Without(set, "faster").With(("max", Nanoseconds(threshold.Value - 1))));
        var slow = ComparedSet.Of("b", Without(set, "slower").With(("min", Nanoseconds(threshold.Value))));
        return rest.Problems.Concat(slow.Problems).Any() ? null : (rest, slow);
    }

    // A condition stands once: the one that is replaced here is wider.
    private static QueryListAddress Without(QueryListAddress set, string name) =>
        set.Text.Any(term => term.Name == name && !term.IsNegated) ? set.WithoutTerms(name) : set;

    private static string Nanoseconds(long value) => value.ToString(CultureInfo.InvariantCulture) + "ns";
}
