using System.Globalization;
using System.Text;
using System.Text.Encodings.Web;

namespace DhtTracer.Analysis.Export;

/// <summary>Writes HTML. All text and attribute values are encoded; tag and class names are constants of the program.</summary>
internal sealed class HtmlMarkup
{
    private readonly StringBuilder _html = new();

    /// <summary>Writes constant markup of the program without encoding it.</summary>
    public HtmlMarkup Own(string markup)
    {
        _html.Append(markup);
        return this;
    }

    /// <summary>Writes any text, encoded.</summary>
    public HtmlMarkup Text(string? text)
    {
        _html.Append(HtmlEncoder.Default.Encode(text ?? ""));
        return this;
    }

    /// <summary>Writes an element that contains only text.</summary>
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

    /// <summary>Writes a number, or a dash when it is unknown.</summary>
    public HtmlMarkup Number(long? value) => Element("td", value?.ToString(CultureInfo.InvariantCulture) ?? Unknown, "n");

    /// <summary>Writes a time in milliseconds with all its digits, or a dash when it is unknown.</summary>
    public HtmlMarkup Milliseconds(long? ns) => Element("td", Exact(ns), "n");

    /// <summary>A time in milliseconds with all its digits, or a dash when it is unknown.</summary>
    public static string Exact(long? ns) =>
        ns is { } known ? (known / 1_000_000m).ToString("0.######", CultureInfo.InvariantCulture) : Unknown;

    /// <summary>Shown for an unknown value.</summary>
    public const string Unknown = "–";

    /// <summary>The document written so far.</summary>
    public override string ToString() => _html.ToString();
}
