using System.Diagnostics;
using System.Diagnostics.CodeAnalysis;
using DhtTracer.Kademlia.Lookups;
using DhtTracer.Kademlia.Network;

namespace DhtTracer.Kademlia.Tracing;

/// <summary>Makes the activities of one query, with the query's times. Does not change the ambient activity of the caller.</summary>
[SuppressMessage(
    "Design",
    "CA1001:Types that own disposable fields should be disposable",
    Justification = "The buffer is disposable only as an enumerator, and holds nothing."
)]
internal sealed class SpanMaker(ActivitySource source)
{
    /// <summary>Attributes of the next span.</summary>
    public TagBuffer Tags { get; } = new();

    /// <summary>Starts a span with the buffered attributes.</summary>
    public Activity? Begin(string name, ActivityContext parent, DateTimeOffset time)
    {
        // The query runs interleaved with its caller, so its spans must not become the ambient activity.
        var ambient = Activity.Current;
        var span = source.StartActivity(name, ActivityKind.Internal, parent, Tags, links: null, time);
        Tags.Clear();
        Activity.Current = ambient;
        return span;
    }

    public static void End(Activity span, DateTimeOffset time)
    {
        var ambient = Activity.Current;
        span.SetEndTime(time.UtcDateTime);
        span.Stop();
        Activity.Current = ambient;
    }

    /// <summary>Makes a complete span with the buffered attributes. It is the ambient activity only inside this method.</summary>
    public void Emit(
        string name,
        ActivityKind kind,
        ActivityContext parent,
        DateTimeOffset start,
        DateTimeOffset end,
        DhtError? error = null,
        IReadOnlyList<LookupPeer>? heard = null
    )
    {
        var span = source.StartActivity(name, kind, parent, Tags, links: null, start);
        Tags.Clear();
        if (span is null)
        {
            return;
        }

        if (error is not null)
        {
            span.SetStatus(ActivityStatusCode.Error, error.Text);
        }

        for (var i = 0; i < heard?.Count; i++)
        {
            span.AddEvent(SpanTags.Event(NativeEvents.Heard, heard[i].HeardAt, heard[i]));
        }

        span.SetEndTime(end.UtcDateTime);
        span.Stop();
    }
}
