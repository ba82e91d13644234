using System.Globalization;
using System.Text.Encodings.Web;
using DhtTracer.Analysis.Waterfalls;
using Microsoft.AspNetCore.Html;

namespace DhtTracer.Web.Charts;

/// <summary>
/// The time line of one row as SVG. Positions are percent of the axis in plain attributes, which the content security policy allows
/// where it forbids inline styles; heights and colours come from the style sheet, so that a row costs few bytes.
/// </summary>
/// <param name="row">The row.</param>
/// <param name="window">Time that the drawing's width stands for. What lies outside is drawn outside, so that a script can move the
/// drawing.</param>
internal sealed class RowDrawing(WaterfallRow row, TimeWindow window) : IHtmlContent
{
    /// <summary>Width of the thinnest bar in percent. A bar without width is not drawn; a thin one shows its outline of one
    /// pixel.</summary>
    private const double ThinnestBar = 0.0001;

    /// <summary>Width of a label's character in percent of the drawing, on a screen of 1,200 pixels. A telephone has the label under the
    /// bar.</summary>
    private const double CharacterWidth = 0.85;

    /// <summary>How much more of the drawing a label takes on a telephone, where it stands below its bar: class <c>e</c> says that it must
    /// end there.</summary>
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
            var start = window.Percent(segment.StartNs);
            writer.Write("<rect class=\"");
            writer.Write(PhaseColours.Class(segment));
            writer.Write(segment.Open ? " op" : "");
            writer.Write("\" x=\"");
            WritePercent(writer, start);
            writer.Write("\" width=\"");
            WritePercent(writer, Math.Max(window.Percent(segment.EndNs) - start, ThinnestBar));
            writer.Write("\"/>");
        }

        WriteLabel(writer, encoder);
        writer.Write("</svg>");
    }

    /// <summary>
    /// Writes a position to a millionth of the drawing, so that it is still right to a pixel when a script stretches the drawing
    /// as far as the page allows.
    /// </summary>
    public static void WritePercent(TextWriter writer, double percent)
    {
        Span<char> text = stackalloc char[32];
        if (!Math.Clamp(percent, -1e9, 1e9).TryFormat(text, out var length, "0.####", CultureInfo.InvariantCulture))
        {
            throw new InvalidOperationException("a number below 1e9 has more than 32 characters");
        }

        writer.Write(text[..length]);
        writer.Write('%');
    }

    private void WriteLabel(TextWriter writer, HtmlEncoder encoder)
    {
        var text =
            row.Failure is { } failure && !row.Label.EndsWith(failure, StringComparison.Ordinal) ? $"{row.Label} {failure}" : row.Label;
        if (text.Length == 0)
        {
            return;
        }

        var start = window.Percent(row.Segments.IsEmpty ? row.EndNs ?? 0 : row.Segments.Min(segment => segment.StartNs));
        var end = window.Percent(row.EndNs ?? 0);
        var width = (text.Length + 2) * CharacterWidth;

        // Beside the bar where there is room, else before it, else upon its end, or upon the edge that cuts it off. A row that lies outside
        // the window has its label at that edge, with an arrow.
        var (place, x) =
            end < 0 ? ("lb o", 0)
            : start > 100 ? ("lb p", 100)
            : end + width <= 100 ? ("lb", end)
            : start >= width ? ("lb l", start)
            : ("lb i", Math.Clamp(end, width, 100));
        text =
            end < 0 ? "‹ " + text
            : start > 100 ? text + " ›"
            : text;
        writer.Write("<svg class=\"");
        writer.Write(place == "lb" && end + (width * PhoneFactor) > 100 ? "lb e" : place);
        writer.Write("\" x=\"");
        WritePercent(writer, x);
        writer.Write("\"><text>");
        encoder.Encode(writer, text);
        writer.Write("</text></svg>");
    }
}
