using System.Globalization;
using System.Text;
using DhtTracer.Analysis.Statistics.Comparing;

namespace DhtTracer.Analysis.Export;

/// <summary>The answer of a gate as one page, for the artifacts of a build. It needs no other file, no script and no network.</summary>
public static class GateReport
{
    /// <summary>The page as UTF-8.</summary>
    /// <param name="gate">The answer.</param>
    /// <param name="set">The filter of the tested set.</param>
    /// <param name="against">The filter of the set that it is compared with.</param>
    public static byte[] ToUtf8(Gate gate, string set, string against)
    {
        var html = new HtmlMarkup();
        html.Own("<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><meta http-equiv=\"Content-Security-Policy\" content=\"")
            .Own(HtmlExportStyle.Policy)
            .Own("\"><meta name=\"viewport\" content=\"width=device-width\"><meta name=\"referrer\" content=\"no-referrer\">")
            .Element("title", $"Gate: {Words.Of(gate.Answer)}")
            .Own("<style>")
            .Own(HtmlExportStyle.Sheet)
            .Own("</style></head>\n<body><main>\n")
            .Element("h1", GateText.Sentence(gate))
            .Own("<p class=\"facts\">Set: ")
            .Element("code", set)
            .Text($", {Number(gate.Tested)} operations. Against: ")
            .Element("code", against)
            .Text($", {Number(gate.Against)} operations.")
            .Own("</p>\n<table><thead><tr>");
        foreach (var head in (string[])["Figure", "Against", "Set", "Change", "Interval of the change", "Allowed", "Answer"])
        {
            html.Element("th", head);
        }

        html.Own("</tr></thead><tbody>\n");
        foreach (var figure in gate.Figures)
        {
            html.Own("<tr>")
                .Element("td", figure.Label)
                .Element("td", GateText.Value(figure, figure.Against), "n")
                .Element("td", GateText.Value(figure, figure.Tested), "n")
                .Element("td", GateText.Change(figure, figure.Change), "n")
                .Element("td", GateText.Interval(figure), "n")
                .Element("td", GateText.Change(figure, figure.Limit), "n")
                .Element("td", Words.Of(figure.Answer))
                .Own("</tr>\n");
        }

        html.Own("</tbody></table>\n<footer>")
            .Text(
                "Pass: the whole interval is within what is allowed. Fail: the whole interval is beyond it. Too few: it contains the "
                    + "limit, or there are too few operations for an interval. The intervals hold together with 95 % confidence. "
                    + "Made by DhtTracer: dht-tracer gate."
            )
            .Own("</footer>\n</main></body></html>\n");
        return Encoding.UTF8.GetBytes(html.ToString());
    }

    private static string Number(int count) => count.ToString("N0", CultureInfo.InvariantCulture);
}
