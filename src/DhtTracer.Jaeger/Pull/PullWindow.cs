using DhtTracer.Traces.Model;

namespace DhtTracer.Jaeger.Pull;

/// <summary>Why a window is read.</summary>
internal enum WindowPurpose
{
    /// <summary>It was never read, and follows what was read.</summary>
    New,

    /// <summary>It was never read, and lies before everything that was read.</summary>
    Older,

    /// <summary>It was read, and may have got late spans.</summary>
    Again,

    /// <summary>All time that may still get spans, of which only the newest traces are asked for.</summary>
    Newest,

    /// <summary>The Jaeger could not read it.</summary>
    Gap,
}

/// <summary>A stretch of time to read.</summary>
/// <param name="Time">The time.</param>
/// <param name="Purpose">Why.</param>
internal readonly record struct PullWindow(TimeWindow Time, WindowPurpose Purpose);

/// <summary>A piece of what a window held.</summary>
/// <param name="Traces">Spans by trace; they may be stored already.</param>
/// <param name="Complete">The part of the window that is read to its end with this piece; null while more of it comes.</param>
/// <param name="IsUnread">Whether the Jaeger could not read <paramref name="Complete"/>.</param>
internal readonly record struct WindowPart(
    IReadOnlyDictionary<TraceId, List<Span>> Traces,
    TimeWindow? Complete = null,
    bool IsUnread = false
)
{
    /// <summary>Time that the Jaeger could not read.</summary>
    public static WindowPart Unread(TimeWindow time) => new(new Dictionary<TraceId, List<Span>>(), time, IsUnread: true);
}
