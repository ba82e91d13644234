using DhtTracer.Analysis.Statistics.Comparing;

namespace DhtTracer.Web.Pages.Compare;

/// <summary>What all verdicts of a comparison together say, in one or two sentences.</summary>
/// <param name="result">The comparison.</param>
/// <param name="reasons">What the two sets spent their time on, by the name of each list.</param>
internal sealed class VerdictSentence(Comparison result, IEnumerable<(string Title, string Name, IReadOnlyList<LostTime> Lost)> reasons)
{
    private const string MeanSuffix = ", mean";

    /// <summary>The sentence.</summary>
    public override string ToString()
    {
        var told = result.Figures.Where(static figure => figure.Verdict.Kind is VerdictKind.Higher or VerdictKind.Lower).ToList();
        var tested = result.Figures.Count(static figure => figure.Interval is not null);
        var few = result.Figures.Where(static figure => figure.Verdict.Kind == VerdictKind.TooFew).ToList();
        var left =
            few.Count == 0 ? "" : $" Too few queries to say anything of {Joined([.. few.Select(static figure => Name(figure.Figure))])}.";
        if (told.Count == 0)
        {
            return tested == 0 ? "Too few queries to say anything." : "No difference to be seen." + Numbers(false) + left;
        }

        var parts = told.GroupBy(static figure => Word(figure))
            .Select(static group => $"{group.Key} in {Joined([.. group.Select(static figure => Name(figure.Figure))])}");
        return $"{Numbers(true)}Against A, B is {string.Join("; ", parts)}.{Why}";
    }

    // The median duration of both sets, and by how much they differ.
    private string Numbers(bool differs)
    {
        if (
            result.Figures.FirstOrDefault(static figure => figure.Figure.Name == "duration-p50")
            is not { A: > 0 and { } a, B: > 0 and { } b, Ratio: { } ratio } median
        )
        {
            return "";
        }

        var (ofA, ofB) = (FigureText.Value(FigureUnit.Nanoseconds, a), FigureText.Value(FigureUnit.Nanoseconds, b));
        var values = $"p50 {ofB} against {ofA} (95 %: {FigureText.Times(ratio.Low)}–{FigureText.Times(ratio.High)}×)";
        return median.Verdict.Kind switch
        {
            VerdictKind.Higher => $"{FigureText.Times(b / a)} times slower: {values}. ",
            VerdictKind.Lower => $"{FigureText.Times(a / b)} times faster: {values}. ",
            _ => differs ? "" : $" Duration {values}.",
        };
    }

    // The greatest differences of time that are none of chance: two phases, and one peer, agent and failure each.
    private string Why
    {
        get
        {
            var parts = reasons
                .SelectMany(static list =>
                    list.Lost.Where(static lost => lost.Significant)
                        .Take(list.Name == "Phase" ? 2 : 1)
                        .Select(lost =>
                            $"{SetsView.ReasonName(list.Name, lost.Name)} " + FigureText.Difference(FigureUnit.Nanoseconds, lost.Difference)
                        )
                )
                .ToList();
            return parts.Count == 0 ? "" : $" Where the time went, an operation: {string.Join(", ", parts)}.";
        }
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

    private static string Joined(IReadOnlyList<string> parts) =>
        parts.Count < 2 ? string.Concat(parts) : $"{string.Join(", ", parts.SkipLast(1))} and {parts[^1]}";
}
