using System.Globalization;
using DhtTracer.Analysis;
using DhtTracer.Analysis.Explain;
using DhtTracer.Analysis.Statistics;
using DhtTracer.Web.Pages.QueryDetails;
using DhtTracer.Web.Search;
using DhtTracer.Web.Text;

namespace DhtTracer.Web.Pages.Compare;

/// <summary>Two sets side by side, in words and places of the page.</summary>
internal sealed class SetsView
{
    /// <summary>Peers and error classes that the page lists.</summary>
    public const int ListLength = 12;

    private const string MeanSuffix = ", mean";

    private readonly (long Least, long Greatest)? _medians;

    /// <summary>Prepares a comparison for the page.</summary>
    public SetsView(ComparedSet a, ComparedSet b, SetComparison comparison)
    {
        (A, B, Comparison) = (a, b, comparison);
        HeatOfA = HeatMap.Of(PeriodFacts.ByHour(comparison.A.Facts));
        HeatOfB = HeatMap.Of(PeriodFacts.ByHour(comparison.B.Facts));
        var ends = new[] { HeatOfA.LeastMedianNs, HeatOfA.GreatestMedianNs, HeatOfB.LeastMedianNs, HeatOfB.GreatestMedianNs }
            .OfType<long>()
            .ToList();
        _medians = ends.Count == 0 ? null : (ends.Min(), ends.Max());
    }

    /// <summary>The first set.</summary>
    public ComparedSet A { get; }

    /// <summary>The second set.</summary>
    public ComparedSet B { get; }

    /// <summary>What was computed.</summary>
    public SetComparison Comparison { get; }

    /// <summary>A by day and hour.</summary>
    public HeatMap HeatOfA { get; }

    /// <summary>B by day and hour.</summary>
    public HeatMap HeatOfB { get; }

    /// <summary>The figures.</summary>
    public Comparison Result => Comparison.Result;

    /// <summary>Neither set is empty.</summary>
    public bool HasBoth => Comparison.A.Facts.Count > 0 && Comparison.B.Facts.Count > 0;

    /// <summary>Name of the slow set.</summary>
    public string Slow => Result.SlowIsB ? "B" : "A";

    /// <summary>Name of the slow set, and that it is one, where one is slower.</summary>
    public string SlowWords => Result.A.Duration.P50?.Value == Result.B.Duration.P50?.Value ? Slow : $"{Slow}, the slower set";

    /// <summary>Name of the other set.</summary>
    public string Other => Result.SlowIsB ? "A" : "B";

    /// <summary>The slow set.</summary>
    public ComparedSet SlowSet => Result.SlowIsB ? B : A;

    /// <summary>The other set.</summary>
    public ComparedSet OtherSet => Result.SlowIsB ? A : B;

    /// <summary>The queries of a set in which a dial or request failed with a class of error, slowest first.</summary>
    public static string FailedWith(ComparedSet set, string errorClass) =>
        set.Address.With(("peererror", errorClass), ("sort", "slowest")).ToString();

    /// <summary>The queries of a set that dialed or asked a peer, slowest first.</summary>
    public static string Met(ComparedSet set, string peer) => set.Address.With(("peer", peer), ("sort", "slowest")).ToString();

    /// <summary>The page of a peer over the queries of the slow set.</summary>
    public string PeerOf(string peer) => $"/peers/{Uri.EscapeDataString(peer)}{SlowSet.Address.With(("sort", null)).Parameters()}";

    /// <summary>The distributions of the overview, side by side.</summary>
    public IReadOnlyList<(string Name, FigureUnit Unit, Distribution A, Distribution B)> Distributions =>
        [
            ("Duration", FigureUnit.Nanoseconds, Result.A.Duration, Result.B.Duration),
            ("Time to first result", FigureUnit.Nanoseconds, Result.A.FirstResult, Result.B.FirstResult),
            ("Discovery", FigureUnit.Nanoseconds, Result.A.Discovery, Result.B.Discovery),
            ("Hops", FigureUnit.Count, Result.A.Hops, Result.B.Hops),
            ("Peers queried", FigureUnit.Count, Result.A.PeersQueried, Result.B.PeersQueried),
            ("Duplicate requests", FigureUnit.Count, Result.A.Duplicates, Result.B.Duplicates),
        ];

    /// <summary>What all verdicts together say, in one or two sentences.</summary>
    public string Sentence
    {
        get
        {
            var told = Result.Figures.Where(static figure => figure.Verdict.Kind is VerdictKind.Higher or VerdictKind.Lower).ToList();
            var tested = Result.Figures.Count(static figure => figure.Interval is not null);
            var few = Result.Figures.Where(static figure => figure.Verdict.Kind == VerdictKind.TooFew).ToList();
            var left =
                few.Count == 0
                    ? ""
                    : $" Too few queries to say anything of {Joined([.. few.Select(static figure => Name(figure.Figure))])}.";
            if (told.Count == 0)
            {
                return tested == 0 ? "Too few queries to say anything." : "No difference to be seen." + Numbers(false) + left;
            }

            var parts = told.GroupBy(static figure => Word(figure))
                .Select(static group => $"{group.Key} in {Joined([.. group.Select(static figure => Name(figure.Figure))])}");
            return $"{Numbers(true)}Against A, B is {string.Join("; ", parts)}.{Why}";
        }
    }

    /// <summary>Time that the two sets spent on different things, with a title for each list.</summary>
    public IEnumerable<(string Title, string Name, IReadOnlyList<LostTime> Lost)> Reasons =>
        [
            ("By phase", "Phase", Comparison.Reasons.Phases),
            ("By peer", "Peer", Comparison.Reasons.Peers),
            ("By agent version", "Agent", Comparison.Reasons.Agents),
            ("By kind of failure", "Failed with", Comparison.Reasons.ErrorClasses),
        ];

    /// <summary>Name of an entry of <see cref="Reasons"/> in words.</summary>
    public static string ReasonName(string list, string name) =>
        list switch
        {
            "Phase" => Words.TryParse<PathPhase>(name, out var phase) ? PhaseWords.Of(phase) : name,
            "Peer" => IdText.Short(name),
            "Failed with" => Wording.OfName(name),
            _ => name,
        };

    // The median duration of both sets, and by how much they differ.
    private string Numbers(bool differs)
    {
        if (
            Result.Figures.FirstOrDefault(static figure => figure.Figure.Name == "duration-p50")
            is not { A: > 0 and { } a, B: > 0 and { } b, Ratio: { } ratio } median
        )
        {
            return "";
        }

        var values =
            $"p50 {Value(FigureUnit.Nanoseconds, b)} against {Value(FigureUnit.Nanoseconds, a)} (95 %: {Times(ratio.Low)}–{Times(ratio.High)}×)";
        return median.Verdict.Kind switch
        {
            VerdictKind.Higher => $"{Times(b / a)} times slower: {values}. ",
            VerdictKind.Lower => $"{Times(a / b)} times faster: {values}. ",
            _ => differs ? "" : $" Duration {values}.",
        };
    }

    // The greatest differences of time that are none of chance: two phases, and one peer, agent and failure each.
    private string Why
    {
        get
        {
            var parts = Reasons
                .SelectMany(static list =>
                    list.Lost.Where(static lost => lost.Significant)
                        .Take(list.Name == "Phase" ? 2 : 1)
                        .Select(lost => $"{ReasonName(list.Name, lost.Name)} {Difference(FigureUnit.Nanoseconds, lost.Difference)}")
                )
                .ToList();
            return parts.Count == 0 ? "" : $" Where the time went, an operation: {string.Join(", ", parts)}.";
        }
    }

    private static string Times(double ratio) => ratio.ToString(ratio < 10 ? "0.0#" : "#,0", CultureInfo.InvariantCulture);

    /// <summary>A value of a figure in its unit.</summary>
    public static string? Value(FigureUnit unit, double? value) =>
        value is not { } known
            ? null
            : unit switch
            {
                FigureUnit.Nanoseconds => DurationText.Of((long)Math.Round(known)),
                FigureUnit.Share => Text.Shares.Percent(known),
                _ => Rounded(known, "#,0.##"),
            };

    /// <summary>A difference in the unit of its figure, with its sign.</summary>
    public static string? Difference(FigureUnit unit, double? value)
    {
        if (value is not { } known)
        {
            return null;
        }

        var text = unit switch
        {
            FigureUnit.Nanoseconds => DurationText.Of((long)Math.Round(known)),
            FigureUnit.Share => Rounded(known * 100, "0.#") + " points",
            _ => Rounded(known, "#,0.##"),
        };
        return known > 0 && text.AsSpan().IndexOfAnyInRange('1', '9') >= 0 ? "+" + text : text.Replace('-', '−');
    }

    /// <summary>An interval of a difference. Ends that would read the same are given three decimals.</summary>
    public static string Interval(FigureUnit unit, DifferenceInterval interval)
    {
        var (low, high) = (Difference(unit, interval.Low), Difference(unit, interval.High));
        if (low == high && interval.Low < interval.High && unit == FigureUnit.Nanoseconds && Math.Abs(interval.Low) >= 1e6)
        {
            var (size, name) = Math.Abs(interval.Low) >= 1e9 ? (1e9, "s") : (1e6, "ms");
            (low, high) = (Decimals(interval.Low / size) + name, Decimals(interval.High / size) + name);
        }

        return $"{low} to {high}";

        static string Decimals(double value) => value.ToString("+0.000;−0.000", CultureInfo.InvariantCulture);
    }

    /// <summary>Share of the queries whose end is known that took at most so long; null when none is known.</summary>
    public static double? ShareAtMost(IReadOnlyList<OperationFacts> facts, long durationNs)
    {
        var (known, within) = (0, 0);
        foreach (var fact in facts)
        {
            known += fact.DurationNs is null ? 0 : 1;
            within += fact.DurationNs <= durationNs ? 1 : 0;
        }

        return known == 0 ? null : (double)within / known;
    }

    /// <summary>A p-value; small ones are not drawn out.</summary>
    public static string P(double value) => value < 0.001 ? "< 0.001" : value.ToString("0.000", CultureInfo.InvariantCulture);

    /// <summary>Class of a cell of the heat maps: 0 to 6 on a logarithmic scale of the medians of both.</summary>
    public string HeatClass(long? medianNs)
    {
        if (medianNs is not { } median || _medians is not { } ends)
        {
            return "h-none";
        }

        var range = Math.Log(Math.Max(1, ends.Greatest)) - Math.Log(Math.Max(1, ends.Least));
        return range <= 0 ? "h3" : $"h{(int)Math.Round(6 * (Math.Log(Math.Max(1, median)) - Math.Log(Math.Max(1, ends.Least))) / range)}";
    }

    /// <summary>The list of a set's queries of an hour, slowest first.</summary>
    public static string Link(ComparedSet set, PeriodFacts hour)
    {
        var from = Math.Max(TimeRange.UnixNano(hour.Start), set.Address.Filter.FromUnixNano ?? 0);
        var to = Math.Min(TimeRange.UnixNano(hour.End), set.Address.Filter.ToUnixNano ?? ulong.MaxValue);
        return set.Address.With(("from", TimeInput.Text(from)), ("to", TimeInput.Text(to)), ("sort", "slowest")).ToString();
    }

    // "More in hops" is no sentence: what is counted is higher or lower.
    private static string Word(ComparedFigure figure) =>
        (figure.Verdict.Kind, figure.Figure.Unit) switch
        {
            (VerdictKind.Higher, FigureUnit.Count) => "higher",
            (_, FigureUnit.Count) => "lower",
            (VerdictKind.Higher, _) => figure.Figure.HigherWord,
            _ => figure.Figure.LowerWord,
        };

    // "Hops, mean" heads a row; within a sentence it is "mean hops".
    private static string Name(FigureDefinition figure)
    {
        var label = char.ToLowerInvariant(figure.Label[0]) + figure.Label[1..];
        return label.EndsWith(MeanSuffix, StringComparison.Ordinal) ? "mean " + label[..^MeanSuffix.Length] : label;
    }

    // What rounds to nothing has no sign.
    private static string Rounded(double value, string format) =>
        value.ToString(format, CultureInfo.InvariantCulture) is "-0" ? "0" : value.ToString(format, CultureInfo.InvariantCulture);

    private static string Joined(IReadOnlyList<string> parts) =>
        parts.Count < 2 ? string.Concat(parts) : $"{string.Join(", ", parts.SkipLast(1))} and {parts[^1]}";
}
