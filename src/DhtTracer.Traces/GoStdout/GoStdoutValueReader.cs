using System.Collections.Immutable;
using System.Globalization;
using System.Text.Json;
using DhtTracer.Traces.Json;
using DhtTracer.Traces.Model;

namespace DhtTracer.Traces.GoStdout;

/// <summary>Reads Go attributes: <c>[{"Key":"peers","Value":{"Type":"STRINGSLICE","Value":["12D3…"]}}]</c>.</summary>
internal static class GoStdoutValueReader
{
    private static readonly JsonAttributes Attributes = new("Attributes", "Key", "Value", ReadTyped);

    private const int DeepestNesting = 32;

    /// <summary>Reads an array of attributes.</summary>
    public static AttributeList ReadAttributes(ref JsonCursor cursor, int depth = 0) => Attributes.Read(ref cursor, depth);

    // Go writes the type before the value: {"Type":"INT64","Value":8}.
    private static AttributeValue ReadTyped(ref JsonCursor cursor, int depth)
    {
        cursor.ExpectObject("an attribute's Value");
        var type = "";
        AttributeValue value = EmptyValue.Instance;
        while (cursor.NextProperty())
        {
            if (cursor.Is("Type"u8))
            {
                type = cursor.GetText("Type");
            }
            else if (cursor.Is("Value"u8))
            {
                value = ReadValue(ref cursor, type, depth);
            }
            else
            {
                cursor.Skip();
            }
        }

        return value;
    }

    private static AttributeValue ReadValue(ref JsonCursor cursor, string type, int depth)
    {
        switch (type)
        {
            case "BOOL":
                return new BoolValue(cursor.GetBool("a BOOL"));
            case "INT64":
                return new IntValue(cursor.GetInt64("an INT64"));
            case "FLOAT64":
                return new DoubleValue(cursor.GetDouble("a FLOAT64"));
            case "STRING":
                return new StringValue(cursor.GetText("a STRING"));
            case "BYTES" or "BYTESLICE":
                return new BytesValue([.. cursor.GetBytes(type)]);
            case "BOOLSLICE" or "INT64SLICE" or "FLOAT64SLICE" or "STRINGSLICE":
                return ReadSlice(ref cursor, type[..^"SLICE".Length], depth);
            default:
                return ReadUntyped(ref cursor, depth);
        }
    }

    private static ArrayValue ReadSlice(ref JsonCursor cursor, string elementType, int depth)
    {
        cursor.ExpectArray($"a slice of {elementType}");
        var elements = ImmutableArray.CreateBuilder<AttributeValue>();
        while (cursor.NextElement())
        {
            elements.Add(ReadValue(ref cursor, elementType, depth));
        }

        return new ArrayValue(elements.DrainToImmutable());
    }

    // A type of a later SDK: infer the value from its JSON.
    private static AttributeValue ReadUntyped(ref JsonCursor cursor, int depth)
    {
        if (depth >= DeepestNesting)
        {
            throw cursor.Error($"expected values nested at most {DeepestNesting} deep");
        }

        switch (cursor.Token)
        {
            case JsonTokenType.True or JsonTokenType.False:
                return new BoolValue(cursor.GetBool("a value"));
            case JsonTokenType.String:
                return new StringValue(cursor.GetText("a value"));
            case JsonTokenType.Number:
                return long.TryParse(cursor.PeekRawText(), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out _)
                    ? new IntValue(cursor.GetInt64("a value"))
                    : new DoubleValue(cursor.GetDouble("a value"));
            case JsonTokenType.StartArray:
                var elements = ImmutableArray.CreateBuilder<AttributeValue>();
                while (cursor.NextElement())
                {
                    elements.Add(ReadUntyped(ref cursor, depth + 1));
                }

                return new ArrayValue(elements.DrainToImmutable());
            case JsonTokenType.StartObject:
                var items = ImmutableArray.CreateBuilder<KeyValuePair<string, AttributeValue>>();
                while (cursor.NextProperty())
                {
                    items.Add(KeyValuePair.Create(cursor.GetName(), ReadUntyped(ref cursor, depth + 1)));
                }

                return new KeyValueListValue(new AttributeList(items.DrainToImmutable()));
            default:
                return EmptyValue.Instance;
        }
    }
}
