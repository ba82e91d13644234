using System.Text;
using DhtTracer.TestSupport;

namespace DhtTracer.Multiformats.Tests;

public class KeyParserTests
{
    private const string PeerText = "12D3KooWD3eckifWpRn9wQpMG9R9hX3sD158z7EqHWmweQAJU5SA";
    private const string PeerHex = "0024080112202ffa35a99d3a3cfbb17bb7c1dc5561b18a8dcca4df38dc613ea859c37eb1336b";
    private const string NameText = "k51qzi5uqu5dhdmyb9bd18pypu2wp5lpv2xnskfmrqa4lb5knqryrotb05e7or";
    private const string IpnsHex = "2f69706e732f" + PeerHex;
    private const string DigestHex = "12206e6ff7950a36187a801613426e858dce686cd7d7e3c0fc42ee0330072d245c95";
    private const string RawCid = "bafkreidon73zkcrwdb5iafqtijxildoonbwnpv7dyd6ef3qdgads2jc4su";
    private const string Sha512Hex =
        "13409b71d224bd62f3785d96d46ad3ea3d73319bfbc2890caadae2dff72519673ca72323c3d99ba5c11d7c7acc6e14b8c5da"
        + "0c4663475c2e5c3adef46f73bcdec043";

    // The encoded forms were computed apart from this code, with arbitrary-precision arithmetic and base64 of another language.
    [Theory]
    [InlineData(PeerText, KeyKind.Peer, PeerHex, PeerText)]
    [InlineData(NameText, KeyKind.Peer, PeerHex, PeerText)]
    [InlineData("bafzaajaiaejcal72gwuz2or47oyxxn6b3rkwdmmkrxgkjxzy3rqt5kczyn7lcm3l", KeyKind.Peer, PeerHex, PeerText)]
    [InlineData(PeerHex, KeyKind.Peer, PeerHex, PeerText)]
    [InlineData("/p2p/" + PeerText, KeyKind.Peer, PeerHex, PeerText)]
    [InlineData("/ip4/127.0.0.1/tcp/4001/p2p/" + PeerText, KeyKind.Peer, PeerHex, PeerText)]
    [InlineData("/ipns/" + PeerText, KeyKind.Ipns, IpnsHex, "/ipns/" + NameText)]
    [InlineData("/ipns/" + NameText + "/blog/index.html", KeyKind.Ipns, IpnsHex, "/ipns/" + NameText)]
    [InlineData("ipns://" + NameText, KeyKind.Ipns, IpnsHex, "/ipns/" + NameText)]
    [InlineData("/ipns/z" + PeerText, KeyKind.Ipns, IpnsHex, "/ipns/" + NameText)]
    [InlineData("/ipns/f" + PeerHex, KeyKind.Ipns, IpnsHex, "/ipns/" + NameText)]
    [InlineData(IpnsHex, KeyKind.Ipns, IpnsHex, "/ipns/" + NameText)]
    [InlineData("zGR6JvfMcHjTLcr9aeJLe81YPPN7UGeGbrAeikAZurzFzciQQTp7DXp6ypkMY", KeyKind.Ipns, IpnsHex, "/ipns/" + NameText)]
    [InlineData("92rocakj01bimct42akx4j9sv71qt3bt5mx0a7lahapv6j06uy8kjq1ioxkdpfa5rc6j", KeyKind.Ipns, IpnsHex, "/ipns/" + NameText)]
    [InlineData("/pk/" + NameText, KeyKind.PublicKey, "2f706b2f" + PeerHex, "/pk/" + PeerText)]
    [InlineData("/v/hello", KeyKind.Record, "2f762f68656c6c6f", "/v/hello")]
    [InlineData("2f762f68656c6c6f", KeyKind.Record, "2f762f68656c6c6f", "/v/hello")]
    [InlineData("77jgfq2ndghmo5tma", KeyKind.Record, "2f762f6361707475726532", "/v/capture2")]
    [InlineData(RawCid, KeyKind.Cid, DigestHex, RawCid)]
    [InlineData("zb2rhe5P4gXftAwvA4eXQ5HJwsER2owDyS9sKaQRRVQPn93bA", KeyKind.Cid, DigestHex, RawCid)]
    [InlineData("/ipfs/" + RawCid + "/readme.txt", KeyKind.Cid, DigestHex, RawCid)]
    [InlineData("ipfs://" + RawCid, KeyKind.Cid, DigestHex, RawCid)]
    [InlineData("0155" + DigestHex, KeyKind.Cid, DigestHex, RawCid)]
    [InlineData(
        "uEiBub_eVCjYYeoAWE0JuhY3OaGzX1-PA_ELuAzAHLSRclQ",
        KeyKind.Multihash,
        DigestHex,
        "QmVmkadKS2uvxyD6YJJzd3Umem6SWV7QxYnL7kbpdWAsPS"
    )]
    [InlineData(
        "zQmVmkadKS2uvxyD6YJJzd3Umem6SWV7QxYnL7kbpdWAsPS",
        KeyKind.Multihash,
        DigestHex,
        "QmVmkadKS2uvxyD6YJJzd3Umem6SWV7QxYnL7kbpdWAsPS"
    )]
    [InlineData(
        "mugdu1bt7fneuxhg3ujxq7e0afd6gxxkeshre2guz5oir0fgb5hx",
        KeyKind.Multihash,
        DigestHex,
        "QmVmkadKS2uvxyD6YJJzd3Umem6SWV7QxYnL7kbpdWAsPS"
    )]
    [InlineData(DigestHex, KeyKind.Multihash, DigestHex, "QmVmkadKS2uvxyD6YJJzd3Umem6SWV7QxYnL7kbpdWAsPS")]
    [InlineData(
        Sha512Hex,
        KeyKind.Multihash,
        Sha512Hex,
        "8VvtnjJxjVhuoxVbuUsucwewoxPUu974mvuEhGWgrSEvJrASGkpwRYsTfuX3hWEoaC8YMaCcdKosq6wqEYoE7LNdD4"
    )]
    [InlineData(
        "8VvtnjJxjVhuoxVbuUsucwewoxPUu974mvuEhGWgrSEvJrASGkpwRYsTfuX3hWEoaC8YMaCcdKosq6wqEYoE7LNdD4",
        KeyKind.Multihash,
        Sha512Hex,
        "8VvtnjJxjVhuoxVbuUsucwewoxPUu974mvuEhGWgrSEvJrASGkpwRYsTfuX3hWEoaC8YMaCcdKosq6wqEYoE7LNdD4"
    )]
    public void The_likeliest_reading_comes_first(string text, KeyKind kind, string hex, string canonical)
    {
        var first = KeyParser.Parse(text)[0];
        Assert.Equal((kind, hex, canonical), (first.Kind, Convert.ToHexStringLower(first.Bytes.Span), first.Text));
    }

    [Fact]
    public void A_qm_text_is_content_and_a_peer()
    {
        var candidates = KeyParser.Parse("QmYyQSo1c1Ym7orWxLYvCrM2EmxFTANf8wXmmE7DWjhx5N");
        Assert.Equal([KeyKind.Cid, KeyKind.Peer, KeyKind.Ipns], candidates.Select(candidate => candidate.Kind));
        Assert.Equal(candidates[0].KadId, candidates[1].KadId);
        Assert.NotEqual(candidates[0].KadId, candidates[2].KadId);
    }

    [Fact]
    public void A_k51_text_is_a_peer_a_name_and_content() =>
        Assert.Equal([KeyKind.Peer, KeyKind.Ipns, KeyKind.Cid], KeyParser.Parse(NameText).Select(candidate => candidate.Kind));

    [Fact]
    public void Text_without_structure_gives_raw_bytes_in_every_base_it_fits()
    {
        // "feed" is hexadecimal, multibase base16 would need an even rest, base36 and plain text.
        var candidates = KeyParser.Parse("feed");
        Assert.All(candidates, candidate => Assert.Equal(KeyKind.Raw, candidate.Kind));
        Assert.Equal("feed", candidates[0].Text);
        Assert.Contains(candidates, candidate => candidate.Bytes.Span.SequenceEqual("feed"u8));
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("   ")]
    public void Nothing_gives_no_reading(string? text) => Assert.Empty(KeyParser.Parse(text));

    [Fact]
    public void Text_beyond_the_limit_gives_no_reading() => Assert.Empty(KeyParser.Parse(new string('Q', KeyParser.MaxTextLength + 1)));

    [Fact]
    public void A_domain_as_ipns_name_is_kept_as_it_is() =>
        Assert.Equal("/ipns/docs.ipfs.tech", KeyParser.Parse("/ipns/docs.ipfs.tech")[0].Text);

    [Fact]
    public void Mutated_keys_are_read_without_exceptions_and_canonical_texts_are_read_again()
    {
        var random = new Random(5);
        string[] valid = [PeerText, NameText, RawCid, "/ipns/" + NameText, "/pk/" + PeerText, DigestHex, "77jgfq2ndghmo5tma", "/v/hello"];
        for (var i = 0; i < Fuzz.Inputs / 4; i++)
        {
            foreach (var candidate in KeyParser.Parse(Fuzz.Mutate(random, valid[i % valid.Length])))
            {
                Assert.Contains(KeyParser.Parse(candidate.Text), again => again.Bytes.Span.SequenceEqual(candidate.Bytes.Span));
            }

            foreach (var candidate in KeyParser.FromBytes(Fuzz.Mutate(random, Encoding.UTF8.GetBytes(valid[i % valid.Length]))))
            {
                Assert.NotEmpty(candidate.Text);
            }
        }
    }
}
