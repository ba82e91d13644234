using System.Text.Encodings.Web;
using Microsoft.AspNetCore.Html;

namespace DhtTracer.Web.Markup;

/// <summary>The <c>option</c> elements of a <c>select</c>.</summary>
/// <param name="options">In the order in which they are shown.</param>
internal sealed class SelectOptions(IEnumerable<Option> options) : IHtmlContent
{
    /// <summary>One option for each value of a vocabulary.</summary>
    /// <param name="text">What the reader sees.</param>
    /// <param name="chosen">The value that is selected; null for none.</param>
    /// <param name="value">What the form sends; null when it is the text.</param>
    public static SelectOptions Of<T>(Func<T, string> text, T? chosen, Func<T, string>? value = null)
        where T : struct, Enum =>
        new(Enum.GetValues<T>().Select(one => new Option(text(one), chosen is { } it && it.Equals(one), value?.Invoke(one))));

    /// <summary>One option for each text; the form sends the text itself.</summary>
    /// <param name="texts">What the reader sees.</param>
    /// <param name="chosen">The text that is selected; null for none.</param>
    public static SelectOptions Of(IEnumerable<string> texts, string? chosen) =>
        new(texts.Select(text => new Option(text, text == chosen)));

    /// <summary>Options whose texts differ from what the form sends.</summary>
    /// <param name="chosen">The value that is selected; null for none.</param>
    /// <param name="options">Value and text of each.</param>
    public static SelectOptions Of(string? chosen, params IEnumerable<(string Value, string Text)> options) =>
        new(options.Select(option => new Option(option.Text, option.Value == chosen, option.Value)));

    /// <inheritdoc />
    public void WriteTo(TextWriter writer, HtmlEncoder encoder)
    {
        foreach (var option in options)
        {
            writer.Write("<option");
            if (option.Value is { } value)
            {
                writer.Write(" value=\"");
                encoder.Encode(writer, value);
                writer.Write('"');
            }

            writer.Write(option.Selected ? " selected=\"selected\">" : ">");
            encoder.Encode(writer, option.Text);
            writer.Write("</option>");
        }
    }
}

/// <summary>One entry of a list to choose from.</summary>
/// <param name="Text">What the reader sees.</param>
/// <param name="Selected">Whether it is chosen when the page opens.</param>
/// <param name="Value">What the form sends; null when it sends the text.</param>
internal sealed record Option(string Text, bool Selected, string? Value = null);
