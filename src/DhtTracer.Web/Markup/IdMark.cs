using System.Text.Encodings.Web;
using DhtTracer.Web.Text;
using Microsoft.AspNetCore.Html;

namespace DhtTracer.Web.Markup;

/// <summary>A shortened peer id with its tail in bold: the heads of most ids are equal, the tails differ.</summary>
/// <param name="id">The whole id.</param>
internal sealed class IdMark(string id) : IHtmlContent
{
    /// <inheritdoc />
    public void WriteTo(TextWriter writer, HtmlEncoder encoder)
    {
        encoder.Encode(writer, IdText.Head(id));
        writer.Write("<b>");
        encoder.Encode(writer, IdText.Tail(id));
        writer.Write("</b>");
    }
}
