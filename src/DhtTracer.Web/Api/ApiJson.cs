using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using DhtTracer.Analysis.Json;
using DhtTracer.Analysis.Model;
using DhtTracer.Traces.Model;

namespace DhtTracer.Web.Api;

/// <summary>How the API writes statistics. Queries themselves are written by <see cref="QueryJson"/>, one contract for all.</summary>
internal static class ApiJson
{
    /// <summary>Camel case names, permalinks as text, 64-bit times as decimal strings, unknown as null.</summary>
    public static JsonSerializerOptions Options { get; } = Create();

    /// <summary>Gives options the same names and converters, for the schemas of the OpenAPI document.</summary>
    public static void Configure(JsonSerializerOptions options)
    {
        options.Encoder = JavaScriptEncoder.Default;
        options.NumberHandling = JsonNumberHandling.Strict;
        options.Converters.Add(new QueryIdConverter());
        options.Converters.Add(new SpanIdConverter());
        options.Converters.Add(new UnixNanoConverter());
    }

    private static JsonSerializerOptions Create()
    {
        var options = new JsonSerializerOptions(JsonSerializerDefaults.Web);
        Configure(options);
        options.MakeReadOnly(populateMissingResolver: true);
        return options;
    }

    private sealed class QueryIdConverter : JsonConverter<QueryId>
    {
        public override QueryId Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
            QueryId.TryParse(reader.GetString(), out var id) ? id : throw new JsonException("not a permalink of the form traceId-spanId");

        public override void Write(Utf8JsonWriter writer, QueryId value, JsonSerializerOptions options) =>
            writer.WriteStringValue(value.ToString());
    }

    private sealed class SpanIdConverter : JsonConverter<SpanId>
    {
        public override SpanId Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
            SpanId.TryParse(reader.GetString(), out var id) ? id : throw new JsonException("not a span id in hex");

        public override void Write(Utf8JsonWriter writer, SpanId value, JsonSerializerOptions options) =>
            writer.WriteStringValue(value.ToString());
    }
}
