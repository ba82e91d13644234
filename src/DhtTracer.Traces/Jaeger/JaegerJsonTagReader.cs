using System.Globalization;
using System.Text.Json;
using DhtTracer.Traces.Json;
using Google.Protobuf;
using Google.Protobuf.Collections;

namespace DhtTracer.Traces.Jaeger;

/// <summary>
/// Reads tags and log fields: <c>[{"key":"http.status_code","type":"int64","value":200}]</c>. An int64 beyond 2^53 is a string, binary is
/// base64. Without a type, the JSON type of the value counts.
/// </summary>
internal static class JaegerJsonTagReader
{
    public static void Read(ref JsonCursor cursor, RepeatedField<Proto.KeyValue> tags)
    {
        cursor.ExpectArray("tags");
        while (cursor.NextElement())
        {
            tags.Add(ReadTag(ref cursor));
        }
    }

    private static Proto.KeyValue ReadTag(ref JsonCursor cursor)
    {
        cursor.ExpectObject("a tag");
        string key = "",
            type = "";
        var here = cursor;
        var hasValue = false;
        while (cursor.NextProperty())
        {
            if (cursor.Is("key"u8))
            {
                key = cursor.GetText("key");
            }
            else if (cursor.Is("type"u8))
            {
                type = cursor.GetText("type");
            }
            else if (cursor.Is("value"u8))
            {
                // The type may come after the value, so remember the place and read the value at the end.
                here = cursor;
                hasValue = true;
                cursor.Skip();
            }
            else
            {
                cursor.Skip();
            }
        }

        var tag = new Proto.KeyValue { Key = key };
        if (hasValue)
        {
            ReadValue(ref here, type, tag);
        }

        return tag;
    }

    private static void ReadValue(ref JsonCursor value, string type, Proto.KeyValue tag)
    {
        switch (type)
        {
            case "bool":
                tag.VType = Proto.ValueType.Bool;
                tag.VBool = value.GetBool("a tag of type bool");
                break;
            case "int64":
                tag.VType = Proto.ValueType.Int64;
                tag.VInt64 = value.GetInt64("a tag of type int64");
                break;
            case "float64":
                tag.VType = Proto.ValueType.Float64;
                tag.VFloat64 = value.GetDouble("a tag of type float64");
                break;
            case "binary":
                tag.VType = Proto.ValueType.Binary;
                tag.VBinary = ByteString.CopyFrom(value.GetBytes("a tag of type binary"));
                break;
            default:
                ReadUntyped(ref value, tag);
                break;
        }
    }

    private static void ReadUntyped(ref JsonCursor value, Proto.KeyValue tag)
    {
        switch (value.Token)
        {
            case JsonTokenType.String:
                tag.VStr = value.GetText("a tag");
                break;
            case JsonTokenType.True or JsonTokenType.False:
                tag.VType = Proto.ValueType.Bool;
                tag.VBool = value.GetBool("a tag");
                break;
            case JsonTokenType.Number
                when long.TryParse(value.PeekRawText(), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var integer):
                tag.VType = Proto.ValueType.Int64;
                tag.VInt64 = integer;
                break;
            case JsonTokenType.Number:
                tag.VType = Proto.ValueType.Float64;
                tag.VFloat64 = value.GetDouble("a tag");
                break;
            default:
                tag.VStr = value.SkipAndGetRawText();
                break;
        }
    }
}
