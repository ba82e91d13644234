using System.Globalization;
using System.Text.Json;
using DhtTracer.Traces.Model;
using Google.Protobuf.Collections;
using Timestamp = Google.Protobuf.WellKnownTypes.Timestamp;

namespace DhtTracer.Traces.Jaeger;

/// <summary>Writes Jaeger's JSON v1, with members in the same order as Jaeger's servers.</summary>
internal static class JaegerJsonWriter
{
    // Number.MAX_SAFE_INTEGER of ECMAScript. Jaeger writes larger integers as strings.
    private const long LargestExactInteger = (1L << 53) - 1;

    public static void WriteEnvelopeStart(Utf8JsonWriter writer)
    {
        writer.WriteStartObject();
        writer.WriteStartArray("data"u8);
    }

    public static void WriteEnvelopeEnd(Utf8JsonWriter writer)
    {
        writer.WriteEndArray();
        writer.WriteNumber("total"u8, 0);
        writer.WriteNumber("limit"u8, 0);
        writer.WriteNumber("offset"u8, 0);
        writer.WriteNull("errors"u8);
        writer.WriteEndObject();
    }

    /// <summary>Writes one trace: <c>{"traceID":…,"spans":[…],"processes":{…},"warnings":null}</c>.</summary>
    /// <param name="writer">Receives the JSON.</param>
    /// <param name="traceId">The trace.</param>
    /// <param name="spans">Its spans.</param>
    /// <param name="exact">Whether to add exact times where whole microseconds lose precision, see <see cref="ExactTimes"/>.</param>
    public static void WriteTrace(Utf8JsonWriter writer, TraceId traceId, IEnumerable<Span> spans, bool exact = false)
    {
        var processes = new Dictionary<Resource, string>();
        Resource? lastResource = null;
        var processId = "";
        writer.WriteStartObject();
        writer.WriteString("traceID"u8, Text(traceId));
        writer.WriteStartArray("spans"u8);
        foreach (var span in spans)
        {
            if (!ReferenceEquals(span.Resource, lastResource))
            {
                lastResource = span.Resource;
                if (!processes.TryGetValue(span.Resource, out processId!))
                {
                    processId = $"p{processes.Count + 1}";
                    processes.Add(span.Resource, processId);
                }
            }

            WriteSpan(writer, JaegerSpanWriter.WriteSpan(span), processId, exact ? span : null);
        }

        writer.WriteEndArray();
        writer.WriteStartObject("processes"u8);
        foreach (var (resource, id) in processes.OrderBy(pair => pair.Value.Length).ThenBy(pair => pair.Value, StringComparer.Ordinal))
        {
            var process = JaegerSpanWriter.WriteProcess(resource);
            writer.WriteStartObject(id);
            writer.WriteString("serviceName"u8, process.ServiceName);
            WriteTags(writer, "tags"u8, process.Tags);
            writer.WriteEndObject();
        }

        writer.WriteEndObject();
        writer.WriteNull("warnings"u8);
        writer.WriteEndObject();
    }

    // A 64-bit trace id has 16 digits, as Jaeger writes it.
    private static string Text(TraceId id) => id.High == 0 ? id.Low.ToString("x16", CultureInfo.InvariantCulture) : id.ToString();

    private static void WriteSpan(Utf8JsonWriter writer, Proto.Span span, string processId, Span? exact)
    {
        writer.WriteStartObject();
        writer.WriteString("traceID"u8, Text(TraceId.FromBytes(span.TraceId.Span)));
        writer.WriteString("spanID"u8, SpanId.FromBytes(span.SpanId.Span).ToString());
        if (span.Flags != 0)
        {
            writer.WriteNumber("flags"u8, span.Flags);
        }

        writer.WriteString("operationName"u8, span.OperationName);
        writer.WriteStartArray("references"u8);
        foreach (var reference in span.References)
        {
            writer.WriteStartObject();
            writer.WriteString("refType"u8, reference.RefType == Proto.SpanRefType.ChildOf ? "CHILD_OF"u8 : "FOLLOWS_FROM"u8);
            writer.WriteString("traceID"u8, Text(TraceId.FromBytes(reference.TraceId.Span)));
            writer.WriteString("spanID"u8, SpanId.FromBytes(reference.SpanId.Span).ToString());
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
        writer.WriteNumber("startTime"u8, Micros(span.StartTime));
        writer.WriteNumber("duration"u8, (span.Duration.Seconds * 1_000_000) + (span.Duration.Nanos / 1000));
        if (exact is not null)
        {
            ExactTimes.Write(writer, exact);
        }

        WriteTags(writer, "tags"u8, span.Tags);
        writer.WriteStartArray("logs"u8);
        foreach (var log in span.Logs)
        {
            writer.WriteStartObject();
            writer.WriteNumber("timestamp"u8, Micros(log.Timestamp));
            if (exact is not null)
            {
                ExactTimes.Write(writer, log.Timestamp);
            }

            WriteTags(writer, "fields"u8, log.Fields);
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
        writer.WriteString("processID"u8, processId);
        if (span.Warnings.Count == 0)
        {
            writer.WriteNull("warnings"u8);
        }
        else
        {
            writer.WriteStartArray("warnings"u8);
            foreach (var warning in span.Warnings)
            {
                writer.WriteStringValue(warning);
            }

            writer.WriteEndArray();
        }

        writer.WriteEndObject();
    }

    private static long Micros(Timestamp time) => (time.Seconds * 1_000_000) + (time.Nanos / 1000);

    private static void WriteTags(Utf8JsonWriter writer, ReadOnlySpan<byte> name, RepeatedField<Proto.KeyValue> tags)
    {
        writer.WriteStartArray(name);
        foreach (var tag in tags)
        {
            writer.WriteStartObject();
            writer.WriteString("key"u8, tag.Key);
            switch (tag.VType)
            {
                case Proto.ValueType.Bool:
                    writer.WriteString("type"u8, "bool"u8);
                    writer.WriteBoolean("value"u8, tag.VBool);
                    break;
                case Proto.ValueType.Int64:
                    writer.WriteString("type"u8, "int64"u8);
                    WriteInteger(writer, tag.VInt64);
                    break;
                case Proto.ValueType.Float64:
                    writer.WriteString("type"u8, "float64"u8);
                    WriteReal(writer, tag.VFloat64);
                    break;
                case Proto.ValueType.Binary:
                    writer.WriteString("type"u8, "binary"u8);
                    writer.WriteBase64String("value"u8, tag.VBinary.Span);
                    break;
                default:
                    writer.WriteString("type"u8, "string"u8);
                    writer.WriteString("value"u8, tag.VStr);
                    break;
            }

            writer.WriteEndObject();
        }

        writer.WriteEndArray();
    }

    private static void WriteInteger(Utf8JsonWriter writer, long value)
    {
        if (value is > LargestExactInteger or < -LargestExactInteger)
        {
            writer.WriteString("value"u8, value.ToString(CultureInfo.InvariantCulture));
        }
        else
        {
            writer.WriteNumber("value"u8, value);
        }
    }

    private static void WriteReal(Utf8JsonWriter writer, double value)
    {
        if (double.IsFinite(value))
        {
            writer.WriteNumber("value"u8, value);
        }
        else
        {
            // JSON cannot express NaN and infinity as numbers.
            writer.WriteString(
                "value"u8,
                double.IsNaN(value) ? "NaN"
                    : value > 0 ? "Infinity"
                    : "-Infinity"
            );
        }
    }
}
