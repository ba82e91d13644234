using System.Globalization;
using DhtTracer.Analysis.Statistics;
using Microsoft.AspNetCore.Html;

namespace DhtTracer.Web.Text;

/// <summary>Shares as pages write them.</summary>
internal static class Shares
{
    /// <summary><c>97.3 %</c>; unknown when it is a share of nothing.</summary>
    public static IHtmlContent Text(Share share) =>
        share.Value is { } value
            ? new HtmlString(Percent(value))
            : Unknown.Because("There is nothing that this could be a share of, or the traces do not tell it.");

    /// <summary>A share of 0 to 1 as percent. Only exactly 1 is written as 100 %, and only exactly 0 as 0 %.</summary>
    public static string Percent(double value) =>
        value switch
        {
            0 => "0 %",
            1 => "100 %",
            < 0.001 => "< 0.1 %",
            > 0.999 => "> 99.9 %",
            _ => (value * 100).ToString("0.#", CultureInfo.InvariantCulture) + " %",
        };
}
