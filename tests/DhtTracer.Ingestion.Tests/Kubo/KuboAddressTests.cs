using DhtTracer.Ingestion.Kubo;

namespace DhtTracer.Ingestion.Tests.Kubo;

public sealed class KuboAddressTests
{
    [Theory]
    [InlineData("http://127.0.0.1:5001", "http://127.0.0.1:5001/", null)]
    [InlineData("http://127.0.0.1:5001/api/v0", "http://127.0.0.1:5001/", null)]
    [InlineData("https://kubo.example", "https://kubo.example/", null)]
    [InlineData("/ip4/127.0.0.1/tcp/5001", "http://127.0.0.1:5001/", null)]
    [InlineData("/ip4/127.0.0.1/tcp/5001/http", "http://127.0.0.1:5001/", null)]
    [InlineData("/ip6/::1/tcp/5001", "http://[::1]:5001/", null)]
    [InlineData("/dns4/kubo.example/tcp/443/https", "https://kubo.example/", null)]
    [InlineData("/unix/run/ipfs.sock", "http://unix/", "/run/ipfs.sock")]
    public void An_address_is_a_url_or_a_multiaddr(string text, string url, string? socket)
    {
        var address = KuboAddress.Parse(text, out var authorization);

        Assert.Equal((new Uri(url), socket), (address.Url, address.UnixSocket));
        Assert.Null(authorization);
    }

    [Theory]
    [InlineData("127.0.0.1:5001")]
    [InlineData("ftp://127.0.0.1")]
    [InlineData("/ip4/127.0.0.1/udp/5001")]
    [InlineData("/ip4/127.0.0.1/tcp/4001/p2p/12D3KooWLxDvWWswppMHJ4ALvQDiBNMtJ8VeaQtqNh4SXh1bd1Vo")]
    [InlineData("get-providers")]
    public void Other_text_is_refused_with_an_example(string text)
    {
        var refused = Assert.Throws<KuboException>(() => KuboAddress.Parse(text, out _));

        Assert.Equal(KuboProblem.BadRequest, refused.Problem);
        Assert.Contains("/ip4", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void User_info_becomes_the_authorization_and_is_shown_nowhere()
    {
        var address = KuboAddress.Parse("http://user:p%40ss@127.0.0.1:5001", out var authorization);

        Assert.Equal("http://127.0.0.1:5001", address.ToString());
        Assert.DoesNotContain("ss", address.Url.ToString(), StringComparison.Ordinal);
        Assert.Equal("Basic", authorization!.ToString());
        Assert.Equal("dXNlcjpwQHNz", authorization.Header.Parameter);
    }

    [Theory]
    [InlineData("s3cret")]
    [InlineData("bearer:\n")]
    [InlineData("bearer:a b")]
    [InlineData("basic:user")]
    public void An_authorization_of_another_form_is_refused_without_repeating_it(string secret)
    {
        var refused = Assert.Throws<KuboException>(() => KuboAuthorization.Parse(secret));

        Assert.DoesNotContain(secret, refused.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("/ip4/127.0.0.1/tcp/5002\n", "http://127.0.0.1:5002/")]
    [InlineData("http://127.0.0.1:5003", "http://127.0.0.1:5003/")]
    public void The_repository_of_a_running_daemon_tells_its_address(string content, string url)
    {
        var folder = Directory.CreateTempSubdirectory("dht-tracer-ipfs-");
        try
        {
            File.WriteAllText(Path.Combine(folder.FullName, "api"), content);

            Assert.Equal(new Uri(url), KuboAddress.OfRepository(folder.FullName, out _).Url);
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    [Fact]
    public void Without_a_running_daemon_the_file_and_the_remedy_are_named()
    {
        var refused = Assert.Throws<KuboException>(() => KuboAddress.OfRepository("/nonexistent", out _));

        Assert.Contains("/nonexistent/api", refused.Message, StringComparison.Ordinal);
        Assert.Contains("IPFS_PATH", refused.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(QueryType.FindPeer, "bafkreiexpifyjboedo63avngbzeo6lz5wzdjoko2343dkzqo7352e37eye", "is no peer id")]
    [InlineData(QueryType.GetProviders, "hello", "is no CID")]
    [InlineData(QueryType.GetValue, "/v/name", "/ipns/ and /pk/ only")]
    [InlineData(QueryType.GetValue, "name", "is no record key")]
    [InlineData(QueryType.PutValue, "/ipns/12D3KooWLxDvWWswppMHJ4ALvQDiBNMtJ8VeaQtqNh4SXh1bd1Vo", "needs a value")]
    [InlineData(QueryType.GetClosestPeers, "/v/name", "peer id or CID only")]
    [InlineData(QueryType.Ping, "12D3KooWLxDvWWswppMHJ4ALvQDiBNMtJ8VeaQtqNh4SXh1bd1Vo", "A Kubo runs")]
    public void A_key_that_the_daemon_would_not_take_is_refused_before_it_is_sent(QueryType type, string key, string problem)
    {
        var refused = Assert.Throws<KuboException>(() => KuboCommand.Create(type, key));

        Assert.Contains(problem, refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void The_closest_peers_of_a_cid_are_asked_by_its_multihash()
    {
        // base58 of 1220 and the digest of the CID, by another implementation of base32 and base58.
        var command = KuboCommand.Create(QueryType.GetClosestPeers, "bafkreiexpifyjboedo63avngbzeo6lz5wzdjoko2343dkzqo7352e37eye");

        Assert.Equal("QmYXxD5hCxmHCYpVm2c9LTrXwWgfeCvXHwhmQ7WssSfMYk", command.Argument);
    }
}
