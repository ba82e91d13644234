using DhtTracer.Kademlia.Messages;
using DhtTracer.Kademlia.Records;
using DhtTracer.Kademlia.Tests.Simulation;
using DhtTracer.Multiformats;

namespace DhtTracer.Kademlia.Tests.Records;

public sealed class RecordStoreTests
{
    private readonly VirtualTime _time = new();
    private readonly Random _random = new(6);

    [Fact]
    public void A_full_provider_store_drops_the_key_that_expires_first()
    {
        var store = new ProviderStore(_time, TimeSpan.FromHours(1), new RecordStoreLimits(MaxKeys: 2));
        Add(store, "a");
        Add(store, "b");
        Add(store, "a");
        Add(store, "c");
        Assert.Equal([2, 0, 1], new[] { "a", "b", "c" }.Select(key => store.Get(System.Text.Encoding.UTF8.GetBytes(key)).Count));
    }

    [Fact]
    public void A_key_with_too_many_providers_drops_the_one_that_expires_first()
    {
        var store = new ProviderStore(_time, TimeSpan.FromHours(1), new RecordStoreLimits(MaxPerKey: 2));
        var ids = Enumerable.Range(0, 3).Select(_ => Add(store, "a")).ToList();
        Assert.Equal([ids[2], ids[1]], store.Get("a"u8).Select(peer => peer.Id));
    }

    [Fact]
    public void Values_expire_and_are_swept()
    {
        var store = new ValueStore(new RecordValidator([new TestNamespace()]), _time, TimeSpan.FromHours(1));
        Assert.Null(store.Put("/v/a"u8, "1"u8));
        Assert.NotNull(store.Get("/v/a"u8));
        Pass(TimeSpan.FromHours(1));
        Assert.Null(store.Get("/v/a"u8));
        Assert.Equal(1, store.Sweep());
        Assert.Equal(0, store.Count);
    }

    [Fact]
    public void An_expired_better_value_does_not_keep_a_new_one_out()
    {
        var store = new ValueStore(new RecordValidator([new TestNamespace()]), _time, TimeSpan.FromHours(1));
        Assert.Null(store.Put("/v/a"u8, "9"u8));
        Assert.NotNull(store.Put("/v/a"u8, "1"u8));
        Pass(TimeSpan.FromHours(2));
        Assert.Null(store.Put("/v/a"u8, "1"u8));
    }

    [Fact]
    public void A_full_value_store_drops_the_record_that_expires_first()
    {
        var store = new ValueStore(
            new RecordValidator([new TestNamespace()]),
            _time,
            TimeSpan.FromHours(1),
            new RecordStoreLimits(MaxKeys: 1)
        );
        Assert.Null(store.Put("/v/a"u8, "1"u8));
        Pass(TimeSpan.FromMinutes(1));
        Assert.Null(store.Put("/v/b"u8, "1"u8));
        Assert.Null(store.Get("/v/a"u8));
        Assert.NotNull(store.Get("/v/b"u8));
    }

    [Fact]
    public void A_public_key_record_must_hold_the_key_of_its_peer()
    {
        // Key and peer id made by js-libp2p.
        var publicKey = Convert.FromHexString("08011220581cfaf7a8b866f720f930367a4e39553aa3cc3245e957618313d468e25e4034");
        var key = RecordKey.ForPublicKey(PeerId.Parse("12D3KooWFkKgCFQufmSenmLh3r4xJa21r2eDPSAGAzGqVf1YZtCT"));
        var validator = new RecordValidator([new PublicKeyNamespace()]);
        Assert.Null(validator.Validate(key, publicKey));
        publicKey[10] ^= 1;
        Assert.NotNull(validator.Validate(key, publicKey));
        Assert.NotNull(validator.Validate("/pk/short"u8, publicKey));
    }

    private PeerId Add(ProviderStore store, string key)
    {
        Pass(TimeSpan.FromSeconds(1));
        var peer = SimulatedNetwork.RandomPeerId(_random);
        store.Add(System.Text.Encoding.UTF8.GetBytes(key), new KadPeer(peer, []));
        return peer;
    }

    private void Pass(TimeSpan duration) => _time.Run(() => Task.Delay(duration, _time));
}
