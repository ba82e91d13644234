using System.Diagnostics;
using System.Text;
using DhtTracer.Analysis;
using DhtTracer.Analysis.Model;
using DhtTracer.EndToEnd.Tests.NodeExport;
using DhtTracer.Kademlia;
using DhtTracer.Kademlia.Messages;
using DhtTracer.Kademlia.Server;
using DhtTracer.Libp2p.Hosting;
using DhtTracer.Libp2p.Identities;
using DhtTracer.Multiformats;
using DhtTracer.Node;
using DhtTracer.TestSupport;

namespace DhtTracer.EndToEnd.Tests.Interop;

/// <summary>Tests among 60 Go nodes, which need the processors for themselves.</summary>
[CollectionDefinition(nameof(GoNetworkCollection), DisableParallelization = true)]
public sealed class GoNetworkCollection : ICollectionFixture<GoNetwork>;

/// <summary>
/// 60 Go servers, 11 of them faulty; a traced node of ours that asks them, and one that serves them and keeps what it was asked.
/// </summary>
public sealed class GoNetwork : IAsyncLifetime
{
    private const int Nodes = 60;

    internal const string Why = "shared/testbed-go beside the clone, and xz, are needed";

    internal GoTestBed? Bed { get; private set; }

    internal OtlpReceiver Receiver { get; private set; } = null!;

    /// <summary>Our node that asks.</summary>
    internal TracedNode Asker { get; private set; } = null!;

    /// <summary>How many of the bootstrap peers answered our node.</summary>
    internal int BootstrapAnswers { get; private set; }

    /// <summary>Our node that serves.</summary>
    internal HostedDhtNode Server { get; private set; } = null!;

    /// <summary>What our serving node was asked.</summary>
    internal WitnessedServer Witness { get; private set; } = null!;

    /// <summary>What the Go nodes did.</summary>
    internal GoOperations Theirs { get; private set; } = null!;

    internal IEnumerable<GoNode> Alive => Bed!.Nodes.Where(node => node.Kind == "alive");

    internal GoNode OfKind(string kind) => Bed!.Nodes.First(node => node.Kind == kind);

    public async ValueTask InitializeAsync()
    {
        if (Needs.GoNetwork is not { } packed)
        {
            return;
        }

        var token = TestContext.Current.CancellationToken;
        Bed = await GoTestBed.StartAsync(
            packed,
            token,
            "-n",
            $"{Nodes}",
            "-seed",
            "10",
            "-delay",
            "2ms-30ms",
            "-dead",
            "3",
            "-blackhole",
            "2",
            "-silent",
            "2",
            "-reset",
            "2",
            "-nodht",
            "2"
        );
        Receiver = await OtlpReceiver.StartAsync(grpc: true);
        var options = new DhtOptions
        {
            DialTimeout = TimeSpan.FromSeconds(1),
            RequestTimeout = TimeSpan.FromSeconds(1),
            RefreshInterval = Timeout.InfiniteTimeSpan,
        };
        Asker = await TracedNode.StartAsync(
            new NodeOptions
            {
                Bootstrap = [.. Bed.Nodes.Take(3).Select(node => $"{node.Peer.Addresses[0]}/p2p/{node.Id}")],
                Dht = options,
                DialBackoff = TimeSpan.Zero,
                Export = new SpanExportOptions { Endpoint = Receiver.Address },
            },
            TextWriter.Null,
            token
        );
        BootstrapAnswers = await Asker.BootstrapAsync(token);

        Server = await HostedDhtNode.StartAsync(
            new Libp2pHostOptions
            {
                Identity = Identity.Create(),
                ListenAddresses = [Multiaddr.Parse("/ip4/127.0.0.1/tcp/0")],
                AllowPrivateAddresses = true,
            },
            options with
            {
                Traced = false,
            },
            server => Witness = new WitnessedServer(server),
            token
        );
        Assert.Equal(3, await Server.Dht.BootstrapAsync([.. Bed.Nodes.Take(3).Select(node => node.Peer)], token));
        Theirs = await AsGoAsync(() => GoOperations.RunAsync(this));
    }

    /// <summary>
    /// Lets Go nodes do something. The silent nodes answer meanwhile: a lookup of Go waits 20 s for each, and it is ours that is to be
    /// tested.
    /// </summary>
    internal async Task<T> AsGoAsync<T>(Func<Task<T>> operation)
    {
        var silent = Bed!.Nodes.Where(node => node.Kind == "silent").ToList();
        await Task.WhenAll(silent.Select(node => Bed.AskAsync(node, "kind", ("kind", "alive"))));
        try
        {
            return await operation();
        }
        finally
        {
            await Task.WhenAll(silent.Select(node => Bed.AskAsync(node, "kind", ("kind", "silent"))));
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (Bed is not null)
        {
            await Server.DisposeAsync();
            await Asker.DisposeAsync();
            await Receiver.DisposeAsync();
            await Bed.DisposeAsync();
        }
    }

    /// <summary>What our node's spans say of a query.</summary>
    internal Query Shown(ActivityContext span)
    {
        Assert.True(Asker.Flush());
        return TraceReconstruction
            .Reconstruct([.. Receiver.Spans.Where(sent => sent.TraceId.ToString() == span.TraceId.ToString())])
            .Queries.Single(query => query.Id.SpanId.ToString() == span.SpanId.ToString());
    }

    /// <summary>Content whose key is nearer to a peer than to every Go node.</summary>
    internal Cid ContentNear(PeerId peer, string name) =>
        Enumerable
            .Range(0, 100_000)
            .Select(number => Cid.CreateV1(Cid.Raw, Multihash.OfSha256(Encoding.ASCII.GetBytes($"{name} {number}"))))
            .First(content => IsNearest(peer, content.Multihash.Bytes));

    /// <summary>A record key that is nearer to a peer than to every Go node.</summary>
    internal string RecordKeyNear(PeerId peer, string name) =>
        Enumerable.Range(0, 100_000).Select(number => $"/v/{name}-{number}").First(key => IsNearest(peer, Encoding.ASCII.GetBytes(key)));

    private bool IsNearest(PeerId peer, ReadOnlySpan<byte> key)
    {
        var target = KadId.Of(key);
        return Bed!.Nodes.All(node => target.CompareDistance(KadId.Of(peer), KadId.Of(node.Peer.Id)) < 0);
    }
}

/// <summary>Keeps the requests that reached a server of ours, and its answers.</summary>
internal sealed class WitnessedServer(KadServer server) : IKadResponder
{
    private readonly Lock _lock = new();
    private readonly List<(PeerId From, KadMessage Request, KadMessage? Answer)> _served = [];

    public IReadOnlyList<(PeerId From, KadMessage Request, KadMessage? Answer)> Served
    {
        get
        {
            lock (_lock)
            {
                return [.. _served];
            }
        }
    }

    public ValueTask<KadMessage?> AnswerAsync(KadMessage request, PeerId sender, CancellationToken cancellationToken)
    {
        var answer = server.Answer(request, sender);
        lock (_lock)
        {
            _served.Add((sender, request, answer));
        }

        return ValueTask.FromResult(answer);
    }
}
