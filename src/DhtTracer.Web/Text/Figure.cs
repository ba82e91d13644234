using System.Globalization;
using System.Text.Encodings.Web;
using DhtTracer.Analysis.Waterfalls;
using Microsoft.AspNetCore.Html;

namespace DhtTracer.Web.Text;

/// <summary>A value in a cell or tile: itself, or the mark of the unknown with its reason.</summary>
internal static class Figure
{
    /// <summary>A count.</summary>
    public static IHtmlContent Of(long? value) => Of(value?.ToString("N0", CultureInfo.InvariantCulture));

    /// <summary>A duration in nanoseconds.</summary>
    public static IHtmlContent Duration(long? nanoseconds, string reason = Unknown.NotInTrace) =>
        nanoseconds is null ? Unknown.Because(reason) : new HtmlString(DurationText.Of(nanoseconds));

    /// <summary>A text.</summary>
    public static IHtmlContent Of(string? text) =>
        text is null ? Unknown.Because(Unknown.NotInTrace) : new HtmlString(HtmlEncoder.Default.Encode(text));
}
