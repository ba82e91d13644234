using System.Globalization;
using System.Text;
using DhtTracer.Traces.Model;

namespace DhtTracer.Web.Text;

/// <summary>Attribute values as text: strings as they are, everything else in the manner of JSON, bytes in hex.</summary>
internal static class AttributeText
{
    /// <summary>Characters of one value that a page shows; the rest is in the download.</summary>
    public const int MaxLength = 4000;

    private const int MaxDepth = 16;

    /// <summary>The value as text, at most <see cref="MaxLength"/> characters, an ellipsis where it was cut.</summary>
    public static string Of(AttributeValue value)
    {
        if (value is StringValue text)
        {
            return Cut(text.Value);
        }

        var builder = new StringBuilder();
        Append(builder, value, depth: 0);
        return Cut(builder.ToString());
    }

    /// <summary>The name of the value's type as OTLP calls it, null for the usual string.</summary>
    public static string? Type(AttributeValue value) =>
        value switch
        {
            StringValue => null,
            BoolValue => "bool",
            IntValue => "int",
            DoubleValue => "double",
            BytesValue => "bytes",
            ArrayValue array => $"array of {array.Values.Length}",
            KeyValueListValue list => $"key-value list of {list.Values.Count}",
            _ => "empty",
        };

    private static void Append(StringBuilder builder, AttributeValue value, int depth)
    {
        if (builder.Length > MaxLength || depth > MaxDepth)
        {
            builder.Append('…');
            return;
        }

        switch (value)
        {
            case StringValue text:
                builder.Append('"').Append(text.Value.Replace("\"", "\\\"", StringComparison.Ordinal)).Append('"');
                break;
            case BoolValue flag:
                builder.Append(flag.Value ? "true" : "false");
                break;
            case IntValue number:
                builder.Append(number.Value);
                break;
            case DoubleValue number:
                builder.Append(number.Value.ToString("R", CultureInfo.InvariantCulture));
                break;
            case BytesValue bytes:
                builder.Append(Convert.ToHexStringLower(bytes.Value.AsSpan()[..Math.Min(bytes.Value.Length, MaxLength)]));
                break;
            case ArrayValue array:
                AppendArray(builder, array, depth);
                break;
            case KeyValueListValue list:
                AppendList(builder, list, depth);
                break;
            default:
                builder.Append("(empty)");
                break;
        }
    }

    private static void AppendArray(StringBuilder builder, ArrayValue array, int depth)
    {
        // One per line: arrays of peer ids are the usual case.
        builder.Append('[');
        for (var i = 0; i < array.Values.Length && builder.Length <= MaxLength; i++)
        {
            builder.Append(i == 0 ? "\n  " : ",\n  ");
            Append(builder, array.Values[i], depth + 1);
        }

        builder.Append(array.Values.Length == 0 ? "]" : "\n]");
    }

    private static void AppendList(StringBuilder builder, KeyValueListValue list, int depth)
    {
        builder.Append('{');
        for (var i = 0; i < list.Values.Count && builder.Length <= MaxLength; i++)
        {
            builder.Append(i == 0 ? " " : ", ").Append(list.Values[i].Key).Append(": ");
            Append(builder, list.Values[i].Value, depth + 1);
        }

        builder.Append(" }");
    }

    private static string Cut(string text) => text.Length <= MaxLength ? text : text[..MaxLength] + $"… ({text.Length:N0} characters)";
}
