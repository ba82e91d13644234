using System.Collections.Concurrent;
using DhtTracer.Libp2p.Hosting;
using DhtTracer.Libp2p.Identities;
using DhtTracer.Multiformats;

namespace DhtTracer.Libp2p.Tests.Hosting;

/// <summary>Hosts on loopback for one test; the test fails when one of them met an error that reached no caller.</summary>
internal sealed class TestHosts : IAsyncDisposable
{
    private readonly List<Libp2pHost> _hosts = [];

    public ConcurrentQueue<HostFault> Faults { get; } = [];

    public bool FaultsExpected { get; set; }

    public static CancellationToken Deadline => new CancellationTokenSource(TimeSpan.FromSeconds(30)).Token;

    public async Task<Libp2pHost> StartAsync(Func<Libp2pHostOptions, Libp2pHostOptions>? change = null)
    {
        var options = new Libp2pHostOptions
        {
            Identity = Identity.Create(),
            ListenAddresses = [Multiaddr.Parse("/ip4/127.0.0.1/tcp/0")],
            AllowPrivateAddresses = true,
            OnFault = Faults.Enqueue,
        };
        var host = await Libp2pHost.StartAsync(change?.Invoke(options) ?? options);
        _hosts.Add(host);
        return host;
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var host in _hosts)
        {
            await host.DisposeAsync();
        }

        Assert.True(FaultsExpected || Faults.IsEmpty, string.Join("\n", Faults));
    }
}
