using System.Globalization;
using System.Text;
using System.Text.Encodings.Web;

namespace DhtTracer.Analysis.Export;

/// <summary>Writes HTML. What stands between tags and in attributes is always encoded; tag and class names are the program's own.</summary>
internal sealed class HtmlMarkup
{
    private readonly StringBuilder _html = new();

    /// <summary>Markup of the program itself, as it is.</summary>
    public HtmlMarkup Own(string markup)
    {
        _html.Append(markup);
        return this;
    }

    /// <summary>Text of any origin.</summary>
    public HtmlMarkup Text(string? text)
    {
        _html.Append(HtmlEncoder.Default.Encode(text ?? ""));
        return this;
    }

    /// <summary>An element that holds nothing but text.</summary>
    public HtmlMarkup Element(string name, string? text, string? cssClass = null)
    {
        _html.Append('<').Append(name);
        if (cssClass is not null)
        {
            _html.Append(" class=\"").Append(cssClass).Append('"');
        }

        _html.Append('>');
        Text(text);
        _html.Append("</").Append(name).Append('>');
        return this;
    }

    /// <summary>A number, or a dash when the trace does not tell it.</summary>
    public HtmlMarkup Number(long? value) => Element("td", value?.ToString(CultureInfo.InvariantCulture) ?? Unknown, "n");

    /// <summary>A time in milliseconds with every digit that the trace has, or a dash.</summary>
    public HtmlMarkup Milliseconds(long? ns) => Element("td", Exact(ns), "n");

    /// <summary>A time in milliseconds with every digit that the trace has, or a dash.</summary>
    public static string Exact(long? ns) =>
        ns is { } known ? (known / 1_000_000m).ToString("0.######", CultureInfo.InvariantCulture) : Unknown;

    /// <summary>What stands for something that the trace does not tell.</summary>
    public const string Unknown = "–";

    /// <summary>The document.</summary>
    public override string ToString() => _html.ToString();
}
