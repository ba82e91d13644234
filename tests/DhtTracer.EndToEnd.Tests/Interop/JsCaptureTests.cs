using System.Text;
using DhtTracer.Analysis;
using DhtTracer.Analysis.Model;
using DhtTracer.EndToEnd.Tests.NodeExport;
using DhtTracer.Kademlia;
using DhtTracer.Kademlia.Queries;
using DhtTracer.Kademlia.Tracing;
using DhtTracer.Libp2p.Hosting;
using DhtTracer.Libp2p.Identities;
using DhtTracer.Multiformats;
using DhtTracer.TestSupport;

namespace DhtTracer.EndToEnd.Tests.Interop;

/// <summary>Tests that keep all processors busy with another program, and so run alone.</summary>
[CollectionDefinition(nameof(JsCaptureCollection), DisableParallelization = true)]
public sealed class JsCaptureCollection;

/// <summary>
/// One lookup, made by js-libp2p and by this node from the same routing table in a network that does not change, seen three times: in the
/// events that js-libp2p itself reports, in its spans as they are reconstructed here, and in the lookup of this node. Row by row they agree
/// on who answered, and on whom an answer names. They may differ in this only:
/// js-libp2p never asks itself, and nobody names it to itself, so that an answer has room for one more peer, while this node asks it as any
/// other peer; and of peers outside the K closest each side asks as many as its own order of asking happens to need.
/// </summary>
[Collection(nameof(JsCaptureCollection))]
public sealed class JsCaptureTests(JsCaptureTests.Network network) : IClassFixture<JsCaptureTests.Network>
{
    private const int K = 20;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(15);

    private readonly CancellationTokenSource _deadline = new(TimeSpan.FromSeconds(180));

    private JsTestBed Bed => network.Bed!;

    private string Asker => Bed.Nodes[0].PeerId;

    [Fact]
    public async Task Both_captures_of_a_lookup_agree_row_by_row()
    {
        Assert.SkipUnless(network.Bed is not null, Needs.Why("npm packages of tests/interop"));
        for (var i = 0; i < 5; i++)
        {
            var lookup = await LookUpAsync($"/v/agree-{i}");

            // The reconstruction of js-libp2p's spans says exactly what js-libp2p says itself.
            Assert.Equal(
                lookup.JsSaysAnswered.Order(StringComparer.Ordinal),
                lookup.JsShown.Keys.Where(id => Answered(lookup.JsShown[id])).Order(StringComparer.Ordinal)
            );

            // Whom both asked answered both, and named the same peers.
            var both = lookup
                .JsShown.Keys.Intersect(lookup.Ours.Keys)
                .Where(id => lookup.Ours[id].Requests.Count > 0 && lookup.JsShown[id].Requests.Length > 0)
                .ToList();
            Assert.All(
                both,
                id =>
                {
                    Assert.True(Answered(lookup.JsShown[id]) && lookup.Ours[id].State == PeerState.Answered, id);
                    AssertNameTheSame(lookup.Key, lookup.JsShown[id].Requests[0].Named, lookup.Ours[id].Requests[0].CloserPeers);
                }
            );
            AssertDifferOnlyOutsideTheClosest(lookup);
        }
    }

    [Fact]
    public async Task Both_captures_agree_on_a_peer_that_never_answers()
    {
        Assert.SkipUnless(network.Bed is not null, Needs.Why("npm packages of tests/interop"));
        var mute = Bed.Nodes[Bed.Nodes.Count / 2];
        await Bed.SendAsync("slow", new { node = mute.Index, ms = "inf" }, _deadline.Token);
        try
        {
            // The mute peer is the closest of all to its own id: nobody can do without asking it.
            var lookup = await LookUpAsync(mute.PeerId);
            Assert.DoesNotContain(mute.PeerId, lookup.JsSaysAnswered);
            Assert.False(Answered(lookup.JsShown[mute.PeerId]));
            Assert.Equal(RequestOutcome(lookup.Ours[mute.PeerId]), (PeerState.RequestFailed, ErrorClass.RequestTimeout));
            AssertDifferOnlyOutsideTheClosest(lookup);
        }
        finally
        {
            await Bed.SendAsync("slow", new { node = mute.Index, ms = 0 }, _deadline.Token);
        }

        static (PeerState, string?) RequestOutcome(PeerTrace row) => (row.State, row.Requests[^1].Error?.Class);
    }

    /// <summary>An answer to this node may name js-libp2p; the same answer to js-libp2p then has room for one more, the farthest of
    /// all.</summary>
    private void AssertNameTheSame(byte[] key, IEnumerable<string> toJs, IEnumerable<string> toUs)
    {
        var target = KadId.Of(key);
        var toJsByDistance = toJs.Distinct()
            .Select(PeerId.Parse)
            .OrderBy(KadId.Of, Comparer<KadId>.Create(target.CompareDistance))
            .Select(id => id.ToString())
            .ToList();
        var toUsAsked = toUs.Distinct().ToList();
        var others = toUsAsked.Where(id => id != Asker).ToHashSet(StringComparer.Ordinal);
        Assert.True(others.SetEquals(toJsByDistance.Take(others.Count)), "they name the same peers");
        Assert.InRange(toJsByDistance.Count - others.Count, 0, toUsAsked.Count - others.Count);
    }

    private void AssertDifferOnlyOutsideTheClosest(Lookup lookup)
    {
        var target = KadId.Of(lookup.Key);
        var closest = Bed
            .Nodes.Select(node => PeerId.Parse(node.PeerId))
            .Where(id => id.ToString() != Asker)
            .OrderBy(KadId.Of, Comparer<KadId>.Create(target.CompareDistance))
            .Take(K - 1)
            .Select(id => id.ToString())
            .ToHashSet(StringComparer.Ordinal);
        var ours = lookup
            .Ours.Values.Where(row => row.State == PeerState.Answered && row.Id != Asker)
            .Select(row => row.Id)
            .ToHashSet(StringComparer.Ordinal);
        var onlyOneSaw = ours.Except(lookup.JsSaysAnswered).Concat(lookup.JsSaysAnswered.Except(ours)).ToList();
        Assert.Equal(closest.Except(onlyOneSaw).Order(StringComparer.Ordinal), closest.Order(StringComparer.Ordinal));
    }

    private static bool Answered(QueryPeer row) => row.State == PeerState.Answered;

    private async Task<Lookup> LookUpAsync(string key)
    {
        var bytes = PeerId.TryParse(key, out var peer) ? peer.Bytes.ToArray() : Encoding.UTF8.GetBytes(key);

        // A client, so that nobody takes it into a routing table and the network stays as it is.
        await using var node = await HostedDhtNode.StartAsync(
            new Libp2pHostOptions
            {
                Identity = Identity.Create(),
                AllowPrivateAddresses = true,
                AddressTimeout = Patience,
            },
            new DhtOptions
            {
                Mode = DhtMode.Client,
                RefreshInterval = Timeout.InfiniteTimeSpan,
                DialTimeout = Patience,
                RequestTimeout = TimeSpan.FromSeconds(5),
            },
            _deadline.Token
        );
        var table = await Bed.SendAsync("routingTable", new { node = 0 }, _deadline.Token);
        var addresses = Bed.Nodes.ToDictionary(known => known.PeerId, known => HostedDhtNode.ParsePeer(known.Addresses[0]));
        foreach (var known in table.GetProperty("peers").EnumerateArray())
        {
            node.Dht.Offer(addresses[known.GetString()!]);
        }

        var recorder = new QueryRecorder();
        await node.Dht.GetClosestPeersAsync(bytes, new QueryOptions { Observers = [recorder] }, _deadline.Token);

        network.Receiver!.Requests.Clear();
        var theirs = await Bed.SendAsync("getClosestPeers", new { node = 0, key }, _deadline.Token);
        await Bed.SendAsync("flush", null, _deadline.Token);
        var shown = TraceReconstruction
            .Reconstruct([.. network.Receiver.Spans])
            .Queries.Single(query => query.Type == QueryType.GetClosestPeers);
        var says = theirs
            .GetProperty("events")
            .EnumerateArray()
            .Where(e => e.GetProperty("name").GetString() == "PEER_RESPONSE")
            .Select(e => e.GetProperty("from").GetString()!);
        return new Lookup(
            bytes,
            recorder.Trace.Peers.ToDictionary(row => row.Id),
            shown.Peers.ToDictionary(row => row.Id),
            says.ToHashSet(StringComparer.Ordinal)
        );
    }

    private sealed record Lookup(
        byte[] Key,
        Dictionary<string, PeerTrace> Ours,
        Dictionary<string, QueryPeer> JsShown,
        HashSet<string> JsSaysAnswered
    );

    public sealed class Network : IAsyncLifetime
    {
        public JsTestBed? Bed { get; private set; }

        internal OtlpReceiver? Receiver { get; private set; }

        public async ValueTask InitializeAsync()
        {
            if (Needs.Interop is { } folder)
            {
                var nodes = int.TryParse(Environment.GetEnvironmentVariable("DHT_TRACER_INTEROP_NODES"), out var asked) ? asked : 12;
                Receiver = await OtlpReceiver.StartAsync(grpc: false);
                Bed = await JsTestBed.StartAsync(
                    folder,
                    nodes,
                    TestContext.Current.CancellationToken,
                    "--trace-url",
                    new Uri(Receiver.Address, "/v1/traces").ToString(),
                    "--trace-nodes",
                    "0"
                );
            }
        }

        public async ValueTask DisposeAsync()
        {
            if (Bed is not null)
            {
                await Bed.DisposeAsync();
            }

            if (Receiver is not null)
            {
                await Receiver.DisposeAsync();
            }
        }
    }
}
