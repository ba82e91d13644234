using System.Collections.Immutable;
using System.Text.Json;
using DhtTracer.Traces.Json;
using DhtTracer.Traces.Model;

namespace DhtTracer.Traces.Otlp;

/// <summary>Reads attributes of OTLP JSON: <c>[{"key":"to","value":{"stringValue":"12D3…"}}]</c>.</summary>
internal static class OtlpJsonValueReader
{
    private static readonly JsonAttributes Attributes = new("attributes", "key", "value", ReadValue);

    public static AttributeList ReadAttributes(ref JsonCursor cursor, int depth) => Attributes.Read(ref cursor, depth);

    private static AttributeValue ReadValue(ref JsonCursor cursor, int depth)
    {
        cursor.ExpectObject("a value");
        AttributeValue value = EmptyValue.Instance;
        while (cursor.NextProperty())
        {
            if (cursor.Is("stringValue"u8, "string_value"u8))
            {
                value = new StringValue(cursor.GetText("stringValue"));
            }
            else if (cursor.Is("boolValue"u8, "bool_value"u8))
            {
                value = new BoolValue(cursor.GetBool("boolValue"));
            }
            else if (cursor.Is("intValue"u8, "int_value"u8))
            {
                value = new IntValue(cursor.GetInt64("intValue"));
            }
            else if (cursor.Is("doubleValue"u8, "double_value"u8))
            {
                value = new DoubleValue(cursor.GetDouble("doubleValue"));
            }
            else if (cursor.Is("bytesValue"u8, "bytes_value"u8))
            {
                value = new BytesValue([.. cursor.GetBytes("bytesValue")]);
            }
            else if (cursor.Is("arrayValue"u8, "array_value"u8))
            {
                value = ReadArray(ref cursor, Deeper(ref cursor, depth));
            }
            else if (cursor.Is("kvlistValue"u8, "kvlist_value"u8))
            {
                value = ReadList(ref cursor, Deeper(ref cursor, depth));
            }
            else
            {
                cursor.Skip();
            }
        }

        return value;
    }

    private static int Deeper(ref JsonCursor cursor, int depth) =>
        depth < OtlpFields.AnyValue.DeepestNesting
            ? depth + 1
            : throw cursor.Error($"expected values nested at most {OtlpFields.AnyValue.DeepestNesting} deep");

    private static ArrayValue ReadArray(ref JsonCursor cursor, int depth)
    {
        cursor.ExpectObject("arrayValue");
        var elements = ImmutableArray.CreateBuilder<AttributeValue>();
        while (cursor.NextProperty())
        {
            if (cursor.Is("values"u8))
            {
                cursor.ExpectArray("values");
                while (cursor.NextElement())
                {
                    elements.Add(cursor.Token == JsonTokenType.Null ? EmptyValue.Instance : ReadValue(ref cursor, depth));
                }
            }
            else
            {
                cursor.Skip();
            }
        }

        return new ArrayValue(elements.DrainToImmutable());
    }

    private static KeyValueListValue ReadList(ref JsonCursor cursor, int depth)
    {
        cursor.ExpectObject("kvlistValue");
        var list = AttributeList.Empty;
        while (cursor.NextProperty())
        {
            if (cursor.Is("values"u8))
            {
                list = ReadAttributes(ref cursor, depth);
            }
            else
            {
                cursor.Skip();
            }
        }

        return new KeyValueListValue(list);
    }
}
