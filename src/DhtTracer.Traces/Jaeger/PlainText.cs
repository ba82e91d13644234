using System.Buffers;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using DhtTracer.Traces.Model;

namespace DhtTracer.Traces.Jaeger;

/// <summary>Converts attribute values to text as Jaeger does: arrays and lists become JSON, <c>["12D3…","Qm…"]</c>.</summary>
internal static class PlainText
{
    // The text becomes a tag, not HTML. Whoever displays it must escape it.
    private static readonly JsonWriterOptions Options = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public static string Of(AttributeValue value)
    {
        switch (value)
        {
            case StringValue text:
                return text.Value;
            case EmptyValue:
                return "";
            default:
                var buffer = new ArrayBufferWriter<byte>();
                using (var writer = new Utf8JsonWriter(buffer, Options))
                {
                    Write(writer, value);
                }

                return Encoding.UTF8.GetString(buffer.WrittenSpan);
        }
    }

    private static void Write(Utf8JsonWriter writer, AttributeValue value)
    {
        switch (value)
        {
            case StringValue text:
                writer.WriteStringValue(text.Value);
                break;
            case BoolValue boolean:
                writer.WriteBooleanValue(boolean.Value);
                break;
            case IntValue integer:
                writer.WriteNumberValue(integer.Value);
                break;
            case DoubleValue real when double.IsFinite(real.Value):
                writer.WriteNumberValue(real.Value);
                break;
            case DoubleValue real:
                writer.WriteStringValue(
                    double.IsNaN(real.Value) ? "NaN"
                    : real.Value > 0 ? "Infinity"
                    : "-Infinity"
                );
                break;
            case BytesValue bytes:
                writer.WriteBase64StringValue(bytes.Value.AsSpan());
                break;
            case ArrayValue array:
                writer.WriteStartArray();
                foreach (var element in array.Values)
                {
                    Write(writer, element);
                }

                writer.WriteEndArray();
                break;
            case KeyValueListValue list:
                writer.WriteStartObject();
                foreach (var (key, element) in list.Values.AsSpan())
                {
                    writer.WritePropertyName(key);
                    Write(writer, element);
                }

                writer.WriteEndObject();
                break;
            default:
                writer.WriteNullValue();
                break;
        }
    }
}
