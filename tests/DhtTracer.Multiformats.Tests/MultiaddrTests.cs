using System.Net;
using DhtTracer.TestSupport;

namespace DhtTracer.Multiformats.Tests;

public class MultiaddrTests
{
    private const string Peer = "12D3KooWD3eckifWpRn9wQpMG9R9hX3sD158z7EqHWmweQAJU5SA";

    [Fact]
    public void The_addresses_of_js_libp2p_have_the_same_bytes() =>
        Assert.All(
            Vectors.Root.GetProperty("multiaddrs").EnumerateArray(),
            vector =>
            {
                var address = Multiaddr.Parse(vector.Text("text"));
                Assert.Equal(vector.Text("hex"), Convert.ToHexStringLower(address.Bytes));
                Assert.True(Multiaddr.TryParse(vector.Hex("hex"), out var fromBytes));
                Assert.Equal(vector.Text("text"), fromBytes.ToString());
                Assert.Equal(address, fromBytes);
            }
        );

    // Codes from the multicodec table: ip4 0x04, tcp 0x06, udp 0x0111, quic 0x01cc, webtransport 0x01d1, certhash 0x01d2, webrtc-direct
    // 0x0118, tls 0x01c0.
    [Theory]
    [InlineData("/ip4/1.2.3.4/udp/1234/quic", "0401020304910204d2cc03")]
    [InlineData("/dns6/a.b/tcp/443/tls/ws", "3703612e620601bbc003dd03")]
    [InlineData("/ip4/1.2.3.4/udp/9/webrtc-direct/certhash/uEgNmb28", "0401020304910200099802d203051203666f6f")]
    [InlineData("/ip4/1.2.3.4/udp/9/quic-v1/webtransport/certhash/uEgNmb28", "040102030491020009cd03d103d203051203666f6f")]
    [InlineData("/dnsaddr/bootstrap.libp2p.io", "3813626f6f7473747261702e6c69627032702e696f")]
    public void Addresses_of_other_transports_are_read_and_written(string text, string hex)
    {
        Assert.Equal(hex, Convert.ToHexStringLower(Multiaddr.Parse(text).Bytes));
        Assert.True(Multiaddr.TryParse(Convert.FromHexString(hex), out var address));
        Assert.Equal(text, address.ToString());
    }

    [Fact]
    public void An_unknown_protocol_is_kept_byte_for_byte()
    {
        // onion3 (code 445) is not implemented here.
        var bytes = Convert.FromHexString("0401020304" + "bd03" + "aabbccdd");
        Assert.True(Multiaddr.TryParse(bytes, out var address));
        Assert.Equal(bytes, address.Bytes.ToArray());
        Assert.Equal("/ip4/1.2.3.4/unknown/bd03aabbccdd", address.ToString());
        Assert.Equal(address, Multiaddr.Parse(address.ToString()));
        Assert.Equal(445UL, address.Components[1].Code);
    }

    [Fact]
    public void Ipfs_is_the_old_name_of_p2p() =>
        Assert.Equal($"/ip4/1.2.3.4/tcp/1/p2p/{Peer}", Multiaddr.Parse($"/ip4/1.2.3.4/tcp/1/ipfs/{Peer}").ToString());

    [Fact]
    public void The_peer_is_the_one_at_the_end()
    {
        Assert.Equal(Peer, Multiaddr.Parse($"/ip4/1.2.3.4/tcp/1/p2p/{Peer}").PeerId.ToString());
        Assert.Null(Multiaddr.Parse("/ip4/1.2.3.4/tcp/1").PeerId);
        Assert.Null(Multiaddr.Parse($"/ip4/1.2.3.4/tcp/1/p2p/{Peer}/p2p-circuit").PeerId);
        var plain = Multiaddr.Parse("/ip4/1.2.3.4/tcp/1");
        Assert.Equal(plain, plain.WithPeerId(PeerId.Parse(Peer)).WithPeerId(PeerId.Parse(Peer)).WithoutPeerId());
    }

    [Theory]
    [InlineData("/ip4/1.2.3.4/tcp/4001", "1.2.3.4:4001")]
    [InlineData("/ip6/::1/tcp/1/p2p/" + Peer, "[::1]:1")]
    [InlineData("/ip4/1.2.3.4/tcp/4001/ws", null)]
    [InlineData("/ip4/1.2.3.4/udp/4001/quic-v1", null)]
    [InlineData("/ip4/1.2.3.4/tcp/1/p2p/" + Peer + "/p2p-circuit", null)]
    [InlineData("/dns4/example.org/tcp/1", null)]
    public void Only_plain_tcp_has_an_end_point(string text, string? expected)
    {
        Assert.Equal(expected is not null, Multiaddr.Parse(text).TryGetTcpEndPoint(out var endPoint));
        Assert.Equal(expected, endPoint?.ToString());
        if (endPoint is not null)
        {
            Assert.Equal(Multiaddr.Parse(text).WithoutPeerId(), Multiaddr.FromTcp(endPoint));
        }
    }

    [Fact]
    public void A_mapped_address_is_written_as_the_ipv4_address_that_it_is() =>
        Assert.Equal("/ip4/10.0.0.1/tcp/5", Multiaddr.FromTcp(new IPEndPoint(IPAddress.Parse("::ffff:10.0.0.1"), 5)).ToString());

    [Theory]
    [InlineData("", MultiformatError.Empty)]
    [InlineData("/", MultiformatError.Empty)]
    [InlineData("ip4/1.2.3.4", MultiformatError.InvalidCharacter)]
    [InlineData("/ip4", MultiformatError.Truncated)]
    [InlineData("/ip4/1.2.3", MultiformatError.InvalidValue)]
    [InlineData("/ip4/1.2.3.256", MultiformatError.InvalidValue)]
    [InlineData("/ip6/fe80::1%eth0", MultiformatError.InvalidValue)]
    [InlineData("/ip4/1.2.3.4/tcp/65536", MultiformatError.InvalidValue)]
    [InlineData("/ip4/1.2.3.4/tcp/+1", MultiformatError.InvalidValue)]
    [InlineData("/ip4/1.2.3.4/tcp/1/p2p/nobody", MultiformatError.InvalidValue)]
    [InlineData("/carrier-pigeon/1", MultiformatError.Unsupported)]
    public void Bad_text_is_refused_by_kind(string text, MultiformatError error) =>
        Assert.Equal(error, Assert.Throws<MultiformatException>(() => Multiaddr.Parse(text)).Error);

    [Theory]
    [InlineData("", MultiformatError.Empty)]
    [InlineData("04010203", MultiformatError.Truncated)]
    [InlineData("0401020304060f", MultiformatError.Truncated)]
    [InlineData("36ff7f61", MultiformatError.Truncated)]
    [InlineData("3603612f62", MultiformatError.InvalidValue)] // a slash in a host name would change the meaning of the text
    [InlineData("3601ff", MultiformatError.InvalidValue)] // not UTF-8
    [InlineData("a503020102", MultiformatError.InvalidValue)] // no peer id
    public void Bad_bytes_are_refused_by_kind(string hex, MultiformatError error) =>
        Assert.Equal(error, Multiaddr.Decode(Convert.FromHexString(hex), out _));

    [Fact]
    public void The_number_of_protocols_is_limited() =>
        Assert.Equal(
            MultiformatError.TooLong,
            Multiaddr.Decode(Enumerable.Repeat<byte[]>([0xdd, 0x03], 33).SelectMany(b => b).ToArray(), out _)
        );

    [Fact]
    public void Mutated_addresses_keep_their_bytes_and_their_text_or_are_refused()
    {
        var random = new Random(7);
        var valid = Vectors.Root.GetProperty("multiaddrs").EnumerateArray().Select(vector => vector.Hex("hex")).ToArray();
        for (var i = 0; i < Fuzz.Inputs; i++)
        {
            var bytes = Fuzz.Mutate(random, valid[i % valid.Length]);
            if (!Multiaddr.TryParse(bytes, out var address))
            {
                continue;
            }

            Assert.Equal(bytes, address.Bytes.ToArray());

            // Equal as text; the bytes of an IPv6 address in its mapped form, for one, are the same too.
            if (Multiaddr.TryParse(address.ToString(), out var again))
            {
                Assert.Equal(address, again);
            }
            else
            {
                Assert.Fail($"{Convert.ToHexStringLower(bytes)} became {address}, which cannot be read");
            }
        }
    }
}
