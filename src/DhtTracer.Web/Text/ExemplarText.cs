using DhtTracer.Analysis.Statistics.Comparing;
using DhtTracer.Analysis.Waterfalls;

namespace DhtTracer.Web.Text;

/// <summary>Examples of a set in words.</summary>
internal static class ExemplarText
{
    /// <summary>What an operation is an example of. Names from spans are cut.</summary>
    public static string Of(Exemplar exemplar) =>
        exemplar switch
        {
            { Kind: ExemplarKind.Typical } => "typical: nearest to the median duration and to the mean shares of phases",
            { Kind: ExemplarKind.Slowest } => "slowest",
            { Attribute: { } attribute } => $"shows most: {SharedAttributeText.Of(attribute)}"
                + (exemplar.Amount > 1 ? $" ({exemplar.Amount:N0} here)" : ""),
            { Phase: { } phase } => $"shows most: {PhaseWords.OfName(phase)}, {DurationText.Of(exemplar.Amount)}",
            _ => "",
        };
}
