using System.Runtime.CompilerServices;
using System.Text;
using DhtTracer.Kademlia.LocalNet;
using DhtTracer.Kademlia.Queries;
using DhtTracer.Kademlia.Records;
using DhtTracer.Libp2p.Identities;
using DhtTracer.Multiformats;

namespace DhtTracer.Node;

/// <summary>The queries of the demo: first one of every kind and outcome, then random ones.</summary>
internal sealed class DemoScript(LocalNetwork network, TracedNode node, int seed)
{
    private const int Contents = 12;

    private static readonly byte[] Greeting = "/v/greeting"u8.ToArray();

    private readonly Random _random = new(seed);

    /// <summary>Stores content to be found: providers of some CIDs, and values, one of them in two versions.</summary>
    public async Task PrepareAsync(CancellationToken cancellation)
    {
        var healthy = network.Nodes.Where(candidate => candidate.Fault == NodeFault.None).ToList();
        var announcing = new List<Task>();
        for (var i = 0; i < Contents; i++)
        {
            for (var copies = 1 + (i % 4); copies > 0; copies--)
            {
                // In parallel: each waits for the faulty peers among its closest, and one after the other would take minutes.
                announcing.Add(healthy[_random.Next(healthy.Count)].Node.Dht.AddProviderAsync(Content(i), cancellationToken: cancellation));
            }
        }

        await Task.WhenAll(announcing);
        await healthy[0].Node.Dht.PutValueAsync(Greeting, "hello"u8.ToArray(), cancellationToken: cancellation);

        // A better version is stored on only one node. A get-value query finds it and corrects the others.
        foreach (var holder in healthy.Where(candidate => candidate.Node.Dht.Values.Get(Greeting) is not null).Take(1))
        {
            holder.Node.Dht.Values.Put(Greeting, "hello again"u8);
        }
    }

    /// <summary>One query of every kind, with every outcome.</summary>
    public async IAsyncEnumerable<QueryResult> RunAllKindsAsync([EnumeratorCancellation] CancellationToken cancellation)
    {
        var dht = node.Dht;
        await LoseConnectionsAsync();
        yield return await dht.FindPeerAsync(network.Nodes[^1].Peer.Id, cancellationToken: cancellation);
        await LoseConnectionsAsync();
        yield return await dht.FindPeerAsync(Identity.Create().PeerId, cancellationToken: cancellation);
        await LoseConnectionsAsync();
        yield return await dht.GetProvidersAsync(Content(3), cancellationToken: cancellation);
        yield return await dht.GetProvidersAsync(Content(1000), cancellationToken: cancellation);
        yield return await dht.AddProviderAsync(Content(1), cancellationToken: cancellation);
        await LoseConnectionsAsync();
        yield return await dht.GetValueAsync(Greeting, new QueryOptions { Count = 0 }, cancellation);
        yield return await dht.PutValueAsync(Greeting, "hello once more"u8.ToArray(), cancellationToken: cancellation);
        yield return await dht.GetValueAsync("/v/nobody"u8.ToArray(), cancellationToken: cancellation);
        yield return await PublishNameAsync(cancellation);
        await LoseConnectionsAsync();
        yield return await dht.GetClosestPeersAsync(
            Content(2).Multihash.Bytes.ToArray(),
            new QueryOptions { KeyText = Content(2).ToString() },
            cancellation
        );
        yield return await dht.PingAsync(network.Nodes[0].Peer, cancellationToken: cancellation);
        if (network.Nodes.FirstOrDefault(candidate => candidate.Fault == NodeFault.Dead) is { } dead)
        {
            yield return await dht.PingAsync(dead.Peer, cancellationToken: cancellation);
        }

        yield return await dht.GetProvidersAsync(Content(1001), new QueryOptions { Timeout = TimeSpan.FromMilliseconds(60) }, cancellation);
        using var soon = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        soon.CancelAfter(TimeSpan.FromMilliseconds(40));
        yield return await dht.GetProvidersAsync(Content(1002), cancellationToken: soon.Token);
    }

    /// <summary>Runs a random query.</summary>
    public async Task<QueryResult> RunAnyAsync(CancellationToken cancellation)
    {
        var dht = node.Dht;
        await LoseConnectionsAsync();
        return _random.Next(10) switch
        {
            < 4 => await dht.GetProvidersAsync(Content(_random.Next(Contents + 3)), cancellationToken: cancellation),
            < 7 => await dht.FindPeerAsync(network.Nodes[_random.Next(network.Nodes.Count)].Peer.Id, cancellationToken: cancellation),
            7 => await dht.GetValueAsync(Greeting, cancellationToken: cancellation),
            8 => await dht.AddProviderAsync(Content(_random.Next(Contents)), cancellationToken: cancellation),
            _ => await dht.GetClosestPeersAsync(Encoding.ASCII.GetBytes($"/v/{_random.Next()}"), cancellationToken: cancellation),
        };
    }

    private static Cid Content(int number) => Cid.CreateV1(Cid.Raw, Multihash.OfSha256(Encoding.ASCII.GetBytes($"demo content {number}")));

    /// <summary>
    /// Closes three of four connections. In a large network, a node is connected to few of the peers it meets. Here it would soon be
    /// connected to all live peers, and dial only the dead ones.
    /// </summary>
    private Task LoseConnectionsAsync() =>
        Task.WhenAll(node.Node.Host.Connections.Where(_ => _random.Next(4) != 0).Select(connection => connection.CloseAsync()));

    private Task<QueryResult> PublishNameAsync(CancellationToken cancellation)
    {
        var now = DateTimeOffset.UtcNow;
        var record = IpnsRecord.Create(
            node.Node.Host.Options.Identity,
            $"/ipfs/{Content(1)}",
            (ulong)now.ToUnixTimeSeconds(),
            now.AddHours(24),
            TimeSpan.FromMinutes(5)
        );
        return node.Dht.PutValueAsync(RecordKey.ForIpns(node.Dht.Id), record, cancellationToken: cancellation);
    }
}
