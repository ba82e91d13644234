using System.Text.Json;
using DhtTracer.Traces.Model;

namespace DhtTracer.Traces.Tests.Jaeger;

/// <summary>What <c>docs/jaeger-mapping.md</c> says a span keeps on its way through Jaeger's model, checked field by field.</summary>
internal static class JaegerComparison
{
    public static void AssertSurvived(Span before, Span after)
    {
        Assert.Equal((before.TraceId, before.SpanId, before.ParentSpanId), (after.TraceId, after.SpanId, after.ParentSpanId));
        Assert.Equal(
            (before.Name, before.Kind, before.Flags & 0xFF, before.TraceState),
            (after.Name, after.Kind, after.Flags, after.TraceState)
        );
        Assert.Equal(before.StartUnixNano, after.StartUnixNano);
        Assert.Equal(before.EndUnixNano == 0 ? before.StartUnixNano : before.EndUnixNano, after.EndUnixNano);
        Assert.Equal(before.Status is { Code: StatusCode.Unset, Message: "" } ? null : before.Status, after.Status);
        Assert.Equal(
            (before.DroppedAttributesCount, before.DroppedEventsCount, before.DroppedLinksCount),
            (after.DroppedAttributesCount, after.DroppedEventsCount, after.DroppedLinksCount)
        );
        AssertSame(before.Attributes, after.Attributes);
        Assert.Equal(before.Events.Length, after.Events.Length);
        foreach (var (one, other) in before.Events.Zip(after.Events))
        {
            Assert.Equal(
                (one.TimeUnixNano, one.Name, one.DroppedAttributesCount),
                (other.TimeUnixNano, other.Name, other.DroppedAttributesCount)
            );
            AssertSame(one.Attributes, other.Attributes);
        }

        Assert.Equal(before.Links.Select(link => (link.TraceId, link.SpanId)), after.Links.Select(link => (link.TraceId, link.SpanId)));
        Assert.Equal((before.Scope.Name, before.Scope.Version), (after.Scope.Name, after.Scope.Version));
        Assert.Equal(before.Resource.ServiceName ?? "", after.Resource.ServiceName ?? "");
        AssertSame(WithoutServiceName(before.Resource), WithoutServiceName(after.Resource));
    }

    /// <summary>Whether a text is the JSON of a value: read with the framework's parser, not compared with text of our own.</summary>
    public static bool IsJsonOf(JsonElement json, AttributeValue value) =>
        value switch
        {
            StringValue text => json.ValueKind == JsonValueKind.String && json.GetString() == text.Value,
            BoolValue boolean => json.ValueKind == (boolean.Value ? JsonValueKind.True : JsonValueKind.False),
            IntValue integer => json.ValueKind == JsonValueKind.Number && json.GetInt64() == integer.Value,
            DoubleValue real => double.IsFinite(real.Value)
                ? json.ValueKind == JsonValueKind.Number && json.GetDouble().Equals(real.Value)
                : json.GetString() == real.Value.ToString(System.Globalization.CultureInfo.InvariantCulture),
            BytesValue bytes => json.GetBytesFromBase64().AsSpan().SequenceEqual(bytes.Value.AsSpan()),
            ArrayValue array => json.ValueKind == JsonValueKind.Array
                && json.GetArrayLength() == array.Values.Length
                && json.EnumerateArray().Zip(array.Values).All(pair => IsJsonOf(pair.First, pair.Second)),
            KeyValueListValue list => json.ValueKind == JsonValueKind.Object
                && json.EnumerateObject().Count() == list.Values.Count
                && json.EnumerateObject()
                    .Zip(list.Values)
                    .All(pair => pair.First.Name == pair.Second.Key && IsJsonOf(pair.First.Value, pair.Second.Value)),
            _ => json.ValueKind == JsonValueKind.Null,
        };

    private static void AssertSame(AttributeList before, AttributeList after)
    {
        Assert.Equal(before.Select(pair => pair.Key), after.Select(pair => pair.Key));
        foreach (var (one, other) in before.Zip(after))
        {
            switch (one.Value)
            {
                case ArrayValue or KeyValueListValue:
                    using (var json = JsonDocument.Parse(other.Value.AsString()!))
                    {
                        Assert.True(IsJsonOf(json.RootElement, one.Value), $"{other.Value} is not the JSON of {one.Value}");
                    }

                    break;
                case EmptyValue:
                    Assert.Equal(new StringValue(""), other.Value);
                    break;
                default:
                    Assert.Equal(one.Value, other.Value);
                    break;
            }
        }
    }

    private static AttributeList WithoutServiceName(Resource resource)
    {
        var at = resource.Attributes.ToList().FindIndex(pair => pair.Key == "service.name" && pair.Value is StringValue);
        return at < 0 ? resource.Attributes : new AttributeList([.. resource.Attributes.Where((_, index) => index != at)]);
    }
}
