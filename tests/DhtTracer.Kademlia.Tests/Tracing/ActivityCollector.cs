using System.Collections.Concurrent;
using System.Diagnostics;
using DhtTracer.Kademlia.Queries;
using DhtTracer.Multiformats;

namespace DhtTracer.Kademlia.Tests.Tracing;

/// <summary>Collects the spans of the DHT that are under a given trace.</summary>
internal sealed class ActivityCollector : IDisposable
{
    private readonly ActivityListener _listener;
    private readonly ConcurrentQueue<Activity> _stopped = [];

    public ActivityCollector()
    {
        _listener = new ActivityListener
        {
            ShouldListenTo = source => source.Name == "DhtTracer.Kademlia",
            Sample = (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllDataAndRecorded,
            ActivityStopped = _stopped.Enqueue,
        };
        ActivitySource.AddActivityListener(_listener);
    }

    /// <summary>Other tests run beside this one: only the query asked for.</summary>
    public IReadOnlyList<Activity> Of(QueryResult result) =>
        [.. _stopped.Where(activity => activity.TraceId == result.Span!.Value.TraceId)];

    /// <summary>The queries of a node, in the order in which they ended.</summary>
    public IReadOnlyList<Activity> OfNode(PeerId node) =>
        [.. _stopped.Where(activity => activity.OperationName == "dht.query" && Equals(activity.GetTagItem("dht.node"), node.ToString()))];

    public void Dispose() => _listener.Dispose();
}
