using System.Globalization;
using System.Text.Encodings.Web;
using DhtTracer.Analysis;
using Microsoft.AspNetCore.Html;

namespace DhtTracer.Web.Pages.QueryDetails;

/// <summary>
/// The time line of one row as SVG. Positions are percent of the axis in plain attributes, which the content security policy allows
/// where it forbids inline styles; heights and colours come from the style sheet, so that a row costs few bytes.
/// </summary>
/// <param name="row">The row.</param>
/// <param name="axisNs">Time that the drawing's width stands for, in nanoseconds.</param>
internal sealed class RowDrawing(WaterfallRow row, long axisNs) : IHtmlContent
{
    /// <summary>A bar is never thinner, in percent: about a pixel.</summary>
    private const double ThinnestBar = 0.15;

    /// <summary>Width of a label's character in percent of the drawing, on a screen of 1,200 pixels. A telephone has the label under the bar.</summary>
    private const double CharacterWidth = 0.85;

    /// <summary>How much more of the drawing a label takes on a telephone, where it stands below its bar: class <c>e</c> says that it must end there.</summary>
    private const double PhoneFactor = 2;

    /// <summary>A time as percent of the axis, 0 to 100.</summary>
    public static double Percent(long nanoseconds, long axisNs) => Math.Clamp(nanoseconds * 100.0 / axisNs, 0, 100);

    /// <summary>Percent as in an attribute, two decimals at most: <c>12.35%</c>.</summary>
    public static string Text(double percent) => percent.ToString("0.##", CultureInfo.InvariantCulture) + "%";

    /// <summary>Writes the drawing.</summary>
    public void WriteTo(TextWriter writer, HtmlEncoder encoder)
    {
        writer.Write("<svg>");
        foreach (var segment in row.Segments)
        {
            var start = Percent(segment.StartNs, axisNs);
            var width = Math.Max(Percent(segment.EndNs, axisNs) - start, ThinnestBar);
            writer.Write("<rect class=\"");
            writer.Write(Class(segment));
            writer.Write("\" x=\"");
            writer.Write(Text(Math.Min(start, 100 - ThinnestBar)));
            writer.Write("\" width=\"");
            writer.Write(Text(width));
            writer.Write("\"/>");
        }

        WriteLabel(writer, encoder);
        writer.Write("</svg>");
    }

    /// <summary>Class of a bar: <c>q</c> queued, <c>dl</c> dialing, <c>c</c> connected, <c>rq</c> request, <c>na</c> no answer, <c>fl</c> failed.</summary>
    public static string Class(RowSegment segment) => segment.Phase switch
    {
        RowPhase.Queued => "q",
        RowPhase.Dialing => segment.Open ? "dl op" : "dl",
        RowPhase.Connected => "c",
        RowPhase.Request => "rq",
        _ => segment.Failed ? "na fl" : "na",
    };

    private void WriteLabel(TextWriter writer, HtmlEncoder encoder)
    {
        var text = row.Failure is { } failure && !row.Label.EndsWith(failure, StringComparison.Ordinal) ? $"{row.Label} {failure}" : row.Label;
        if (text.Length == 0)
        {
            return;
        }

        var start = Percent(row.Segments.IsEmpty ? row.EndNs ?? 0 : row.Segments.Min(segment => segment.StartNs), axisNs);
        var end = Percent(row.EndNs ?? 0, axisNs);
        var width = (text.Length + 2) * CharacterWidth;

        // Beside the bar where there is room, else before it, else upon its end.
        var (place, x) = end + width <= 100 ? ("lb", end) : start >= width ? ("lb l", start) : ("lb i", Math.Max(end, width));
        writer.Write("<svg class=\"");
        writer.Write(place == "lb" && end + (width * PhoneFactor) > 100 ? "lb e" : place);
        writer.Write("\" x=\"");
        writer.Write(Text(x));
        writer.Write("\"><text>");
        encoder.Encode(writer, text);
        writer.Write("</text></svg>");
    }
}
