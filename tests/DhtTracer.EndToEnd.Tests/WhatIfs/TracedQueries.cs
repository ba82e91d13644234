using System.Collections.Concurrent;
using System.Diagnostics;
using DhtTracer.Analysis;
using DhtTracer.Analysis.Model;
using DhtTracer.Traces.Model;

namespace DhtTracer.EndToEnd.Tests.WhatIfs;

/// <summary>Listens to the node's spans in this process and gives them to the analysis as a receiver would.</summary>
internal sealed class TracedQueries : IDisposable
{
    private readonly ConcurrentQueue<Activity> _stopped = [];
    private readonly ActivityListener _listener;

    public TracedQueries()
    {
        _listener = new ActivityListener
        {
            ShouldListenTo = static source => source.Name == "DhtTracer.Kademlia",
            Sample = static (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllDataAndRecorded,
            ActivityStopped = _stopped.Enqueue,
        };
        ActivitySource.AddActivityListener(_listener);
    }

    /// <summary>Waits until the root and all its children have stopped, and reconstructs.</summary>
    public async Task<Query> OfAsync(ActivityTraceId trace, CancellationToken cancellationToken)
    {
        for (var tries = 0; tries < 500; tries++)
        {
            var spans = _stopped.Where(activity => activity.TraceId == trace).Select(Convert).ToList();
            if (spans.Exists(static span => span.Name == "dht.query"))
            {
                return TraceReconstruction.Reconstruct(spans).Queries.Single();
            }

            await Task.Delay(10, cancellationToken);
        }

        throw new TimeoutException($"the query span of trace {trace} did not stop within 5 s");
    }

    public void Dispose() => _listener.Dispose();

    private static Span Convert(Activity activity) =>
        new()
        {
            TraceId = TraceId.TryParse(activity.TraceId.ToHexString(), out var trace)
                ? trace
                : throw new InvalidOperationException("no trace id"),
            SpanId = Id(activity.SpanId.ToHexString()),
            ParentSpanId = Id(activity.ParentSpanId.ToHexString()),
            Name = activity.DisplayName,
            Kind = activity.Kind == ActivityKind.Client ? SpanKind.Client : SpanKind.Internal,
            StartUnixNano = Nanoseconds(activity.StartTimeUtc),
            EndUnixNano = Nanoseconds(activity.StartTimeUtc + activity.Duration),
            Attributes = Attributes(activity.TagObjects),
            Events =
            [
                .. activity.Events.Select(static e => new SpanEvent
                {
                    Name = e.Name,
                    TimeUnixNano = Nanoseconds(e.Timestamp.UtcDateTime),
                    Attributes = Attributes(e.Tags),
                }),
            ],
            Status =
                activity.Status == ActivityStatusCode.Error ? new SpanStatus(StatusCode.Error, activity.StatusDescription ?? "") : null,
            Resource = Resource.Empty,
            Scope = new InstrumentationScope { Name = activity.Source.Name },
        };

    private static SpanId Id(string hex) => SpanId.TryParse(hex, out var id) ? id : default;

    private static ulong Nanoseconds(DateTime utc) => (ulong)(utc - DateTime.UnixEpoch).Ticks * 100;

    private static AttributeList Attributes(IEnumerable<KeyValuePair<string, object?>> tags) =>
        AttributeList.Of(tags.Where(static tag => tag.Value is not null).Select(static tag => (tag.Key, Value(tag.Value!))));

    private static AttributeValue Value(object value) =>
        value switch
        {
            string text => text,
            bool flag => flag,
            int number => (long)number,
            long number => number,
            double number => number,
            IEnumerable<string> texts => new ArrayValue([.. texts.Select(static text => (AttributeValue)text)]),
            _ => throw new NotSupportedException($"attribute of type {value.GetType()}"),
        };
}
