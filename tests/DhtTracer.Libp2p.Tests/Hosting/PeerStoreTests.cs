using DhtTracer.Libp2p.Hosting;
using DhtTracer.Libp2p.Identities;
using DhtTracer.Multiformats;

namespace DhtTracer.Libp2p.Tests.Hosting;

public class PeerStoreTests
{
    private static readonly PeerId Peer = Identity.Create().PeerId;

    [Fact]
    public void Addresses_are_kept_once_without_the_peer_and_never_those_of_another()
    {
        var store = new PeerStore(100, TimeProvider.System);
        store.AddAddresses(Peer, [Address(1), Address(1).WithPeerId(Peer), Address(2).WithPeerId(Identity.Create().PeerId)]);
        Assert.Equal([Address(1)], store.Find(Peer)!.Addresses);
    }

    [Fact]
    public void The_newest_addresses_come_first_and_their_number_is_limited()
    {
        var store = new PeerStore(100, TimeProvider.System);
        for (var port = 1; port <= 40; port++)
        {
            store.AddAddresses(Peer, [Address(port)]);
        }

        var addresses = store.Find(Peer)!.Addresses;
        Assert.Equal(PeerStore.MaxAddresses, addresses.Count);
        Assert.Equal(Address(40), addresses[0]);
    }

    [Fact]
    public void A_full_store_forgets_those_that_were_heard_of_longest_ago()
    {
        var store = new PeerStore(100, TimeProvider.System);
        store.AddAddresses(Peer, [Address(1)]);
        for (var i = 0; i < 300; i++)
        {
            store.AddAddresses(Identity.FromSeed([.. BitConverter.GetBytes(i), .. new byte[28]]).PeerId, [Address(1)]);
        }

        Assert.InRange(store.Count, 50, 101);
        Assert.Null(store.Find(Peer));
    }

    private static Multiaddr Address(int port) => Multiaddr.Parse($"/ip4/1.2.3.4/tcp/{port}");
}
