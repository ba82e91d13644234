using System.Net;
using DhtTracer.Libp2p.Dns;
using DhtTracer.Libp2p.Hosting;
using DhtTracer.Multiformats;

namespace DhtTracer.Libp2p.Tests.Hosting;

public class AddressResolverTests
{
    private const string Peer = "12D3KooWD3eckifWpRn9wQpMG9R9hX3sD158z7EqHWmweQAJU5SA";
    private const string Other = "QmYyQSo1c1Ym7orWxLYvCrM2EmxFTANf8wXmmE7DWjhx5N";

    [Fact]
    public async Task A_dnsaddr_leads_to_the_addresses_of_the_wanted_peer()
    {
        // As under bootstrap.libp2p.io: one record per peer, which leads to a name of its own.
        var (targets, unusable) = await ResolveAsync(
            "/dnsaddr/bootstrap.example/p2p/" + Peer,
            (
                "_dnsaddr.bootstrap.example",
                [$"dnsaddr=/dnsaddr/one.example/p2p/{Peer}", $"dnsaddr=/dnsaddr/two.example/p2p/{Other}", "unrelated"]
            ),
            (
                "_dnsaddr.one.example",
                [
                    $"dnsaddr=/ip4/8.8.8.8/tcp/4001/p2p/{Peer}",
                    $"dnsaddr=/ip4/8.8.8.8/udp/4001/quic-v1/p2p/{Peer}",
                    $"dnsaddr=/ip4/1.1.1.1/tcp/1/p2p/{Other}",
                ]
            )
        );
        Assert.Equal(["8.8.8.8:4001"], targets.Select(target => target.EndPoint.ToString()));
        Assert.Equal("only plain TCP is supported", Assert.Single(unusable).Text);
    }

    [Fact]
    public async Task Names_that_lead_to_each_other_end()
    {
        var (targets, _) = await ResolveAsync(
            "/dnsaddr/a.example",
            ("_dnsaddr.a.example", ["dnsaddr=/dnsaddr/b.example"]),
            ("_dnsaddr.b.example", ["dnsaddr=/dnsaddr/a.example"])
        );
        Assert.Empty(targets);
    }

    [Fact]
    public async Task Names_that_lead_ever_deeper_end()
    {
        var asked = 0;
        var resolver = new AddressResolver((_, _) => Task.FromResult<IReadOnlyList<string>>([$"dnsaddr=/dnsaddr/{++asked}.example"]));
        var (targets, unusable) = await resolver.ResolveAsync([Multiaddr.Parse("/dnsaddr/0.example")], null, true, default);
        Assert.Empty(targets);
        Assert.Contains("without end", Assert.Single(unusable).Text, StringComparison.Ordinal);
        Assert.Equal(4, asked);
    }

    [Fact]
    public async Task A_name_that_does_not_resolve_is_a_reason_not_a_failure()
    {
        var resolver = new AddressResolver((_, _) => throw new DnsException("the name does not exist"));
        var (targets, unusable) = await resolver.ResolveAsync(
            [Multiaddr.Parse("/dnsaddr/a.example"), Multiaddr.Parse("/ip4/8.8.8.8/tcp/1")],
            null,
            false,
            default
        );
        Assert.Single(targets);
        Assert.Contains("does not exist", Assert.Single(unusable).Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_number_of_addresses_is_limited_and_repeats_count_once()
    {
        var resolver = new AddressResolver((_, _) => Task.FromResult<IReadOnlyList<string>>([]));
        var many = Enumerable.Range(1, 200).Select(i => Multiaddr.Parse($"/ip4/8.8.8.{i / 2}/tcp/1"));
        var (targets, _) = await resolver.ResolveAsync(many, null, false, default);
        Assert.Equal(AddressResolver.MaxTargets, targets.Select(target => target.EndPoint).Distinct().Count());
        Assert.Equal(AddressResolver.MaxTargets, targets.Count);
    }

    // The special-purpose ranges of RFC 6890 and their neighbours.
    [Theory]
    [InlineData("8.8.8.8", true)]
    [InlineData("9.255.255.255", true)]
    [InlineData("10.0.0.0", false)]
    [InlineData("100.63.255.255", true)]
    [InlineData("100.64.0.1", false)]
    [InlineData("127.0.0.1", false)]
    [InlineData("169.254.169.254", false)]
    [InlineData("172.15.255.255", true)]
    [InlineData("172.31.255.255", false)]
    [InlineData("192.168.1.1", false)]
    [InlineData("224.0.0.1", false)]
    [InlineData("255.255.255.255", false)]
    [InlineData("0.0.0.0", false)]
    [InlineData("::1", false)]
    [InlineData("::", false)]
    [InlineData("fe80::1", false)]
    [InlineData("fd00::1", false)]
    [InlineData("::ffff:10.0.0.1", false)]
    [InlineData("::ffff:8.8.8.8", true)]
    [InlineData("2001:4860:4860::8888", true)]
    public void Addresses_are_public_or_not(string address, bool isPublic) =>
        Assert.Equal(isPublic, IpScope.IsPublic(IPAddress.Parse(address)));

    private static Task<(IReadOnlyList<DialTarget> Targets, IReadOnlyList<DialAttempt> Unusable)> ResolveAsync(
        string address,
        params (string Name, string[] Texts)[] records
    )
    {
        var resolver = new AddressResolver(
            (name, _) => Task.FromResult<IReadOnlyList<string>>(records.Single(record => record.Name == name).Texts)
        );
        var parsed = Multiaddr.Parse(address);
        return resolver.ResolveAsync([parsed], parsed.PeerId, allowPrivate: false, default);
    }
}
