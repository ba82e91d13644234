using System.Text.Encodings.Web;
using Microsoft.AspNetCore.Html;

namespace DhtTracer.Web.Text;

/// <summary>Marks a value that the trace does not tell: a dash that says why on hover and on focus.</summary>
internal static class Unknown
{
    /// <summary>The trace never said what was looked for.</summary>
    public const string Key = "The trace does not tell what was looked for.";

    /// <summary>The query's end never arrived.</summary>
    public const string Duration = "The end of this query is not in the trace, so its duration is unknown.";

    /// <summary>No span shows when the answer was first known.</summary>
    public const string Discovery = "No span shows when the final answer was first known.";

    /// <summary>The spans do not say it.</summary>
    public const string NotInTrace = "These spans do not tell it. Unknown is not zero.";

    /// <summary>A dash with its reason.</summary>
    public static IHtmlContent Because(string reason) => new Mark("–", reason);

    /// <summary>Wording with a reason, where a dash alone would be too little.</summary>
    public static IHtmlContent Because(string words, string reason) => new Mark(words, reason);

    private sealed class Mark(string words, string reason) : IHtmlContent
    {
        public void WriteTo(TextWriter writer, HtmlEncoder encoder)
        {
            writer.Write("<span class=\"unknown\" tabindex=\"0\" title=\"");
            encoder.Encode(writer, reason);
            writer.Write("\">");
            encoder.Encode(writer, words);
            writer.Write("<span class=\"sr\"> unknown: ");
            encoder.Encode(writer, reason);
            writer.Write("</span></span>");
        }
    }
}
