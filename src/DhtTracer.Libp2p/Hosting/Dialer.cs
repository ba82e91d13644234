using System.Collections.Concurrent;
using System.Net.Sockets;
using DhtTracer.Multiformats;

namespace DhtTracer.Libp2p.Hosting;

/// <summary>
/// Dials peers. It resolves their addresses and tries them, staggered, until one answers. Dials to the same peer share one attempt. A peer
/// that could not be dialed is not dialed again for a while. Over 300 lines, because sharing, trying and waiting work on one state.
/// </summary>
internal sealed class Dialer(Libp2pHost host, AddressResolver resolver) : IDisposable
{
    /// <summary>Maximum number of addresses of one peer tried at the same time.</summary>
    private const int MaxParallel = 4;

    private readonly Lock _gate = new();
    private readonly Dictionary<PeerId, PendingDial> _pending = [];
    private readonly ConcurrentDictionary<PeerId, Backoff> _backoff = new();
    private readonly CancellationTokenSource _stopped = new();

    private Libp2pHostOptions Options => host.Options;

    /// <summary>Dials a peer, or joins a dial to it that is under way.</summary>
    public async Task<DialResult> DialAsync(
        PeerId peer,
        IReadOnlyList<Multiaddr> addresses,
        DialOptions options,
        CancellationToken cancellationToken
    )
    {
        cancellationToken.ThrowIfCancellationRequested();
        if (!options.IgnoreBackoff && _backoff.TryGetValue(peer, out var backoff) && Options.Time.GetTimestamp() < backoff.Until)
        {
            throw new DialException(
                DialError.Backoff,
                $"{peer} could not be dialed a moment ago: {backoff.Error.Message}",
                [.. backoff.Error.Attempts.Select(attempt => attempt with { Tried = false, Duration = TimeSpan.Zero })]
            );
        }

        var timeout = options.Timeout ?? Options.DialTimeout;
        var start = Options.Time.GetTimestamp();
        var (pending, joined) = Join(peer, addresses, options, timeout);
        try
        {
            return await pending.Task.WaitAsync(timeout, Options.Time, cancellationToken);
        }
        catch (TimeoutException e)
        {
            throw new DialException(DialError.Timeout, $"{peer} did not answer within {timeout.TotalSeconds:0.###} s.", inner: e);
        }
        catch (OperationCanceledException e) when (!cancellationToken.IsCancellationRequested)
        {
            throw new DialException(DialError.Other, "The host is shutting down.", inner: e);
        }
        catch (DialException e)
            when (joined
                && timeout - Options.Time.GetElapsedTime(start) is var left
                && left > TimeSpan.Zero
                && addresses.Any(address => !e.Attempts.Any(attempt => attempt.Address.Equals(address.WithoutPeerId())))
            )
        {
            // The other dial did not have our addresses.
            return await DialAsync(peer, addresses, options with { IgnoreBackoff = true, Timeout = left }, cancellationToken);
        }
        finally
        {
            Leave(pending);
        }
    }

    /// <summary>Dials an address whose peer is unknown.</summary>
    public async Task<DialResult> DialAnyAsync(Multiaddr address, DialOptions options, CancellationToken cancellationToken)
    {
        var timeout = options.Timeout ?? Options.DialTimeout;
        using var timer = new CancellationTokenSource(timeout, Options.Time);
        using var linked = CancellationTokenSource.CreateLinkedTokenSource(timer.Token, _stopped.Token, cancellationToken);
        try
        {
            return await TryAllAsync(null, [address], options, linked.Token);
        }
        catch (OperationCanceledException e) when (!cancellationToken.IsCancellationRequested)
        {
            throw new DialException(DialError.Timeout, $"{address} did not answer within {timeout.TotalSeconds:0.###} s.", inner: e);
        }
    }

    /// <summary>Clears the failures of a peer that has shown that it is alive.</summary>
    public void ClearBackoff(PeerId peer) => _backoff.TryRemove(peer, out _);

    /// <summary>Removes expired failures. Called every few seconds.</summary>
    public void Tick()
    {
        var now = Options.Time.GetTimestamp();
        foreach (var (peer, backoff) in _backoff)
        {
            if (now > backoff.ForgetAt)
            {
                _backoff.TryRemove(peer, out _);
            }
        }
    }

    public void Stop() => _stopped.Cancel();

    public void Dispose() => _stopped.Dispose();

    private (PendingDial Pending, bool Joined) Join(PeerId peer, IReadOnlyList<Multiaddr> addresses, DialOptions options, TimeSpan timeout)
    {
        lock (_gate)
        {
            if (_pending.TryGetValue(peer, out var pending))
            {
                pending.Waiters++;
                return (pending, true);
            }

            var cancellation = CancellationTokenSource.CreateLinkedTokenSource(_stopped.Token);
            pending = new PendingDial(cancellation) { Waiters = 1 };
            _pending.Add(peer, pending);
            pending.Task = RunAsync(peer, addresses, options, timeout, pending);

            // Waiting callers see the failure. If all of them gave up just as it failed, only the back-off records it.
            _ = pending.Task.ContinueWith(
                static failed => _ = failed.Exception,
                CancellationToken.None,
                TaskContinuationOptions.OnlyOnFaulted | TaskContinuationOptions.ExecuteSynchronously,
                TaskScheduler.Default
            );
            return (pending, false);
        }
    }

    private void Leave(PendingDial pending)
    {
        lock (_gate)
        {
            // The last waiting caller cancels the dial.
            if (--pending.Waiters == 0 && !pending.Ended)
            {
                pending.Cancellation.Cancel();
            }
        }
    }

    private async Task<DialResult> RunAsync(
        PeerId peer,
        IReadOnlyList<Multiaddr> addresses,
        DialOptions options,
        TimeSpan timeout,
        PendingDial pending
    )
    {
        // First leave the lock that the caller holds.
        await Task.Yield();
        using var timer = new CancellationTokenSource(timeout, Options.Time);
        using var linked = CancellationTokenSource.CreateLinkedTokenSource(timer.Token, pending.Cancellation.Token);
        try
        {
            var result = await TryAllAsync(peer, addresses, options, linked.Token);
            _backoff.TryRemove(peer, out _);
            return result;
        }
        catch (OperationCanceledException e) when (timer.IsCancellationRequested)
        {
            var error = new DialException(DialError.Timeout, $"{peer} did not answer within {timeout.TotalSeconds:0.###} s.", inner: e);
            Back(peer, error);
            throw error;
        }
        catch (DialException e)
        {
            Back(peer, e);
            throw;
        }
        finally
        {
            lock (_gate)
            {
                pending.Ended = true;
                _pending.Remove(peer);
                pending.Cancellation.Dispose();
            }
        }
    }

    private void Back(PeerId peer, DialException error)
    {
        // A limit of this host, or the lack of a usable address, says nothing about the peer.
        var isPeers =
            error.Error == DialError.Timeout || (error.Error != DialError.LimitReached && error.Attempts.Any(attempt => attempt.Tried));
        if (Options.DialBackoff <= TimeSpan.Zero || !isPeers)
        {
            return;
        }

        var failures = _backoff.TryGetValue(peer, out var earlier) ? earlier.Failures + 1 : 1;
        var wait = TimeSpan.FromTicks(Math.Min(Options.MaxDialBackoff.Ticks, Options.DialBackoff.Ticks << Math.Min(failures - 1, 20)));
        var now = Options.Time.GetTimestamp();
        var frequency = Options.Time.TimestampFrequency;
        _backoff[peer] = new Backoff(
            failures,
            now + (long)(wait.TotalSeconds * frequency),
            now + (long)(2 * Options.MaxDialBackoff.TotalSeconds * frequency),
            error
        );
    }

    private async Task<DialResult> TryAllAsync(
        PeerId? peer,
        IReadOnlyList<Multiaddr> addresses,
        DialOptions options,
        CancellationToken cancellationToken
    )
    {
        var (targets, unusable) = await resolver.ResolveAsync(
            addresses,
            peer,
            options.AllowPrivateAddresses ?? Options.AllowPrivateAddresses,
            cancellationToken
        );
        var attempts = new List<DialAttempt>();
        using var race = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var running = new List<Task<(Connection? Connection, DialAttempt Attempt)>>();
        Connection? winner = null;
        DialAttempt? won = null;
        var next = 0;
        try
        {
            while (winner is null && (next < targets.Count || running.Count > 0))
            {
                if (next < targets.Count && running.Count < MaxParallel)
                {
                    running.Add(TryAsync(targets[next++], peer, race.Token));
                }

                var finished = await NextAsync(running, canStart: next < targets.Count && running.Count < MaxParallel, cancellationToken);
                if (finished is null)
                {
                    continue;
                }

                running.Remove(finished);
                var (connection, attempt) = await finished;
                attempts.Add(attempt);
                winner = connection;
                won = attempt;
            }
        }
        finally
        {
            await race.CancelAsync();
            foreach (var late in running)
            {
                var (connection, attempt) = await late;
                attempts.Add(attempt);
                if (connection is not null)
                {
                    await connection.CloseAsync();
                }
            }
        }

        cancellationToken.ThrowIfCancellationRequested();
        return winner is not null
            ? new DialResult(winner, Reused: false, won!.Address, attempts)
            : throw DialFailure.Of(peer, [.. attempts, .. unusable]);
    }

    /// <summary>Waits for an attempt to end. Returns null if the next one must start first.</summary>
    private async Task<Task<(Connection? Connection, DialAttempt Attempt)>?> NextAsync(
        List<Task<(Connection? Connection, DialAttempt Attempt)>> running,
        bool canStart,
        CancellationToken cancellationToken
    )
    {
        var any = Task.WhenAny(running);
        if (!canStart)
        {
            return await any;
        }

        try
        {
            return await any.WaitAsync(Options.AddressStagger, Options.Time, cancellationToken);
        }
        catch (TimeoutException)
        {
            return null;
        }
    }

    /// <summary>Tries one address. Failures are returned, not thrown.</summary>
    private async Task<(Connection? Connection, DialAttempt Attempt)> TryAsync(
        DialTarget target,
        PeerId? peer,
        CancellationToken cancellationToken
    )
    {
        var start = Options.Time.GetTimestamp();
        using var timer = new CancellationTokenSource(Options.AddressTimeout, Options.Time);
        using var linked = CancellationTokenSource.CreateLinkedTokenSource(timer.Token, cancellationToken);
        var socket = new Socket(target.EndPoint.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            socket.NoDelay = true;
            await socket.ConnectAsync(target.EndPoint, linked.Token);
            var connection = await host.UpgradeAsync(socket, isDialer: true, peer, target.Address, linked.Token);
            return (connection, new DialAttempt(target.Address, Options.Time.GetElapsedTime(start), Tried: true, null, null));
        }
#pragma warning disable CA1031 // Whatever a remote makes this attempt throw, the other addresses are still tried, and the text is kept.
        catch (Exception e)
#pragma warning restore CA1031
        {
            socket.Dispose();
            var error = cancellationToken.IsCancellationRequested ? DialError.Superseded : DialFailure.Classify(e);
            var text = e is OperationCanceledException ? $"no answer within {Options.AddressTimeout.TotalSeconds:0.###} s" : e.Message;
            return (null, new DialAttempt(target.Address, Options.Time.GetElapsedTime(start), Tried: true, error, text));
        }
    }

    private sealed record Backoff(int Failures, long Until, long ForgetAt, DialException Error);

    private sealed class PendingDial(CancellationTokenSource cancellation)
    {
        public CancellationTokenSource Cancellation => cancellation;

        public Task<DialResult> Task { get; set; } = null!;

        public int Waiters { get; set; }

        public bool Ended { get; set; }
    }
}
