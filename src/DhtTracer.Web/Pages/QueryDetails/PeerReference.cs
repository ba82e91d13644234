using System.Text.Encodings.Web;
using DhtTracer.Web.Text;
using Microsoft.AspNetCore.Html;

namespace DhtTracer.Web.Pages.QueryDetails;

/// <summary>Another peer in a row of a waterfall: who named the row's peer, or after whose answer it was asked.</summary>
/// <param name="peerId">The other peer; null when there is none, or the trace does not tell it.</param>
/// <param name="anchor">Anchor of its row on this page; null when that is not shown.</param>
/// <param name="otherwise">The text without a peer.</param>
/// <param name="isInferred">Whether the trace does not name the peer and it was inferred.</param>
internal sealed class PeerReference(string? peerId, string? anchor, string otherwise, bool isInferred = false) : IHtmlContent
{
    private const string Inferred = "Inferred: the trace does not hold the answer, but whose it was follows from the times";

    /// <inheritdoc />
    public void WriteTo(TextWriter writer, HtmlEncoder encoder)
    {
        if (peerId is null)
        {
            encoder.Encode(writer, otherwise);
            return;
        }

        writer.Write(anchor is null ? "<span class=\"mono\" title=\"" : "<a href=\"#");
        encoder.Encode(writer, anchor ?? peerId);
        writer.Write("\">");
        encoder.Encode(writer, IdText.Short(peerId));
        writer.Write(anchor is null ? "</span>" : "</a>");
        if (isInferred)
        {
            writer.Write($"<span title=\"{Inferred}\">&nbsp;?</span>");
        }
    }
}
