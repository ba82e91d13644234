using System.Text.Json;
using DhtTracer.Multiformats;

namespace DhtTracer.EndToEnd.Tests.Interop;

/// <summary>Every operation, done by Go nodes: all at once, as each may wait 5 s for a peer that cannot be dialed.</summary>
internal sealed class GoOperations
{
    private readonly GoNetwork _network;

    private GoOperations(GoNetwork network)
    {
        _network = network;
        var us = network.Server.Dht.Id;
        ClosestKey = network.RecordKeyNear(us, "closest");
        ProvidedToUs = network.ContentNear(us, "provided");
        PutToUs = network.RecordKeyNear(us, "value");
    }

    /// <summary>Content that two Go nodes provide.</summary>
    public Cid ProvidedByGo { get; } = Cid.CreateV1(Cid.Raw, Multihash.OfSha256("of go"u8));

    public IReadOnlyList<GoNode> Providers => [.. Bed.Nodes.Take(2)];

    /// <summary>Key of a value that a Go node put.</summary>
    public string PutByGo => "/v/of go";

    /// <summary>Keys to which our serving node is the nearest peer.</summary>
    public string ClosestKey { get; }

    public Cid ProvidedToUs { get; }

    public string PutToUs { get; }

    public JsonElement FoundPeer { get; private set; }

    public JsonElement Closest { get; private set; }

    public JsonElement FoundProviders { get; private set; }

    public JsonElement Got { get; private set; }

    private GoTestBed Bed => _network.Bed!;

    private string Us => _network.Server.Dht.Id.ToString();

    /// <summary>Go nodes that have nothing to do with our node's bootstrap.</summary>
    public GoNode Actor(int number) => _network.Alive.Skip(10 + number).First();

    public static async Task<GoOperations> RunAsync(GoNetwork network)
    {
        var operations = new GoOperations(network);
        await Task.WhenAll([
            .. operations.Providers.Select(node => operations.Bed.AskAsync(node, "provide", ("cid", operations.ProvidedByGo.ToString()))),
            operations.Bed.AskAsync(operations.Bed.Nodes[4], "put", ("key", operations.PutByGo), ("value", "seq:1:from go")),
            operations.FindAsync(),
            operations.ProvideAsync(),
            operations.PutAsync(),
            operations.PingAsync(),
        ]);
        return operations;
    }

    public Task ConnectAsync(GoNode node) => Bed.AskAsync(node, "connect", ("addr", $"{_network.Server.Host.ListenAddresses[0]}/p2p/{Us}"));

    private async Task FindAsync()
    {
        FoundPeer = await Bed.AskAsync(Actor(0), "findpeer", ("id", Us));
        Closest = await Bed.AskAsync(Actor(1), "closest", ("key", ClosestKey));
    }

    private async Task ProvideAsync()
    {
        await Bed.AskAsync(Actor(2), "provide", ("cid", ProvidedToUs.ToString()));
        var key = ProvidedToUs.Multihash.Bytes.ToArray();
        for (var attempt = 0; attempt < 100 && _network.Server.Dht.Providers.Get(key).Count == 0; attempt++)
        {
            // ADD_PROVIDER has no answer: its sender does not know when it has been taken.
            await Task.Delay(50);
        }

        FoundProviders = await Bed.AskAsync(Actor(3), "findprovs", ("cid", ProvidedToUs.ToString()));
    }

    private async Task PutAsync()
    {
        await Bed.AskAsync(Actor(4), "put", ("key", PutToUs), ("value", "seq:1:hello"));
        Got = await Bed.AskAsync(Actor(5), "get", ("key", PutToUs));
    }

    private async Task PingAsync()
    {
        await ConnectAsync(Actor(6));
        await Bed.AskAsync(Actor(6), "ping", ("id", Us));
    }
}
