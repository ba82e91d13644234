namespace DhtTracer.Jaeger.Pull;

/// <summary>
/// Time that was read but may still get late spans. Each stretch is read again when it is twice as old as at the last time, and for the
/// last time when it has settled: late spans are mostly seconds late, so the first readings come soon and later ones seldom.
/// </summary>
internal sealed class UnsettledTime(TimeSpan settleAfter, TimeSpan firstAfter)
{
    private readonly LinkedList<Stretch> _stretches = new();

    /// <summary>The earliest unsettled nanosecond; null when there is none.</summary>
    public long? From => _stretches.First?.Value.Time.From;

    /// <summary>Adds a stretch, after all others, that was read for the first time at <paramref name="readAt"/>.</summary>
    public void Add(TimeWindow time, DateTimeOffset readAt)
    {
        if (time.Width > 0)
        {
            _stretches.AddLast(new Stretch(time, readAt + firstAfter, firstAfter));
        }
    }

    /// <summary>Forgets all stretches.</summary>
    public void Clear() => _stretches.Clear();

    /// <summary>The stretches to be read again by now, neighbours joined; <see cref="ReadAgain"/> says when each was.</summary>
    public IReadOnlyList<Stretch> TakeDue(DateTimeOffset now)
    {
        var due = new List<Stretch>();
        for (var node = _stretches.First; node is not null; node = node.Next)
        {
            if (node.Value.Due > now)
            {
                continue;
            }

            while (node.Next is { } next && next.Value.Due <= now && next.Value.Time.From == node.Value.Time.To + 1)
            {
                var joined = new TimeWindow(node.Value.Time.From, next.Value.Time.To);
                node.Value = node.Value with
                {
                    Time = joined,
                    Pause = next.Value.Pause < node.Value.Pause ? next.Value.Pause : node.Value.Pause,
                };
                _stretches.Remove(next);
            }

            due.Add(node.Value);
        }

        return due;
    }

    /// <summary>A stretch was read to its end, beginning at <paramref name="readAt"/>: what has settled by then is dropped.</summary>
    public void ReadAgain(Stretch stretch, DateTimeOffset readAt)
    {
        var node = _stretches.Find(stretch) ?? throw new InvalidOperationException($"{stretch.Time} is not among the unsettled stretches");
        var settleLine = TimeWindow.UnixNano(readAt - settleAfter);
        if (stretch.Time.To <= settleLine)
        {
            _stretches.Remove(node);
            return;
        }

        var pause = stretch.Pause * 2;
        var settles = DateTimeOffset.UnixEpoch.AddTicks((stretch.Time.To / TimeSpan.NanosecondsPerTick) + 1) + settleAfter;
        var due = readAt + pause < settles ? Rounded(readAt + pause, pause) : settles;
        node.Value = new Stretch(new TimeWindow(Math.Max(stretch.Time.From, settleLine + 1), stretch.Time.To), due, pause);
    }

    private static DateTimeOffset Rounded(DateTimeOffset time, TimeSpan pause)
    {
        // Neighbours become due together, and are then read with one search.
        var grain = Math.Max(1, pause.Ticks / 2);
        return new DateTimeOffset((time.UtcTicks + grain - 1) / grain * grain, TimeSpan.Zero);
    }

    /// <summary>A stretch, when it is to be read again, and how long after the last reading that is.</summary>
    internal sealed record Stretch(TimeWindow Time, DateTimeOffset Due, TimeSpan Pause);
}
