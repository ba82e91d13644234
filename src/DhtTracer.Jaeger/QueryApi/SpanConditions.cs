using DhtTracer.Traces.Jaeger;
using DhtTracer.Traces.Model;
using Model = DhtTracer.Traces.Jaeger.Proto;

namespace DhtTracer.Jaeger.QueryApi;

/// <summary>
/// What a search asks of a span. As in Jaeger, one span must fulfil all of it, both ends of a range count, and the whole trace of such a
/// span is the answer.
/// </summary>
internal sealed record SpanConditions
{
    /// <summary><c>service.name</c>; null for any.</summary>
    public string? Service { get; init; }

    /// <summary>Span name; null for any.</summary>
    public string? Operation { get; init; }

    /// <summary>Earliest start, in nanoseconds since 1970-01-01 UTC.</summary>
    public ulong? From { get; init; }

    /// <summary>Latest start.</summary>
    public ulong? To { get; init; }

    /// <summary>Shortest duration, in nanoseconds.</summary>
    public long? MinDuration { get; init; }

    /// <summary>Longest duration, in nanoseconds.</summary>
    public long? MaxDuration { get; init; }

    /// <summary>Tags as Jaeger would show them: of the span, of its process, or a field of one of its logs.</summary>
    public IReadOnlyDictionary<string, string> Tags { get; init; } = new Dictionary<string, string>();

    /// <summary>Whether a span fulfils everything.</summary>
    public bool Matches(Span span)
    {
        var duration = span.EndUnixNano > span.StartUnixNano ? (long)Math.Min(span.EndUnixNano - span.StartUnixNano, long.MaxValue) : 0;
        return (Service is null || Service == (span.Resource.ServiceName ?? ""))
            && (Operation is null || Operation == span.Name)
            && !(span.StartUnixNano < From)
            && !(span.StartUnixNano > To)
            && !(duration < MinDuration)
            && !(duration > MaxDuration)
            && (Tags.Count == 0 || MatchesTags(span));
    }

    private static string Text(Model.KeyValue tag) =>
        tag.VType switch
        {
            Model.ValueType.Bool => tag.VBool ? "true" : "false",
            Model.ValueType.Int64 => tag.VInt64.ToString(System.Globalization.CultureInfo.InvariantCulture),
            Model.ValueType.Float64 => tag.VFloat64.ToString("R", System.Globalization.CultureInfo.InvariantCulture),
            Model.ValueType.Binary => Convert.ToHexStringLower(tag.VBinary.Span),
            _ => tag.VStr,
        };

    private bool MatchesTags(Span span)
    {
        // In Jaeger's terms, so that "error=true" and "span.kind=client" mean what they mean there.
        var jaeger = JaegerModel.Encode(span);
        var tags = jaeger.Tags.Concat(jaeger.Process.Tags).Concat(jaeger.Logs.SelectMany(log => log.Fields)).ToList();
        return Tags.All(wanted => tags.Exists(tag => tag.Key == wanted.Key && Text(tag) == wanted.Value));
    }
}
