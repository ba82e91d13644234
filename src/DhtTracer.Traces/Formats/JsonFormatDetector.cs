using System.Text.Json;

namespace DhtTracer.Traces.Formats;

/// <summary>Recognises JSON formats by their outermost members. The text may be truncated anywhere.</summary>
internal static class JsonFormatDetector
{
    private static readonly JsonReaderOptions Options = new() { AllowMultipleValues = true, MaxDepth = 256 };

    /// <summary>Recognises the format of a text that begins with a brace or a bracket.</summary>
    public static TraceFormat Detect(ReadOnlySpan<byte> text)
    {
        var reader = new Utf8JsonReader(text, isFinalBlock: false, new JsonReaderState(Options));
        try
        {
            return reader.Read() ? DetectValue(ref reader, text) : TraceFormat.Unknown;
        }
        catch (JsonException)
        {
            // This is not JSON. Another detector may recognise it.
            return TraceFormat.Unknown;
        }
    }

    private static TraceFormat DetectValue(ref Utf8JsonReader reader, ReadOnlySpan<byte> text)
    {
        if (reader.TokenType == JsonTokenType.StartArray)
        {
            return reader.Read() && reader.TokenType == JsonTokenType.StartObject ? DetectElement(ref reader) : TraceFormat.Unknown;
        }

        if (LooksLikeKuboEvent(reader))
        {
            return TraceFormat.KuboEventsJsonLines;
        }

        // Some lines of the event log have no "event", so look at the first few objects.
        for (var objects = 0; objects < 100 && reader.TokenType == JsonTokenType.StartObject; objects++)
        {
            var isLogLine = false;
            while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
            {
                // A line of a Rust log also has "spans", but after its "level".
                isLogLine |= reader.ValueTextEquals("level"u8);
                if (!isLogLine && Recognise(ref reader) is not TraceFormat.Unknown and var format)
                {
                    return format switch
                    {
                        TraceFormat.OtlpJson when HasSecondDocument(ref reader, text) => TraceFormat.OtlpJsonLines,
                        TraceFormat.GoStdoutLines when text[1..].TrimStart(" \t\r"u8) is [(byte)'\n', ..] => TraceFormat.GoStdout,
                        _ => format,
                    };
                }

                var isFormat = reader.ValueTextEquals("format"u8);
                if (!reader.Read())
                {
                    return TraceFormat.Unknown;
                }

                if (isFormat && reader.TokenType == JsonTokenType.String && reader.ValueTextEquals("ipfs-request-trace"u8))
                {
                    return TraceFormat.RequestTrace;
                }

                if (!reader.TrySkip())
                {
                    return TraceFormat.Unknown;
                }
            }

            if (!reader.Read())
            {
                break;
            }
        }

        return TraceFormat.Unknown;
    }

    private static TraceFormat Recognise(ref Utf8JsonReader name)
    {
        if (name.ValueTextEquals("resourceSpans"u8) || name.ValueTextEquals("resource_spans"u8))
        {
            return TraceFormat.OtlpJson;
        }

        if (name.ValueTextEquals("result"u8))
        {
            return TraceFormat.JaegerV3Json;
        }

        if (
            name.ValueTextEquals("data"u8)
            || name.ValueTextEquals("traceID"u8)
            || name.ValueTextEquals("spans"u8)
            || name.ValueTextEquals("processes"u8)
        )
        {
            return TraceFormat.JaegerJson;
        }

        if (name.ValueTextEquals("SpanContext"u8))
        {
            return TraceFormat.GoStdoutLines;
        }

        return name.ValueTextEquals("event"u8) || name.ValueTextEquals("QueryRunner"u8)
            ? TraceFormat.EventLogJsonLines
            : TraceFormat.Unknown;
    }

    /// <summary>Whether the first object has a Type and otherwise only members of a Kubo query event or of Kubo's error line.</summary>
    /// <param name="reader">A copy, positioned at the beginning of the object.</param>
    private static bool LooksLikeKuboEvent(Utf8JsonReader reader)
    {
        var hasType = false;
        var others = 0;
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var isType = reader.ValueTextEquals("Type"u8);
            if (
                !isType
                && !reader.ValueTextEquals("ID"u8)
                && !reader.ValueTextEquals("Responses"u8)
                && !reader.ValueTextEquals("Extra"u8)
                && !reader.ValueTextEquals("Message"u8)
                && !reader.ValueTextEquals("Code"u8)
            )
            {
                return false;
            }

            others += isType ? 0 : 1;
            if (!reader.Read())
            {
                return false;
            }

            hasType |= isType && reader.TokenType is JsonTokenType.Number or JsonTokenType.String;
            if (!reader.TrySkip())
            {
                return false;
            }
        }

        return hasType && others > 0 && reader.TokenType == JsonTokenType.EndObject;
    }

    private static bool HasSecondDocument(ref Utf8JsonReader reader, ReadOnlySpan<byte> text)
    {
        while (reader.CurrentDepth > 0)
        {
            if (!reader.Read())
            {
                return false;
            }
        }

        return text[(int)reader.BytesConsumed..].TrimStart(" \t\r\n"u8) is [(byte)'{', ..];
    }

    // Jaeger's traces have "spans"; Zipkin's spans have "traceId" and "id".
    private static TraceFormat DetectElement(ref Utf8JsonReader reader)
    {
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            if (reader.ValueTextEquals("traceID"u8) || reader.ValueTextEquals("spans"u8) || reader.ValueTextEquals("processes"u8))
            {
                return TraceFormat.JaegerJson;
            }

            if (reader.ValueTextEquals("traceId"u8) || reader.ValueTextEquals("localEndpoint"u8))
            {
                return TraceFormat.ZipkinJson;
            }

            if (!reader.Read() || !reader.TrySkip())
            {
                return TraceFormat.Unknown;
            }
        }

        return TraceFormat.Unknown;
    }
}
