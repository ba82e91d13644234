using DhtTracer.Storage.Pulling;
using DhtTracer.Traces.Model;

namespace DhtTracer.Jaeger.Pull;

/// <summary>Stores what is new of the traces that were read, and the checkpoint with it.</summary>
internal sealed class PullInbox(string service, PullCheckpoint? checkpoint, PullSession session, PullRetry retry, PullMeter meter)
{
    private static readonly TimeSpan IdleCheckpoint = TimeSpan.FromSeconds(30);
    private long _traces = checkpoint?.Traces ?? 0;
    private long _spans = checkpoint?.Spans ?? 0;
    private DateTimeOffset _saved = session.Clock.GetUtcNow();

    /// <summary>Stores a part of a window. When it returns, the spans are committed.</summary>
    /// <param name="part">The part.</param>
    /// <param name="state">How far reading has come with it.</param>
    /// <param name="cancellationToken">Stops; a write that has begun is finished.</param>
    public async Task StoreAsync(WindowPart part, PullState state, CancellationToken cancellationToken)
    {
        // A trace of two services comes to both of their pullers, often at once. The second must find what the first has committed, or the
        // trace would be stored and counted twice.
        await session.Storing.WaitAsync(cancellationToken);
        try
        {
            await StoreNewAsync(part, state, cancellationToken);
        }
        finally
        {
            session.Storing.Release();
        }
    }

    /// <summary>Stores the checkpoint.</summary>
    public async Task SaveAsync(PullState state, CancellationToken cancellationToken)
    {
        await AcceptAsync([], state, cancellationToken);
        _saved = session.Clock.GetUtcNow();
    }

    private async Task StoreNewAsync(WindowPart part, PullState state, CancellationToken cancellationToken)
    {
        var stored = new List<(TraceId Trace, List<Span> Spans)>();
        var (newTraces, newSpans, duplicates) = (0, 0, 0);
        foreach (var (trace, spans) in part.Traces)
        {
            var (fresh, isNew) = await session.Taken.NewAsync(trace, spans, cancellationToken);
            duplicates += spans.Count - fresh.Count;
            if (fresh.Count > 0)
            {
                newTraces += isNew ? 1 : 0;
                newSpans += fresh.Count;
                stored.Add((trace, fresh));
            }
        }

        _traces += newTraces;
        _spans += newSpans;
        if (stored.Count > 0)
        {
            await AcceptAsync(stored.SelectMany(item => item.Spans), part.Complete is null ? null : state, cancellationToken);
        }
        else if (part.IsUnread || (part.Complete is not null && session.Clock.GetUtcNow() - _saved >= IdleCheckpoint))
        {
            // Without new spans the checkpoint only saves reading again after a crash: now and then is enough.
            await SaveAsync(state, cancellationToken);
        }

        foreach (var (trace, spans) in stored)
        {
            session.Taken.Add(trace, spans);
        }

        foreach (var (trace, spans) in part.Traces)
        {
            session.Taken.Came(trace, spans.Count);
        }

        meter.Stored(newTraces, newSpans, duplicates);
    }

    private async Task AcceptAsync(IEnumerable<Span> spans, PullState? state, CancellationToken cancellationToken) =>
        await retry.RunAsync(
            async token => await session.Sink.AcceptAsync(spans, "jaeger-pull", state is null ? null : Checkpoint(state), token),
            null,
            cancellationToken
        );

    private PullCheckpoint Checkpoint(PullState state) =>
        new()
        {
            Source = session.Source,
            Service = service,
            CompleteUntilUnixNano = state.RereadUntil,
            UpdatedUnixNano = TimeWindow.UnixNano(session.Clock.GetUtcNow()),
            Traces = _traces,
            Spans = _spans,
            State = state.ToString(),
        };
}
