using System.Text.Encodings.Web;
using DhtTracer.Web.Text;
using Microsoft.AspNetCore.Html;

namespace DhtTracer.Web.Markup;

/// <summary>How a query or an operation ended, in the colour of its outcome.</summary>
/// <param name="outcome">Gives the colour.</param>
/// <param name="text">The text; null for the outcome itself.</param>
/// <param name="title">What a hover shows; null for nothing.</param>
internal sealed class OutcomeMark(QueryOutcome outcome, string? text = null, string? title = null) : IHtmlContent
{
    /// <inheritdoc />
    public void WriteTo(TextWriter writer, HtmlEncoder encoder)
    {
        writer.Write("<span class=\"outcome ");
        writer.Write(Wording.Class(outcome));
        if (title is not null)
        {
            writer.Write("\" title=\"");
            encoder.Encode(writer, title);
        }

        writer.Write("\">");
        encoder.Encode(writer, text ?? Wording.Of(outcome));
        writer.Write("</span>");
    }
}
