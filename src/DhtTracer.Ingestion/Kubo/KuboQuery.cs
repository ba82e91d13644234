using System.Security.Cryptography;
using DhtTracer.Analysis.Model;
using DhtTracer.Traces.KuboEvents;
using DhtTracer.Traces.Model;

namespace DhtTracer.Ingestion.Kubo;

/// <summary>The end of a command at a Kubo.</summary>
/// <param name="Id">Permalink of its query.</param>
/// <param name="End">How its stream ended.</param>
/// <param name="Error">The final error of the daemon or of the connection; null if there is none. Hostile text.</param>
public sealed record KuboQueryEnd(QueryId Id, KuboStreamEnd End, string? Error);

/// <summary>
/// Runs one command at a Kubo and makes spans of its events as they arrive. The request has a <c>traceparent</c> with the root span, so if
/// the daemon exports its own spans too, they are in the same trace.
/// </summary>
/// <param name="client">The daemon.</param>
/// <param name="command">The command.</param>
/// <param name="identity">The daemon's identity; null if unknown.</param>
/// <param name="time">The clock for the arrival times of events.</param>
public sealed class KuboQuery(KuboRpcClient client, KuboCommand command, KuboIdentity? identity, TimeProvider time)
{
    /// <summary>Interval at which new events are passed on.</summary>
    private static readonly TimeSpan BatchTime = TimeSpan.FromMilliseconds(250);

    /// <summary>Maximum silence of the daemon before the command counts as running. Refusals come at once.</summary>
    private static readonly TimeSpan RefusalTime = TimeSpan.FromSeconds(1);

    private readonly TaskCompletionSource _accepted = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly List<Span> _waiting = [];
    private readonly HashSet<string> _named = new(StringComparer.Ordinal);
    private ulong _start;
    private ulong _latest;
    private long _startTicks;
    private int _events;

    /// <summary>Permalink of the query, known before it starts.</summary>
    public QueryId Id { get; } = new(NewTraceId(), NewSpanId());

    /// <summary>
    /// Completes when the daemon has accepted the command, or has run it silently for a second. Fails with any exception that
    /// <see cref="RunAsync"/> throws before that.
    /// </summary>
    public Task Accepted => _accepted.Task;

    /// <summary>Called for each event with its time since the start, on the reading thread.</summary>
    public Action<KuboEvent, TimeSpan>? OnEvent { get; init; }

    /// <summary>Runs the command to its end.</summary>
    /// <param name="send">Receives spans in the order of the events. Called repeatedly while the command runs.</param>
    /// <param name="cancellation">Stops the command in the daemon. The query then ends as cancelled, and its last spans are still
    /// sent.</param>
    /// <exception cref="KuboException">The daemon did not run the command. Nothing was sent unless <see cref="Accepted"/>
    /// succeeded.</exception>
    public async Task<KuboQueryEnd> RunAsync(Func<IReadOnlyList<Span>, Task> send, CancellationToken cancellation)
    {
        var spans = new KuboEventSpans(Id.TraceId, Id.SpanId, KuboEventSpans.Daemon(identity?.Id, identity?.Version));
        _start = (ulong)(time.GetUtcNow() - DateTimeOffset.UnixEpoch).Ticks * 100;
        _latest = _start;
        _startTicks = time.GetTimestamp();
        try
        {
            var end = await FollowAsync(spans, send, cancellation);
            _waiting.Add(Root(spans, Now(), end, await ConnectedAsync(end, cancellation)));
            await send([.. _waiting]);
            _accepted.TrySetResult();
            return end;
        }
        catch (Exception failure)
        {
            // The caller sees the failure below. Nobody may be waiting for the other task.
            _accepted.TrySetException(failure);
            _ = _accepted.Task.Exception;
            throw;
        }
    }

    private async Task<KuboQueryEnd> FollowAsync(KuboEventSpans spans, Func<IReadOnlyList<Span>, Task> send, CancellationToken cancellation)
    {
        try
        {
            await using var answer = await BeginAsync(spans, send, cancellation);
            var error = await ReadAsync(answer, spans, send, cancellation);
            return new KuboQueryEnd(Id, error is null ? KuboStreamEnd.Complete : KuboStreamEnd.Error, error);
        }
        catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
        {
            return new KuboQueryEnd(Id, KuboStreamEnd.Cancelled, null);
        }
        catch (KuboException broken) when (_accepted.Task.IsCompletedSuccessfully)
        {
            var wasCut = broken.Problem is KuboProblem.Cut or KuboProblem.TooLarge or KuboProblem.Unreachable;
            return new KuboQueryEnd(Id, wasCut ? KuboStreamEnd.Cut : KuboStreamEnd.Error, broken.Message);
        }
    }

    /// <summary>Reads to the end, and passes events on even while the daemon is silent.</summary>
    /// <returns>The daemon's error; null if it sent none.</returns>
    private async Task<string?> ReadAsync(
        KuboAnswer answer,
        KuboEventSpans spans,
        Func<IReadOnlyList<Span>, Task> send,
        CancellationToken cancellation
    )
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        await using var lines = answer.ReadAsync(stop.Token).GetAsyncEnumerator(stop.Token);
        var next = lines.MoveNextAsync().AsTask();
        try
        {
            string? error = null;
            var handed = time.GetTimestamp();
            while (true)
            {
                if (_waiting.Count > 0 && !next.IsCompleted && BatchTime - time.GetElapsedTime(handed) is { Ticks: > 0 } left)
                {
                    await Task.WhenAny(next, Task.Delay(left, time, CancellationToken.None));
                }

                if (_waiting.Count > 0 && time.GetElapsedTime(handed) >= BatchTime)
                {
                    await HandOnAsync(send);
                    handed = time.GetTimestamp();
                }

                if (!next.IsCompleted && _waiting.Count > 0)
                {
                    continue;
                }

                if (!await next)
                {
                    return error;
                }

                error = lines.Current.Error ?? error;
                if (lines.Current.Event is { } happened)
                {
                    Take(spans, happened);
                }

                next = lines.MoveNextAsync().AsTask();
            }
        }
        finally
        {
            // An enumerator must not be disposed while it is moving.
            await stop.CancelAsync();
            await ((Task)next).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    /// <summary>Starts the command, and reports it as running if the daemon is silent.</summary>
    private async Task<KuboAnswer> BeginAsync(KuboEventSpans spans, Func<IReadOnlyList<Span>, Task> send, CancellationToken cancellation)
    {
        var begun = client.BeginAsync(command, Id, cancellation);
        if (await Task.WhenAny(begun, Task.Delay(RefusalTime, time, cancellation)) == begun)
        {
            var answer = await begun;
            _waiting.Add(Root(spans, 0, null));
            _accepted.TrySetResult();
            return answer;
        }

        if (!cancellation.IsCancellationRequested)
        {
            await send([Root(spans, 0, null)]);
            _accepted.TrySetResult();
        }

        return await begun;
    }

    private void Take(KuboEventSpans spans, KuboEvent happened)
    {
        var at = Now();
        _waiting.Add(spans.Event(++_events, at, happened));
        _named.Add(happened.Peer);
        _named.UnionWith(happened.Responses.Select(static response => response.Id));
        OnEvent?.Invoke(happened, TimeSpan.FromTicks((long)((at - _start) / 100)));
    }

    private async Task HandOnAsync(Func<IReadOnlyList<Span>, Task> send)
    {
        await send([.. _waiting]);
        _waiting.Clear();
    }

    /// <summary>Nanoseconds since 1970. Each value is later than the last, so events that arrive together keep their order.</summary>
    private ulong Now() => _latest = Math.Max(_latest + 1, _start + ((ulong)time.GetElapsedTime(_startTicks).Ticks * 100));

    /// <summary>
    /// Agents and round-trip times of the peers named by the command that the daemon is still connected to. These are optional: if the
    /// daemon is gone or too old, they stay unknown and the command's result does not change.
    /// </summary>
    private async Task<IReadOnlyList<KuboPeer>> ConnectedAsync(KuboQueryEnd ended, CancellationToken cancellation)
    {
        if (ended.End is not (KuboStreamEnd.Complete or KuboStreamEnd.Error) || _events == 0)
        {
            return [];
        }

        try
        {
            return
            [
                .. (await client.ConnectedPeersAsync(cancellation))
                    .Where(peer => _named.Contains(peer.Id))
                    .DistinctBy(static peer => peer.Id),
            ];
        }
        catch (Exception unknown) when (unknown is KuboException or OperationCanceledException)
        {
            return [];
        }
    }

    private Span Root(KuboEventSpans spans, ulong end, KuboQueryEnd? ended, IReadOnlyList<KuboPeer>? connected = null)
    {
        var attributes = new List<(string, AttributeValue)>
        {
            (KuboEventNames.Timed, true),
            (KuboEventNames.Command, command.Path),
            (KuboEventNames.Type, Words.Of(command.Type)),
            (KuboEventNames.Key, command.Key),
        };
        if (command.Timeout is { } limit)
        {
            attributes.Add((KuboEventNames.Timeout, limit.Ticks * 100));
        }

        if (ended is not null)
        {
            attributes.Add((KuboEventNames.End, Words.Of(ended.End)));
        }

        if (ended?.Error is { } error)
        {
            attributes.Add((KuboEventNames.Error, error));
        }

        if (connected is { Count: > 0 })
        {
            attributes.Add((KuboEventNames.Connected, Array(connected, static peer => peer.Id)));
            attributes.Add((KuboEventNames.ConnectedAgents, Array(connected, static peer => peer.Agent ?? "")));
            attributes.Add((KuboEventNames.ConnectedLatencies, Array(connected, static peer => peer.LatencyNs ?? 0)));
        }

        return spans.Root(command.Path, _start, end, attributes);
    }

    private static ArrayValue Array(IEnumerable<KuboPeer> peers, Func<KuboPeer, AttributeValue> value) => new([.. peers.Select(value)]);

    private static TraceId NewTraceId() =>
        TraceId.FromBytes(RandomNumberGenerator.GetBytes(16)) is { IsZero: false } id ? id : new TraceId(0, 1);

    private static SpanId NewSpanId() => SpanId.FromBytes(RandomNumberGenerator.GetBytes(8)) is { IsZero: false } id ? id : new SpanId(1);
}
