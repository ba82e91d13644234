using System.Globalization;
using Microsoft.AspNetCore.Html;

namespace DhtTracer.Web.Live;

/// <summary>How a page follows what changes. The layout writes it on <c>main</c>, where <c>js/live.js</c> reads it; null stands for a page
/// that stays as it is.</summary>
internal sealed record LivePage
{
    /// <summary><c>page</c>: all of it follows. <c>rows</c>: only rows that are shown, and new ones are counted. <c>tick</c>: all of it, by
    /// the clock.</summary>
    public required string Mode { get; init; }

    /// <summary>What <see cref="Storage.ChangeFeed.Stamp"/> was before the page read its data; null for <c>tick</c>.</summary>
    public string? Stamp { get; init; }

    /// <summary>The ids of the only queries whose changes matter, with spaces between; null for all.</summary>
    public string? Query { get; init; }

    /// <summary>Milliseconds between two looks of <c>tick</c>; null for the others.</summary>
    public int? EveryMs { get; init; }

    /// <summary>
    /// The attributes of <c>main</c>, each with a space before it. Razor leaves out an attribute whose value is null, but not one whose
    /// name begins with <c>data-</c>: a page that does not follow would look as if it did.
    /// </summary>
    public IHtmlContent Attributes
    {
        get
        {
            var text = new HtmlContentBuilder();
            void Add(string name, string? value)
            {
                if (value is not null)
                {
                    text.AppendHtml(" ").AppendHtml(name).AppendHtml("=\"").Append(value).AppendHtml("\"");
                }
            }

            Add("data-live", Mode);
            Add("data-stamp", Stamp);
            Add("data-live-query", Query);
            Add("data-live-every", EveryMs?.ToString(CultureInfo.InvariantCulture));
            return text;
        }
    }
}
