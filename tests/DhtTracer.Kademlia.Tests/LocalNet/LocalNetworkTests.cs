using System.Collections.Concurrent;
using System.Text;
using DhtTracer.Kademlia.LocalNet;
using DhtTracer.Kademlia.Lookups;
using DhtTracer.Kademlia.Queries;
using DhtTracer.Kademlia.Records;
using DhtTracer.Kademlia.Tests.Lookups;
using DhtTracer.Kademlia.Tracing;
using DhtTracer.Libp2p.Hosting;
using DhtTracer.Libp2p.Identities;
using DhtTracer.Multiformats;

namespace DhtTracer.Kademlia.Tests.LocalNet;

/// <summary>Real nodes over real TCP on loopback.</summary>
public sealed class LocalNetworkTests
{
    private static readonly DhtOptions Fast = new()
    {
        RefreshInterval = Timeout.InfiniteTimeSpan,
        DialTimeout = TimeSpan.FromSeconds(2),
        RequestTimeout = TimeSpan.FromSeconds(2),
    };

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Nodes_find_each_other_and_a_lookup_finds_the_true_closest()
    {
        await using var network = await LocalNetwork.StartAsync(
            new LocalNetworkOptions { Count = 40, Dht = Fast },
            cancellationToken: Token
        );
        Assert.InRange(network.Stats().RoutingTableMin, 15, 39);
        var exact = 0;
        for (var i = 0; i < 40; i++)
        {
            var node = network.Nodes[i];
            var key = LookupTests.Key(i);
            var result = await node.Node.Dht.GetClosestPeersAsync(key, cancellationToken: Token);
            var target = KadId.Of(key);
            var expected = network
                .Nodes.Where(other => other != node)
                .Select(other => other.Peer.Id)
                .OrderBy(KadId.Of, Comparer<KadId>.Create(target.CompareDistance))
                .Take(20);
            exact += result.Peers.Select(peer => peer.Id).SequenceEqual(expected) ? 1 : 0;
        }

        Assert.InRange(exact, 39, 40);
    }

    [Fact]
    public async Task Every_operation_works_between_real_nodes()
    {
        await using var network = await LocalNetwork.StartAsync(
            new LocalNetworkOptions
            {
                Count = 25,
                Dht = Fast,
                Seed = 2,
            },
            cancellationToken: Token
        );
        var (one, other) = (network.Nodes[5].Node, network.Nodes[17].Node);
        var content = Cid.CreateV1(Cid.Raw, Multihash.OfSha256("content"u8));

        Assert.Equal(20, (await one.Dht.AddProviderAsync(content, cancellationToken: Token)).Results);
        var providers = await other.Dht.GetProvidersAsync(content, cancellationToken: Token);
        Assert.Equal(one.Dht.Id, Assert.Single(providers.Peers).Id);

        var name = RecordKey.ForIpns(one.Dht.Id);
        var record = IpnsRecord.Create(
            one.Host.Options.Identity,
            $"/ipfs/{content}",
            1,
            DateTimeOffset.UtcNow.AddHours(1),
            TimeSpan.FromMinutes(1)
        );
        Assert.Equal(20, (await one.Dht.PutValueAsync(name, record, cancellationToken: Token)).Results);
        var value = await other.Dht.GetValueAsync(name, cancellationToken: Token);
        Assert.Equal(record, value.Value!.Value.ToArray());

        var found = await other.Dht.FindPeerAsync(one.Dht.Id, cancellationToken: Token);
        Assert.Equal(one.Host.ListenAddresses, Assert.Single(found.Peers).Addresses);

        var ping = await other.Dht.PingAsync(network.Nodes[3].Peer, cancellationToken: Token);
        Assert.Equal(QueryOutcome.Success, ping.Outcome);
    }

    [Fact]
    public async Task A_client_asks_and_enters_no_routing_table()
    {
        await using var network = await LocalNetwork.StartAsync(
            new LocalNetworkOptions
            {
                Count = 10,
                Dht = Fast,
                Seed = 3,
            },
            cancellationToken: Token
        );
        await using var client = await StartClientAsync(network);
        var found = await client.Dht.FindPeerAsync(network.Nodes[9].Peer.Id, cancellationToken: Token);
        Assert.Equal(QueryOutcome.Success, found.Outcome);
        Assert.All(network.Nodes, node => Assert.False(node.Node.Dht.RoutingTable.Contains(client.Dht.Id)));
    }

    [Theory]
    [InlineData(NodeFault.Dead, PeerState.DialFailed, ErrorClass.DialRefused)]
    [InlineData(NodeFault.Silent, PeerState.DialFailed, ErrorClass.DialTimeout)]
    [InlineData(NodeFault.BlackHole, PeerState.RequestFailed, ErrorClass.RequestTimeout)]
    [InlineData(NodeFault.RefusesProtocol, PeerState.RequestFailed, ErrorClass.ProtocolNotSupported)]
    [InlineData(NodeFault.NamesPeersTwice, PeerState.Answered, null)]
    [InlineData(NodeFault.Slow, PeerState.Answered, null)]
    public async Task A_faulty_node_shows_as_the_row_that_its_fault_names(NodeFault fault, PeerState state, string? errorClass)
    {
        await RunAmongAsync(
            fault,
            (network, trace) =>
                Assert.All(
                    network.Nodes,
                    node =>
                    {
                        var row = trace.Peers.Single(peer => peer.Id == node.Peer.Id.ToString());
                        var error = row.Dials[^1].Error ?? row.Requests[^1].Error;
                        Assert.Equal(
                            node.Fault == NodeFault.None ? (PeerState.Answered, (string?)null) : (state, errorClass),
                            (row.State, error?.Class)
                        );
                    }
                )
        );
    }

    /// <summary>
    /// The dead crowd out nodes that live: which of these are still asked is a matter of time, so only the answered are looked at.
    /// </summary>
    [Fact]
    public Task Peers_that_a_node_names_and_that_are_dead_are_refused_and_the_node_itself_has_answered() =>
        RunAmongAsync(
            NodeFault.NamesDeadPeers,
            (network, trace) =>
            {
                var faulty = network.Nodes.Where(node => node.Fault != NodeFault.None).Select(node => node.Peer.Id.ToString()).ToHashSet();
                var nodes = network.Nodes.Select(node => node.Peer.Id.ToString()).ToHashSet();
                Assert.Contains(trace.Peers, row => faulty.Contains(row.Id) && row.State == PeerState.Answered);
                var dead = trace.Peers.Where(row => !nodes.Contains(row.Id)).ToList();
                Assert.Contains(dead, row => row.State == PeerState.DialFailed);
                Assert.All(
                    dead.Where(row => row.State == PeerState.DialFailed),
                    row => Assert.Equal(ErrorClass.DialRefused, row.Dials[^1].Error?.Class)
                );
                Assert.DoesNotContain(dead, row => row.State == PeerState.Answered);
            }
        );

    private static async Task RunAmongAsync(NodeFault fault, Action<LocalNetwork, QueryTrace> check)
    {
        var options = new LocalNetworkOptions
        {
            Count = 16,
            Dht = Fast,
            Seed = 4,
            Faults = [new FaultShare(fault, 0.25) { Latency = TimeSpan.FromMilliseconds(50) }],
        };
        await using var network = await LocalNetwork.StartAsync(options, cancellationToken: Token);
        await using var client = await StartClientAsync(network);
        foreach (var node in network.Nodes)
        {
            client.Dht.Offer(node.Peer);
        }

        var recorder = new QueryRecorder();
        var result = await client.Dht.GetClosestPeersAsync(
            LookupTests.Key(1),
            new QueryOptions { Observers = [recorder], Timeout = TimeSpan.FromSeconds(20) },
            Token
        );
        Assert.Equal(QueryOutcome.Success, result.Outcome);
        check(network, recorder.Trace);
    }

    [Fact]
    public async Task A_query_among_peers_with_every_fault_ends_in_time_with_every_row_in_its_state_and_leaves_nothing_behind()
    {
        var unobserved = new ConcurrentQueue<Exception>();
        EventHandler<UnobservedTaskExceptionEventArgs> observe = (_, e) => unobserved.Enqueue(e.Exception);
        TaskScheduler.UnobservedTaskException += observe;
        try
        {
            await RunAmongAllFaultsAsync();
            GC.Collect();
            GC.WaitForPendingFinalizers();
            GC.Collect();
            Assert.Empty(unobserved);
        }
        finally
        {
            TaskScheduler.UnobservedTaskException -= observe;
        }
    }

    [Fact]
    public async Task Everything_is_closed_when_the_network_stops()
    {
        var faults = new List<HostFault>();
        var network = await LocalNetwork.StartAsync(
            new LocalNetworkOptions
            {
                Count = 8,
                Dht = Fast,
                Seed = 6,
            },
            cancellationToken: Token
        );
        var client = await HostedDhtNode.StartAsync(
            new Libp2pHostOptions
            {
                Identity = Identity.Create(),
                AllowPrivateAddresses = true,
                OnFault = faults.Add,
            },
            Fast with
            {
                Mode = DhtMode.Client,
            },
            Token
        );
        await client.Dht.BootstrapAsync([.. network.BootstrapPeers.Select(HostedDhtNode.ParsePeer)], Token);
        await network.DisposeAsync();
        Assert.All(network.Nodes, node => Assert.Empty(node.Node.Host.Connections));
        var after = await client.Dht.GetClosestPeersAsync(
            LookupTests.Key(1),
            new QueryOptions { Timeout = TimeSpan.FromSeconds(10) },
            Token
        );
        Assert.Equal(QueryOutcome.Failed, after.Outcome);
        await client.DisposeAsync();
        Assert.Empty(faults);
    }

    [Fact]
    public async Task The_bootstrap_file_holds_addresses_that_can_be_dialed()
    {
        var file = Path.Combine(Path.GetTempPath(), $"bootstrap-{Guid.NewGuid():N}.txt");
        try
        {
            await using var network = await LocalNetwork.StartAsync(
                new LocalNetworkOptions
                {
                    Count = 4,
                    Dht = Fast,
                    Seed = 5,
                    BootstrapFile = file,
                },
                cancellationToken: Token
            );
            var peers = (await File.ReadAllLinesAsync(file, Encoding.UTF8, Token)).Select(HostedDhtNode.ParsePeer).ToList();
            Assert.Equal(3, peers.Count);
            await using var client = await StartClientAsync(network);
            Assert.All(
                await Task.WhenAll(peers.Select(peer => client.Dht.PingAsync(peer, cancellationToken: Token))),
                ping => Assert.Equal(QueryOutcome.Success, ping.Outcome)
            );
        }
        finally
        {
            File.Delete(file);
        }
    }

    [Fact]
    public void Options_out_of_range_are_refused_with_the_range()
    {
        Assert.Throws<DhtOptionsException>(new LocalNetworkOptions { Count = 1 }.Validate);
        Assert.Throws<DhtOptionsException>(new LocalNetworkOptions { FirstPort = 65_530 }.Validate);
        Assert.Throws<DhtOptionsException>(
            new LocalNetworkOptions { Faults = [new FaultShare(NodeFault.Dead, 0.6), new FaultShare(NodeFault.Slow, 0.6)] }.Validate
        );
        Assert.Throws<DhtOptionsException>(
            new LocalNetworkOptions { Dht = Fast with { Lookup = new LookupParameters(Alpha: 0) } }.Validate
        );
    }

    private static async Task RunAmongAllFaultsAsync()
    {
        // As wide as the network, so that the query asks everybody.
        var wide = Fast with
        {
            Lookup = new LookupParameters(K: 100),
        };
        var faults = Enum.GetValues<NodeFault>()
            .Where(fault => fault != NodeFault.None)
            .Select(fault => new FaultShare(fault, 0.1) { Latency = TimeSpan.FromMilliseconds(100) });
        await using var network = await LocalNetwork.StartAsync(
            new LocalNetworkOptions
            {
                Count = 40,
                Dht = wide,
                Seed = 9,
                Faults = [.. faults],
            },
            cancellationToken: Token
        );
        var hostFaults = new ConcurrentQueue<HostFault>();
        await using var client = await HostedDhtNode.StartAsync(
            new Libp2pHostOptions
            {
                Identity = Identity.Create(),
                AllowPrivateAddresses = true,
                DialBackoff = TimeSpan.Zero,
                OnFault = hostFaults.Enqueue,
            },
            wide with
            {
                Mode = DhtMode.Client,
            },
            Token
        );
        foreach (var node in network.Nodes)
        {
            client.Dht.Offer(node.Peer);
        }

        var recorder = new QueryRecorder();
        var result = await client.Dht.GetClosestPeersAsync(
            LookupTests.Key(3),
            new QueryOptions { Observers = [recorder], Timeout = TimeSpan.FromSeconds(30) },
            Token
        );
        Assert.Equal(QueryOutcome.Success, result.Outcome);
        Assert.True(result.Duration < TimeSpan.FromSeconds(30), $"took {result.Duration}");
        var rows = recorder.Trace.Peers.ToDictionary(peer => peer.Id);
        foreach (var fault in Enum.GetValues<NodeFault>())
        {
            var faulty = network.Nodes.Where(node => node.Fault == fault).Select(node => rows[node.Peer.Id.ToString()]).ToList();
            Assert.NotEmpty(faulty);
            Assert.All(
                faulty,
                row => Assert.Contains((row.State, row.Dials[^1].Error?.Class ?? row.Requests[^1].Error?.Class), Expected(fault))
            );
        }

        // Those that do not exist, whom liars name, are refused where they are said to be.
        var invented = rows.Values.Where(row => network.Nodes.All(node => node.Peer.Id.ToString() != row.Id)).ToList();
        Assert.NotEmpty(invented);
        Assert.All(invented, row => Assert.Equal((PeerState.DialFailed, ErrorClass.DialRefused), (row.State, row.Dials[^1].Error?.Class)));

        // A connection for each that could be connected to, and no stream on any of them.
        Assert.Equal(
            network.Nodes.Where(node => node.IsRunning).Select(node => node.Peer.Id.ToString()).Order(StringComparer.Ordinal),
            client.Host.Connections.Select(connection => connection.RemotePeer.ToString()).Order(StringComparer.Ordinal)
        );
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(20));
        while (client.Host.Connections.Any(connection => connection.StreamCount > 0))
        {
            await Task.Delay(50, patience.Token);
        }

        Assert.Empty(hostFaults);
    }

    private static (PeerState, string?)[] Expected(NodeFault fault) =>
        fault switch
        {
            NodeFault.Dead => [(PeerState.DialFailed, ErrorClass.DialRefused)],
            NodeFault.Silent => [(PeerState.DialFailed, ErrorClass.DialTimeout)],
            NodeFault.BlackHole => [(PeerState.RequestFailed, ErrorClass.RequestTimeout)],
            NodeFault.RefusesProtocol => [(PeerState.RequestFailed, ErrorClass.ProtocolNotSupported)],
            NodeFault.Drops => [(PeerState.Answered, null), (PeerState.RequestFailed, ErrorClass.RequestTimeout)],
            _ => [(PeerState.Answered, null)],
        };

    private static async Task<HostedDhtNode> StartClientAsync(LocalNetwork network)
    {
        // Without back-off: what bootstrapping met is to be met again by the query that the test looks at.
        var client = await HostedDhtNode.StartAsync(
            new Libp2pHostOptions
            {
                Identity = Identity.Create(),
                AllowPrivateAddresses = true,
                DialBackoff = TimeSpan.Zero,
            },
            Fast with
            {
                Mode = DhtMode.Client,
            },
            Token
        );
        await client.Dht.BootstrapAsync([.. network.BootstrapPeers.Select(HostedDhtNode.ParsePeer)], Token);
        return client;
    }
}
