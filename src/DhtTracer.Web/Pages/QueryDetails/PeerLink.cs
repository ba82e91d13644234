using System.Text.Encodings.Web;
using DhtTracer.Web.Text;
using Microsoft.AspNetCore.Html;

namespace DhtTracer.Web.Pages.QueryDetails;

/// <summary>A peer in a table beside the waterfall: its id leads to the page of the peer, <c>row</c> to its row in the waterfall.</summary>
/// <param name="view">The waterfall.</param>
/// <param name="peerId">The peer, one of the query.</param>
internal sealed class PeerLink(WaterfallView view, string peerId) : IHtmlContent
{
    /// <summary>Writes both links.</summary>
    public void WriteTo(TextWriter writer, HtmlEncoder encoder)
    {
        writer.Write("<a class=\"mono\" href=\"/peers/");
        encoder.Encode(writer, Uri.EscapeDataString(peerId));
        writer.Write("\" title=\"");
        encoder.Encode(writer, peerId);
        writer.Write("\">");
        encoder.Encode(writer, IdText.Head(peerId));
        writer.Write("<b>");
        encoder.Encode(writer, IdText.Tail(peerId));
        writer.Write("</b></a>");
        if (view.Place(peerId) is not null)
        {
            writer.Write($" <a class=\"to-row\" href=\"{view.RowLink(peerId)}\" aria-label=\"Row of ");
            encoder.Encode(writer, IdText.Short(peerId));
            writer.Write(" in the waterfall\">row</a>");
        }
    }
}
