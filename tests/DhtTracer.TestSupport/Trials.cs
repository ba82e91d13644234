using System.Globalization;

namespace DhtTracer.TestSupport;

/// <summary>
/// How much the long tests do. A test of a statistical promise draws its sets anew a thousand times and a pull test moves ten thousand
/// traces, which takes minutes: a run of all tests does a quarter of it, and <c>DHT_TRACER_TRIALS=1000</c> all (docs/statistics.md holds
/// what the trials gave).
/// </summary>
public static class Trials
{
    private const int Whole = 1_000;

    /// <summary>The number of trials.</summary>
    public static int Count { get; } =
        int.TryParse(
            Environment.GetEnvironmentVariable("DHT_TRACER_TRIALS"),
            NumberStyles.None,
            CultureInfo.InvariantCulture,
            out var count
        )
            ? Math.Max(count, 100)
            : Whole / 4;

    /// <summary>Most false alarms: under 6 in 100, where 5 in 100 are promised.</summary>
    public static int MostFalseAlarms => (Count * 6 / 100) - 1;

    /// <summary>Least number of intervals that cover the truth, 93 in 100.</summary>
    public static int LeastCovered => Count * 93 / 100;

    /// <summary>As much of <paramref name="whole"/> as this run does: a quarter, or all of it.</summary>
    /// <param name="whole">The number of traces, or of whatever a long test counts, in a run of everything.</param>
    public static int Share(int whole) => (int)Math.Min(whole, (long)whole * Count / Whole);
}
