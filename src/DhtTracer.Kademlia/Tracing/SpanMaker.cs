using System.Diagnostics;
using System.Diagnostics.CodeAnalysis;

namespace DhtTracer.Kademlia;

/// <summary>Makes the activities of one query, with the query's times, and leaves the ambient activity of whoever runs the query
/// alone.</summary>
[SuppressMessage(
    "Design",
    "CA1001:Types that own disposable fields should be disposable",
    Justification = "The buffer is disposable only as an enumerator, and holds nothing."
)]
internal sealed class SpanMaker(ActivitySource source)
{
    /// <summary>Attributes of the span that is made next.</summary>
    public TagBuffer Tags { get; } = new();

    /// <summary>Makes a span that lasts, with the attributes of the buffer.</summary>
    public Activity? Begin(string name, ActivityContext parent, DateTimeOffset time)
    {
        // The query runs interleaved with its caller: the spans are its own affair and must not become the ambient one.
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

    /// <summary>Makes a whole span, with the attributes of the buffer. It is the ambient one only in here.</summary>
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
