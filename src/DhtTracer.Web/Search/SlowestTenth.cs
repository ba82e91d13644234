using System.Globalization;
using DhtTracer.Analysis.Statistics;

namespace DhtTracer.Web.Search;

/// <summary>The slowest tenth of a set against the rest of it: what the slow ones share.</summary>
internal static class SlowestTenth
{
    /// <summary>
    /// A is the rest, B the slowest tenth: what took at least the 90th percentile. Operations whose duration is unknown are in neither.
    /// </summary>
    /// <param name="set">The whole set, with its times.</param>
    /// <param name="duration">Its durations.</param>
    /// <returns>Both sets; null when the 90th percentile is unknown or nothing is faster.</returns>
    public static (ComparedSet Others, ComparedSet Slow)? Of(QueryListAddress set, Distribution duration)
    {
        if (duration.P90 is not { Value: > 1 and var threshold })
        {
            return null;
        }

        var rest = ComparedSet.Of("a", Without(set, "faster").With(("max", Nanoseconds(threshold - 1))));
        var slow = ComparedSet.Of("b", Without(set, "slower").With(("min", Nanoseconds(threshold))));
        return rest.Problems.Concat(slow.Problems).Any() ? null : (rest, slow);
    }

    // A condition stands once: the one that is replaced here is wider.
    private static QueryListAddress Without(QueryListAddress set, string name) =>
        set.Text.Any(term => term.Name == name && !term.IsNegated) ? set.WithoutTerms(name) : set;

    private static string Nanoseconds(long value) => value.ToString(CultureInfo.InvariantCulture) + "ns";
}
