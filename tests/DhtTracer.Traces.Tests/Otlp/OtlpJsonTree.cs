using System.Globalization;
using System.Text.Json.Nodes;

namespace DhtTracer.Traces.Tests.Otlp;

/// <summary>
/// Brings an OTLP JSON document to one form, knowing nothing of the span model: members sorted, proto3 defaults dropped, integers as text,
/// ids in lower case. Two documents that mean the same are then the same text.
/// </summary>
internal static class OtlpJsonTree
{
    private static readonly string[] Integers =
    [
        "intValue",
        "startTimeUnixNano",
        "endTimeUnixNano",
        "timeUnixNano",
        "kind",
        "code",
        "flags",
        "droppedAttributesCount",
        "droppedEventsCount",
        "droppedLinksCount",
    ];

    private static readonly string[] Ids = ["traceId", "spanId", "parentSpanId"];

    public static string Normalise(ReadOnlySpan<byte> json) => Normalise(JsonNode.Parse(json)!, "").ToJsonString();

    private static JsonNode Normalise(JsonNode node, string name)
    {
        switch (node)
        {
            case JsonArray array:
                return new JsonArray([.. array.Select(element => Normalise(element!, ""))]);
            case JsonObject item:
                // The value inside an AnyValue is there even when it is empty: {"stringValue":""}.
                var isAnyValue = item.Count == 1 && item.First().Key.EndsWith("Value", StringComparison.Ordinal);
                var sorted = item.Where(member => member.Value is not null)
                    .Select(member => (member.Key, Value: Normalise(member.Value!, member.Key)))
                    .Where(member => isAnyValue || !IsDefault(member.Key, member.Value))
                    .OrderBy(member => member.Key, StringComparer.Ordinal);
                return new JsonObject(sorted.Select(member => KeyValuePair.Create(member.Key, (JsonNode?)member.Value)));
            default:
                return Integers.Contains(name) ? JsonValue.Create(node.ToString())
                    : Ids.Contains(name) ? JsonValue.Create(node.ToString().ToLower(CultureInfo.InvariantCulture))
                    : node.DeepClone();
        }
    }

    // A "status" or a "scope" without members stands for more than none: "status":{} is a status.
    private static bool IsDefault(string name, JsonNode value) =>
        value switch
        {
            JsonArray array => array.Count == 0,
            JsonObject item => item.Count == 0 && name is "scope" or "resource",
            _ => value.ToString() is "" or "0" or "0000000000000000",
        };
}
