using System.Text;
using System.Text.Json;
using DhtTracer.Kademlia.Lookups;
using DhtTracer.Kademlia.Messages;
using DhtTracer.Kademlia.Queries;
using DhtTracer.Kademlia.Records;
using DhtTracer.Kademlia.Tracing;
using DhtTracer.Libp2p.Hosting;
using DhtTracer.Libp2p.Identities;
using DhtTracer.Multiformats;
using DhtTracer.TestSupport;

namespace DhtTracer.Kademlia.Tests.Interop;

/// <summary>Tests that keep all processors busy with another program, and so run alone.</summary>
[CollectionDefinition(nameof(JsNetworkCollection), DisableParallelization = true)]
public sealed class JsNetworkCollection;

/// <summary>
/// Every operation in both directions between this node and a network of js-libp2p nodes: 12, or as many as <c>DHT_TRACER_INTEROP_NODES</c>
/// says.
/// </summary>
[Collection(nameof(JsNetworkCollection))]
public sealed class JsNetworkTests(JsNetworkTests.Network network) : IClassFixture<JsNetworkTests.Network>, IAsyncLifetime
{
    private readonly CancellationTokenSource _deadline = new(TimeSpan.FromSeconds(180));

    private JsTestBed Bed => network.Bed!;

    private HostedDhtNode Node => network.Node!;

    private DhtNode Dht => Node.Dht;

    /// <summary>How many peers the closest are: all of a small network.</summary>
    private int Width => Math.Min(20, Bed.Nodes.Count);

    private CancellationToken Deadline => _deadline.Token;

    public ValueTask InitializeAsync()
    {
        Assert.SkipUnless(network.Bed is not null, Needs.Why("npm packages of tests/interop"));
        return ValueTask.CompletedTask;
    }

    public ValueTask DisposeAsync()
    {
        _deadline.Dispose();
        return ValueTask.CompletedTask;
    }

    [Fact]
    public async Task We_find_a_js_peer_with_its_address()
    {
        var result = await Dht.FindPeerAsync(Peer(20).Id, cancellationToken: Deadline);
        Assert.Equal(QueryOutcome.Success, result.Outcome);
        Assert.Equal(Peer(20).Addresses, Assert.Single(result.Peers).Addresses);
    }

    [Fact]
    public async Task Js_finds_us()
    {
        var found = await Bed.SendAsync("findPeer", new { node = At(17), peer = Dht.Id.ToString() }, Deadline);
        Assert.Contains(
            found.GetProperty("events").EnumerateArray(),
            e => e.GetProperty("name").GetString() == "FINAL_PEER" && e.GetProperty("peer").GetString() == Dht.Id.ToString()
        );
    }

    [Fact]
    public async Task We_find_what_js_provides()
    {
        var provided = await Bed.SendAsync("provide", new { node = At(4), data = "by js" }, Deadline);
        var cid = Cid.Parse(provided.GetProperty("cid").GetString()!);
        var result = await Dht.GetProvidersAsync(cid, cancellationToken: Deadline);
        Assert.Equal(Peer(4).Id, Assert.Single(result.Peers).Id);
    }

    [Fact]
    public async Task Js_finds_what_we_provide()
    {
        var cid = Cid.CreateV1(Cid.Raw, Multihash.OfSha256("by us"u8));
        var recorder = new QueryRecorder();
        var added = await Dht.AddProviderAsync(cid, new QueryOptions { Observers = [recorder] }, Deadline);
        AssertAllTookIt(added.Results, recorder);
        var found = await Bed.SendAsync("findProviders", new { node = At(23), cid = cid.ToString() }, Deadline);
        Assert.Contains(
            Dht.Id.ToString(),
            found.GetProperty("providers").EnumerateArray().Select(provider => provider.GetProperty("id").GetString())
        );
    }

    [Fact]
    public async Task Values_go_both_ways()
    {
        await Bed.SendAsync(
            "put",
            new
            {
                node = At(6),
                key = "/v/from-js",
                value = "js says hello",
            },
            Deadline
        );
        var got = await Dht.GetValueAsync("/v/from-js"u8.ToArray(), cancellationToken: Deadline);
        Assert.Equal("js says hello", Encoding.UTF8.GetString(got.Value!.Value.Span));

        var recorder = new QueryRecorder();
        var put = await Dht.PutValueAsync(
            "/v/from-us"u8.ToArray(),
            "we say hello"u8.ToArray(),
            new QueryOptions { Observers = [recorder] },
            Deadline
        );
        AssertAllTookIt(put.Results, recorder);
        var read = await Bed.SendAsync("get", new { node = At(25), key = "/v/from-us" }, Deadline);
        Assert.Equal("we say hello", read.GetProperty("value").GetString());
    }

    [Fact]
    public async Task Ipns_records_go_both_ways_and_each_side_validates_the_others()
    {
        await Bed.SendAsync(
            "putIpns",
            new
            {
                node = At(8),
                value = "/ipfs/bafkqaaa",
                seq = 3,
            },
            Deadline
        );
        var got = await Dht.GetValueAsync(RecordKey.ForIpns(Peer(8).Id), cancellationToken: Deadline);
        Assert.Null(IpnsRecord.TryRead(Peer(8).Id, got.Value!.Value.Span, out var record));
        Assert.Equal("/ipfs/bafkqaaa", Encoding.UTF8.GetString(record!.Value.Span));
        Assert.Equal(3u, record.Sequence);

        var ours = IpnsRecord.Create(
            Node.Host.Options.Identity,
            "/ipfs/bafkqabtimvwgy3yk",
            1,
            DateTimeOffset.UtcNow.AddHours(1),
            TimeSpan.FromMinutes(5)
        );
        var recorder = new QueryRecorder();
        var put = await Dht.PutValueAsync(RecordKey.ForIpns(Dht.Id), ours, new QueryOptions { Observers = [recorder] }, Deadline);
        AssertAllTookIt(put.Results, recorder);
        var held = await Bed.SendAsync("whoHas", new { key = $"/ipns/{Dht.Id}" }, Deadline);
        Assert.Equal(Width, held.GetProperty("holders").GetArrayLength());
        var read = await Bed.SendAsync("get", new { node = At(12), key = $"/ipns/{Dht.Id}" }, Deadline);
        Assert.Contains("/ipfs/bafkqabtimvwgy3yk", read.GetProperty("value").GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_ipns_record_that_is_not_ours_to_sign_is_refused_by_js()
    {
        var forged = IpnsRecord.Create(Identity.Create(), "/ipfs/bafkqaaa", 1, DateTimeOffset.UtcNow.AddHours(1), TimeSpan.FromMinutes(5));
        var connection = Node.Host.FindConnection(Peer(0).Id)!;
        var stream = await connection.OpenStreamAsync(DhtOptions.AminoProtocol, Deadline);
        var key = RecordKey.ForIpns(Peer(9).Id);
        await stream.WriteAsync(
            KadFraming.Frame(
                new KadMessage
                {
                    Type = MessageType.PutValue,
                    Key = key,
                    Record = new KadRecord(key, forged),
                }
            ),
            Deadline
        );
        await Assert.ThrowsAnyAsync<IOException>(() => KadFraming.ReadAsync(stream, KadMessageLimits.Default, Deadline));
    }

    [Fact]
    public async Task Js_stores_at_us_and_reads_from_us()
    {
        // Of a network wider than K only the closest are asked: a key to which at most two js nodes are closer than we are.
        var own = KadId.Of(Dht.Id);
        var others = Bed.Nodes.Select(node => KadId.Of(PeerId.Parse(node.PeerId))).ToList();
        var key = Enumerable
            .Range(0, 10_000)
            .Select(number => $"/v/near-{number}")
            .First(text =>
            {
                var target = KadId.Of(Encoding.UTF8.GetBytes(text));
                return others.Count(other => target.CompareDistance(other, own) < 0) <= 2;
            });
        await Bed.SendAsync(
            "put",
            new
            {
                node = At(3),
                key,
                value = "js says hello",
            },
            Deadline
        );
        Assert.Equal("js says hello", Encoding.UTF8.GetString(Dht.Values.Get(Encoding.UTF8.GetBytes(key))!.Value.Span));
        var read = await Bed.SendAsync("get", new { node = At(7), key }, Deadline);
        Assert.Equal("js says hello", read.GetProperty("value").GetString());
        var ping = await Dht.PingAsync(Peer(3), cancellationToken: Deadline);
        Assert.Equal(QueryOutcome.Success, ping.Outcome);
        Assert.True(Node.RequestsReceived > 0, "js asks us as it asks its own");
    }

    [Fact]
    public async Task Both_sides_find_the_same_closest_peers_and_saw_the_same_ones_answer()
    {
        const string Key = "/v/closest";
        var recorder = new QueryRecorder();
        var ours = await Dht.GetClosestPeersAsync(Encoding.UTF8.GetBytes(Key), new QueryOptions { Observers = [recorder] }, Deadline);
        var target = KadId.Of(Encoding.UTF8.GetBytes(Key));
        var expected = Bed
            .Nodes.Select(node => PeerId.Parse(node.PeerId))
            .OrderBy(KadId.Of, Comparer<KadId>.Create(target.CompareDistance))
            .Take(Width)
            .ToList();
        Assert.Equal(expected, ours.Peers.Select(peer => peer.Id));

        var theirs = await Bed.SendAsync("getClosestPeers", new { node = At(15), key = Key }, Deadline);
        var answered = theirs
            .GetProperty("events")
            .EnumerateArray()
            .Where(e => e.GetProperty("name").GetString() == "PEER_RESPONSE")
            .Select(e => e.GetProperty("from").GetString()!)
            .ToHashSet();
        var asked = expected.Select(id => id.ToString()).Where(id => id != Bed.Nodes[At(15)].PeerId).ToList();
        Assert.All(asked, id => Assert.Equal(PeerState.Answered, recorder.Trace.Peers.Single(peer => peer.Id == id).State));
        Assert.Subset(answered, asked.Where(answered.Contains).ToHashSet());
        Assert.True(asked.Count(answered.Contains) >= 3, "js asks at least the closest few itself");
        Assert.All(
            recorder.Trace.Peers.Where(peer => answered.Contains(peer.Id) && peer.Requests.Count > 0),
            peer => Assert.Equal(PeerState.Answered, peer.State)
        );
    }

    [Fact]
    public async Task A_js_node_that_dies_in_the_middle_of_a_query_is_a_failed_row()
    {
        var added = await Bed.SendAsync("add", new { }, Deadline);
        var victim = JsTestBed.Describe(
            added.TryGetProperty("node", out var node) && node.ValueKind == JsonValueKind.Object ? node : added
        );
        await Bed.SendAsync("slow", new { node = victim.Index, ms = "inf" }, Deadline);
        var peer = HostedDhtNode.ParsePeer(victim.Addresses[0]);
        Dht.Offer(peer);
        var recorder = new QueryRecorder();
        var asked = new Asked(peer.Id);
        var query = Dht.GetClosestPeersAsync(peer.Id.Bytes.ToArray(), new QueryOptions { Observers = [recorder, asked] }, Deadline);
        await asked.Task.WaitAsync(Deadline);
        await Bed.SendAsync("stop", new { node = victim.Index }, Deadline);
        var result = await query;

        Assert.Equal(QueryOutcome.Success, result.Outcome);
        var row = recorder.Trace.Peers.Single(candidate => candidate.Id == victim.PeerId);
        Assert.Equal(PeerState.RequestFailed, row.State);
        Assert.Equal(ErrorClass.Reset, row.Requests.Single().Error!.Class);
    }

    /// <summary>Every one of the closest peers took the record; where one did not, its row says why.</summary>
    private void AssertAllTookIt(int results, QueryRecorder recorder) =>
        Assert.True(
            results == Width,
            $"{results} of {Width}:\n"
                + string.Join(
                    '\n',
                    recorder.Trace.Peers.Select(peer =>
                        $"{peer.Id} {peer.State}: {string.Join(", ", peer.Dials.Select(dial => $"dial {dial.Error}"))} "
                        + string.Join(", ", peer.Requests.Select(request => $"{request.Type} {request.Outcome} {request.Error}"))
                    )
                )
        );

    private int At(int index) => index % Bed.Nodes.Count;

    private KadPeer Peer(int index) => HostedDhtNode.ParsePeer(Bed.Nodes[At(index)].Addresses[0]);

    private sealed class Asked(PeerId peer) : IQueryObserver
    {
        private readonly TaskCompletionSource _asked = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Task Task => _asked.Task;

        public void RequestStarted(LookupPeer to, DateTimeOffset time, RequestStart request)
        {
            if (to.Id == peer)
            {
                _asked.TrySetResult();
            }
        }
    }

    /// <summary>
    /// The js nodes and one of ours among them. One for all tests: a node for each would leave dead ones behind, which the others go on to
    /// name.
    /// </summary>
    public sealed class Network : IAsyncLifetime
    {
        // Thirty nodes share one thread of node.js, and this process its processors with them.
        private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

        public JsTestBed? Bed { get; private set; }

        public HostedDhtNode? Node { get; private set; }

        public async ValueTask InitializeAsync()
        {
            var nodes = int.TryParse(Environment.GetEnvironmentVariable("DHT_TRACER_INTEROP_NODES"), out var asked) ? asked : 12;
            if (Needs.Interop is not { } folder)
            {
                return;
            }

            Bed = await JsTestBed.StartAsync(folder, nodes, TestContext.Current.CancellationToken, "--patient");
            Node = await HostedDhtNode.StartAsync(
                new Libp2pHostOptions
                {
                    Identity = Identity.Create(),
                    ListenAddresses = [Multiaddr.Parse("/ip4/127.0.0.1/tcp/0")],
                    AllowPrivateAddresses = true,
                    AddressTimeout = Patience,
                },
                new DhtOptions
                {
                    RefreshInterval = Timeout.InfiniteTimeSpan,
                    DialTimeout = Patience,
                    RequestTimeout = Patience,
                },
                TestContext.Current.CancellationToken
            );
            Assert.Equal(
                2,
                await Node.Dht.BootstrapAsync(
                    [.. Bed.Nodes.Take(2).Select(node => HostedDhtNode.ParsePeer(node.Addresses[0]))],
                    TestContext.Current.CancellationToken
                )
            );
        }

        public async ValueTask DisposeAsync()
        {
            if (Node is not null)
            {
                await Node.DisposeAsync();
            }

            if (Bed is not null)
            {
                await Bed.DisposeAsync();
            }
        }
    }
}
