using System.Globalization;
using DhtTracer.Analysis.Statistics.Comparing;
using DhtTracer.Analysis.Waterfalls;

namespace DhtTracer.Analysis.Export;

/// <summary>A gate in words, for the terminal and for its report.</summary>
public static class GateText
{
    /// <summary>The answer as a sentence.</summary>
    public static string Sentence(Gate gate)
    {
        string Names(GateAnswer answer) =>
            string.Join(" and ", gate.Figures.Where(figure => figure.Answer == answer).Select(static figure => figure.Label));

        return gate.Answer switch
        {
            GateAnswer.Pass => "Pass: no figure is worse than allowed, 95 % sure.",
            GateAnswer.Fail =>
                $"Fail: {Names(GateAnswer.Fail)} {(Count(gate, GateAnswer.Fail) > 1 ? "are" : "is")} worse than allowed, 95 % sure.",
            _ when Math.Min(gate.Tested, gate.Against) < Gate.Needed =>
                $"Too few to tell: each set needs at least {Gate.Needed} operations, and more for a small limit.",
            _ => $"Too few to tell: the interval of {Names(GateAnswer.TooFew)} contains the limit. More operations make it narrower.",
        };
    }

    /// <summary>A value of a figure; a dash when it is unknown.</summary>
    public static string Value(GateFigure figure, double? value) =>
        value is not { } known ? HtmlMarkup.Unknown
        : IsShare(figure) ? Percent(known)
        : DurationText.Of((long)known);

    /// <summary>A change of a figure, such as <c>+12.5 %</c> or <c>-3.0 points</c>; a dash when it is unknown.</summary>
    public static string Change(GateFigure figure, double? change) =>
        change is not { } known ? HtmlMarkup.Unknown
        : IsShare(figure) ? Signed(known * 100) + " points"
        : Signed((known - 1) * 100) + " %";

    /// <summary>The interval of the change.</summary>
    public static string Interval(GateFigure figure) =>
        figure.Interval is { } interval ? $"{Change(figure, interval.Low)} to {Change(figure, interval.High)}" : HtmlMarkup.Unknown;

    private static int Count(Gate gate, GateAnswer answer) => gate.Figures.Count(figure => figure.Answer == answer);

    private static bool IsShare(GateFigure figure) => figure.Name == "success-share";

    private static string Percent(double part) => (part * 100).ToString("0.0", CultureInfo.InvariantCulture) + " %";

    private static string Signed(double value) => value.ToString("+0.0;-0.0;0.0", CultureInfo.InvariantCulture);
}
