using System.Collections.Immutable;
using DhtTracer.Traces.Model;

namespace DhtTracer.Analysis.Reconstruction;

/// <summary>A total order of spans by their whole content. The order has no meaning, but it never changes.</summary>
internal static class SpanContentComparer
{
    public static int Compare(Span left, Span right)
    {
        var order = left.EndUnixNano.CompareTo(right.EndUnixNano);
        order = order != 0 ? order : left.StartUnixNano.CompareTo(right.StartUnixNano);
        order = order != 0 ? order : left.ParentSpanId.CompareTo(right.ParentSpanId);
        order = order != 0 ? order : string.CompareOrdinal(left.Name, right.Name);
        order = order != 0 ? order : left.Kind.CompareTo(right.Kind);
        order = order != 0 ? order : Compare(left.Attributes, right.Attributes);
        order = order != 0 ? order : Compare(left.Events, right.Events, Compare);
        order = order != 0 ? order : Compare(left.Links, right.Links, Compare);
        order = order != 0 ? order : Compare(left.Status, right.Status);
        order = order != 0 ? order : string.CompareOrdinal(left.TraceState, right.TraceState);
        order = order != 0 ? order : left.Flags.CompareTo(right.Flags);
        order = order != 0 ? order : left.DroppedAttributesCount.CompareTo(right.DroppedAttributesCount);
        order = order != 0 ? order : left.DroppedEventsCount.CompareTo(right.DroppedEventsCount);
        order = order != 0 ? order : left.DroppedLinksCount.CompareTo(right.DroppedLinksCount);
        order = order != 0 ? order : Compare(left.Resource, right.Resource);
        return order != 0 ? order : Compare(left.Scope, right.Scope);
    }

    private static int Compare(AttributeList left, AttributeList right)
    {
        if (ReferenceEquals(left, right))
        {
            return 0;
        }

        for (var i = 0; i < left.Count && i < right.Count; i++)
        {
            var order = string.CompareOrdinal(left[i].Key, right[i].Key);
            order = order != 0 ? order : Compare(left[i].Value, right[i].Value);
            if (order != 0)
            {
                return order;
            }
        }

        return left.Count.CompareTo(right.Count);
    }

    private static int Compare(AttributeValue left, AttributeValue right) =>
        (left, right) switch
        {
            (StringValue a, StringValue b) => string.CompareOrdinal(a.Value, b.Value),
            (IntValue a, IntValue b) => a.Value.CompareTo(b.Value),
            (BoolValue a, BoolValue b) => a.Value.CompareTo(b.Value),
            (DoubleValue a, DoubleValue b) => BitConverter.DoubleToInt64Bits(a.Value).CompareTo(BitConverter.DoubleToInt64Bits(b.Value)),
            (BytesValue a, BytesValue b) => a.Value.AsSpan().SequenceCompareTo(b.Value.AsSpan()),
            (ArrayValue a, ArrayValue b) => Compare(a.Values, b.Values, Compare),
            (KeyValueListValue a, KeyValueListValue b) => Compare(a.Values, b.Values),
            _ => Rank(left).CompareTo(Rank(right)),
        };

    private static int Rank(AttributeValue value) =>
        value switch
        {
            StringValue => 1,
            IntValue => 2,
            BoolValue => 3,
            DoubleValue => 4,
            BytesValue => 5,
            ArrayValue => 6,
            KeyValueListValue => 7,
            _ => 0,
        };

    private static int Compare<T>(ImmutableArray<T> left, ImmutableArray<T> right, Comparison<T> compare)
    {
        for (var i = 0; i < left.Length && i < right.Length; i++)
        {
            var order = compare(left[i], right[i]);
            if (order != 0)
            {
                return order;
            }
        }

        return left.Length.CompareTo(right.Length);
    }

    private static int Compare(SpanEvent left, SpanEvent right)
    {
        var order = left.TimeUnixNano.CompareTo(right.TimeUnixNano);
        order = order != 0 ? order : string.CompareOrdinal(left.Name, right.Name);
        order = order != 0 ? order : Compare(left.Attributes, right.Attributes);
        return order != 0 ? order : left.DroppedAttributesCount.CompareTo(right.DroppedAttributesCount);
    }

    private static int Compare(SpanLink left, SpanLink right)
    {
        var order = left.TraceId.CompareTo(right.TraceId);
        order = order != 0 ? order : left.SpanId.CompareTo(right.SpanId);
        order = order != 0 ? order : string.CompareOrdinal(left.TraceState, right.TraceState);
        order = order != 0 ? order : Compare(left.Attributes, right.Attributes);
        order = order != 0 ? order : left.DroppedAttributesCount.CompareTo(right.DroppedAttributesCount);
        return order != 0 ? order : left.Flags.CompareTo(right.Flags);
    }

    private static int Compare(SpanStatus? left, SpanStatus? right)
    {
        if (left is null || right is null)
        {
            return (left is not null).CompareTo(right is not null);
        }

        var order = left.Code.CompareTo(right.Code);
        return order != 0 ? order : string.CompareOrdinal(left.Message, right.Message);
    }

    private static int Compare(Resource left, Resource right)
    {
        var order = Compare(left.Attributes, right.Attributes);
        order = order != 0 ? order : left.DroppedAttributesCount.CompareTo(right.DroppedAttributesCount);
        return order != 0 ? order : string.CompareOrdinal(left.SchemaUrl, right.SchemaUrl);
    }

    private static int Compare(InstrumentationScope left, InstrumentationScope right)
    {
        var order = string.CompareOrdinal(left.Name, right.Name);
        order = order != 0 ? order : string.CompareOrdinal(left.Version, right.Version);
        order = order != 0 ? order : Compare(left.Attributes, right.Attributes);
        order = order != 0 ? order : left.DroppedAttributesCount.CompareTo(right.DroppedAttributesCount);
        return order != 0 ? order : string.CompareOrdinal(left.SchemaUrl, right.SchemaUrl);
    }
}
