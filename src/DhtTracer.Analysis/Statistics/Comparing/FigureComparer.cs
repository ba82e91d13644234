using System.Collections.Immutable;

namespace DhtTracer.Analysis.Statistics.Comparing;

/// <summary>Compares the figures of two overviews and gives a verdict for each difference.</summary>
internal static class FigureComparer
{
    /// <summary>Every figure, in the order of the overview.</summary>
    public static ImmutableArray<ComparedFigure> Compare(
        IReadOnlyCollection<OperationFacts> a,
        OverviewFacts overviewOfA,
        IReadOnlyCollection<OperationFacts> b,
        OverviewFacts overviewOfB
    )
    {
        using var columnsOfA = OperationColumns.Of(a);
        using var columnsOfB = OperationColumns.Of(b);
        return Compare(columnsOfA, overviewOfA, columnsOfB, overviewOfB);
    }

    /// <summary>Every figure, in the order of the overview.</summary>
    public static ImmutableArray<ComparedFigure> Compare(
        OperationColumns a,
        OverviewFacts overviewOfA,
        OperationColumns b,
        OverviewFacts overviewOfB
    )
    {
        var sets = new Sets(a, b);
        return
        [
            new ComparedFigure(
                FigureDefinition.Number("operations", "Operations"),
                a.Count,
                b.Count,
                b.Count - a.Count,
                null,
                Verdict.NotTested
            ),
            Success(overviewOfA.Success, overviewOfB.Success),
            sets.Percentile("duration-p50", "Duration p50", static set => set.SortedDurations, 50, withRatio: true),
            sets.Percentile("duration-p90", "Duration p90", static set => set.SortedDurations, 90),
            sets.Percentile("duration-p95", "Duration p95", static set => set.SortedDurations, 95),
            sets.Percentile("duration-p99", "Duration p99", static set => set.SortedDurations, 99),
            sets.Percentile("first-result-p50", "Time to first result p50", static set => set.FirstResults, 50),
            sets.Percentile("discovery-p50", "Discovery p50", static set => set.Discoveries, 50),
            sets.Ratio(FigureDefinition.Number("hops-mean", "Hops, mean"), static set => RatioTerms.OfMean(set.Hops)),
            sets.Ratio(FigureDefinition.Number("peers-queried-mean", "Peers queried, mean"), static set => RatioTerms.OfMean(set.Queried)),
            sets.Ratio(
                FigureDefinition.Part("dial-failure-share", "Dials failed", lowerIsBetter: true),
                static set => RatioTerms.OfPart(set.DialFailed)
            ),
            sets.Ratio(
                FigureDefinition.Part("reuse-share", "Connections reused", lowerIsBetter: false),
                static set => RatioTerms.OfShare(set.Reused)
            ),
            sets.Ratio(
                FigureDefinition.Number("duplicates-mean", "Duplicate requests, mean"),
                static set => RatioTerms.OfMean(set.Duplicates)
            ),
        ];
    }

    private static ComparedFigure Success(Share a, Share b)
    {
        var figure = FigureDefinition.Part("success-share", "Success", lowerIsBetter: false);
        return ShareDifference.Of(a, b, Comparison.FigureLevel) is { } interval
            ? Compared(figure, a.Value, b.Value, interval.Low, interval.High)
            : new ComparedFigure(figure, a.Value, b.Value, null, null, Verdict.Unknown);
    }

    private static ComparedFigure Compared(FigureDefinition figure, double? a, double? b, double low, double high) =>
        new(figure, a, b, b - a, new DifferenceInterval(low, high), Verdict.Of(figure, low, high));

    private readonly struct Sets(OperationColumns a, OperationColumns b)
    {
        public ComparedFigure Percentile(
            string name,
            string label,
            Func<OperationColumns, TimeValues> values,
            int percent,
            bool withRatio = false
        )
        {
            var figure = FigureDefinition.Time(name, label);
            var valuesOfA = values(a).Sorted;
            var valuesOfB = values(b).Sorted;
            if (valuesOfA.Length == 0 || valuesOfB.Length == 0)
            {
                return new ComparedFigure(
                    figure,
                    valuesOfA.Length == 0 ? null : Statistics.Percentile.Of(valuesOfA, percent),
                    valuesOfB.Length == 0 ? null : Statistics.Percentile.Of(valuesOfB, percent),
                    null,
                    null,
                    Verdict.Unknown
                );
            }

            var (percentileOfA, percentileOfB) = (
                Statistics.Percentile.Of(valuesOfA, percent),
                Statistics.Percentile.Of(valuesOfB, percent)
            );
            var needed = OrderStatisticInterval.Needed(percent, Comparison.FigureLevel);
            if (Math.Min(valuesOfA.Length, valuesOfB.Length) < needed)
            {
                return new ComparedFigure(
                    figure,
                    percentileOfA,
                    percentileOfB,
                    percentileOfB - percentileOfA,
                    null,
                    Verdict.TooFew(needed)
                );
            }

            var (bootstrapOfA, bootstrapOfB) = (PercentileBootstrap.Of(valuesOfA, percent), PercentileBootstrap.Of(valuesOfB, percent));
            var interval = PercentileBootstrap.Difference(bootstrapOfA, bootstrapOfB, Comparison.FigureLevel);
            return Compared(figure, percentileOfA, percentileOfB, interval.Low, interval.High) with
            {
                Ratio = withRatio ? PercentileBootstrap.Ratio(bootstrapOfA, bootstrapOfB, Comparison.FigureLevel) : null,
            };
        }

        public ComparedFigure Ratio(FigureDefinition figure, Func<OperationColumns, RatioTerms> terms)
        {
            var (termsOfA, termsOfB) = (terms(a), terms(b));
            var (ratioOfA, ratioOfB) = (termsOfA.Ratio, termsOfB.Ratio);
            if (ratioOfA is null || ratioOfB is null)
            {
                return new ComparedFigure(figure, ratioOfA, ratioOfB, null, null, Verdict.Unknown);
            }

            if (
                Math.Min(termsOfA.Count, termsOfB.Count) < Comparison.NeededForRatios
                || RatioBootstrap.Difference(termsOfA, termsOfB, Comparison.FigureLevel) is not { } interval
            )
            {
                return new ComparedFigure(
                    figure,
                    ratioOfA,
                    ratioOfB,
                    ratioOfB - ratioOfA,
                    null,
                    Verdict.TooFew(Comparison.NeededForRatios)
                );
            }

            // The interval is extended to zero, so that interval and verdict agree.
            if ((interval.Low > 0 || interval.High < 0) && RatioPermutation.IsChance(termsOfA, termsOfB, Comparison.FigureLevel))
            {
                interval = (Math.Min(interval.Low, 0), Math.Max(interval.High, 0));
            }

            return Compared(figure, ratioOfA, ratioOfB, interval.Low, interval.High);
        }
    }
}
