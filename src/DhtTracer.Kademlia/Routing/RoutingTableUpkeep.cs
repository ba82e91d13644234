using System.Collections.Concurrent;
using System.Security.Cryptography;
using DhtTracer.Kademlia.Messages;
using DhtTracer.Kademlia.Network;
using DhtTracer.Multiformats;

namespace DhtTracer.Kademlia.Routing;

/// <summary>
/// Maintains a routing table. A new peer replaces the least recently seen peer of a full bucket if that one does not answer any more.
/// Lookups for random keys refresh the buckets.
/// </summary>
internal sealed class RoutingTableUpkeep(RoutingTable table, IDhtNetwork network, DhtOptions options, TimeProvider time) : IAsyncDisposable
{
    /// <summary>A peer seen this recently counts as alive and is not asked.</summary>
    public static readonly TimeSpan TrustedFor = TimeSpan.FromMinutes(1);

    /// <summary>
    /// Deepest bucket that gets its own refresh. A key with a longer common prefix takes too many hashes to find, and the lookup for the
    /// node's own id covers the rest. go-libp2p-kad-dht stops at the same depth.
    /// </summary>
    public const int DeepestRefresh = 15;

    private readonly ConcurrentDictionary<PeerId, Task> _checks = [];
    private readonly CancellationTokenSource _stop = new();

    /// <summary>Offers a peer that has just shown that it serves the DHT.</summary>
    public void Offer(KadPeer peer)
    {
        var now = time.GetUtcNow();
        if (table.Add(peer, now) != RoutingTableChange.BucketFull || _stop.IsCancellationRequested)
        {
            return;
        }

        if (table.LeastRecentlySeenBeside(peer.Id) is { } oldest && now - oldest.SeenAt > TrustedFor)
        {
            // Only one check runs per old peer; a new peer that comes in the meantime can come again. DisposeAsync waits for the check.
            var started = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            if (_checks.TryAdd(oldest.Peer.Id, started.Task))
            {
                _ = CheckAsync(oldest.Peer, peer, started);
            }
        }
    }

    /// <summary>Finds a key whose Kademlia id has exactly this common prefix length with the node's id.</summary>
    /// <param name="self">The node.</param>
    /// <param name="commonPrefixLength">0 to <see cref="DeepestRefresh"/>.</param>
    public static byte[] RandomKey(KadId self, int commonPrefixLength)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(commonPrefixLength, DeepestRefresh);
        var key = new byte[32];
        do
        {
            RandomNumberGenerator.Fill(key);
        } while (self.CommonPrefixLength(KadId.Of(key)) != commonPrefixLength);

        return key;
    }

    public async ValueTask DisposeAsync()
    {
        Stop();
        await Task.WhenAll(_checks.Values);
        _stop.Dispose();
    }

    private void Stop() => _stop.Cancel();

    private async Task CheckAsync(KadPeer oldest, KadPeer newcomer, TaskCompletionSource ended)
    {
        try
        {
            if (await IsAliveAsync(oldest))
            {
                table.Add(oldest, time.GetUtcNow());
            }
            else if (!_stop.IsCancellationRequested)
            {
                table.Remove(oldest.Id);
                table.Add(newcomer, time.GetUtcNow());
            }
        }
        finally
        {
            _checks.TryRemove(oldest.Id, out _);
            ended.SetResult();
        }
    }

    private async Task<bool> IsAliveAsync(KadPeer peer)
    {
        using var limit = new CancellationTokenSource(options.DialTimeout + options.RequestTimeout, time);
        using var registration = _stop.Token.UnsafeRegister(static state => ((CancellationTokenSource)state!).Cancel(), limit);
        try
        {
            var connection = network.FindConnection(peer.Id) ?? (await network.DialAsync(peer.Id, peer.Addresses, limit.Token)).Connection;
            if (connection is null)
            {
                return false;
            }

            // FIND_NODE shows that the peer serves the DHT, and all implementations answer it. rust-libp2p and litep2p refuse PING.
            var question = new KadMessage { Type = MessageType.FindNode, Key = peer.Id.Bytes.ToArray() };
            return (await connection.RequestAsync(question, limit.Token)).Error is null;
        }
        catch (OperationCanceledException)
        {
            return false;
        }
    }
}
