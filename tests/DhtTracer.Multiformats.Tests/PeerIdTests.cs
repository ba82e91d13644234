using DhtTracer.TestSupport;

namespace DhtTracer.Multiformats.Tests;

public class PeerIdTests
{
    [Fact]
    public void Keys_of_js_libp2p_give_the_same_peer_ids_and_kademlia_ids() =>
        Assert.All(
            Vectors.Keys,
            key =>
            {
                var peer = PeerId.FromPublicKeyProtobuf(key.Hex("publicKeyProtobufHex"));
                Assert.Equal(key.Text("peerId"), peer.ToString());
                Assert.Equal(key.Text("peerIdMultihashHex"), Convert.ToHexStringLower(peer.Bytes));
                Assert.Equal(key.Text("peerIdCid"), peer.ToCidString(MultibaseEncoding.Base32));
                Assert.Equal(key.Text("kadIdHex"), KadId.Of(peer).ToString());
                Assert.Equal(peer, PeerId.Parse(key.Text("peerId")));
                Assert.Equal(peer, PeerId.Parse(key.Text("peerIdCid")));
                Assert.Equal(key.Text("publicKeyProtobufHex"), Convert.ToHexStringLower(peer.InlinePublicKeyProtobuf));
            }
        );

    // The examples of the peer id specification; the base36 forms were computed from its multihashes with arbitrary-precision arithmetic.
    [Theory]
    [InlineData(
        "12D3KooWD3eckifWpRn9wQpMG9R9hX3sD158z7EqHWmweQAJU5SA",
        "k51qzi5uqu5dhdmyb9bd18pypu2wp5lpv2xnskfmrqa4lb5knqryrotb05e7or",
        "bafzaajaiaejcal72gwuz2or47oyxxn6b3rkwdmmkrxgkjxzy3rqt5kczyn7lcm3l"
    )]
    [InlineData(
        "QmYyQSo1c1Ym7orWxLYvCrM2EmxFTANf8wXmmE7DWjhx5N",
        "k2k4r8ncs1yoluq95unsd7x2vfhgve0ncjoggwqx9vyh3vl8warrcp15",
        "bafzbeie5745rpv2m6tjyuugywy4d5ewrqgqqhfnf445he3omzpjbx5xqxe"
    )]
    public void The_examples_of_the_specification_are_one_peer_in_every_form(string base58, string base36, string base32)
    {
        var peer = PeerId.Parse(base58);
        Assert.Equal(peer, PeerId.Parse(base36));
        Assert.Equal(peer, PeerId.Parse(base32));
        Assert.Equal(base58, peer.ToString());
        Assert.Equal(base36, peer.ToCidString());
        Assert.Equal(base32, peer.ToCidString(MultibaseEncoding.Base32));
    }

    [Fact]
    public void A_key_longer_than_42_bytes_is_hashed()
    {
        // The ECDSA public key of the specification's test vectors; its SHA-256 was computed apart from this code.
        var key = Convert.FromHexString(
            "0803125b3059301306072a8648ce3d020106082a8648ce3d03010703420004de3d300fa36ae0e8f5d530899d83abab44abf3"
                + "161f162a4bc901d8e6ecda020e8b6d5f8da30525e71d6851510c098e5c47c646a597fb4dcec034e9f77c409e62"
        );
        var peer = PeerId.FromPublicKeyProtobuf(key);
        Assert.Equal("QmVMT29id3TUASyfZZ6k9hmNyc2nYabCo4uMSpDw4zrgDk", peer.ToString());
        Assert.True(peer.InlinePublicKeyProtobuf.IsEmpty);
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("Qm")]
    [InlineData("12D3KooWD3eckifWpRn9wQpMG9R9hX3sD158z7EqHWmweQAJU5S")]
    [InlineData("bafkreihdwdcefgh4dqkjv67uzcmw7ojee6xedzdetojuzjevtenxquvyku")] // a CID, but of content
    [InlineData("1111111111111111111111111111111111111111111111111111111111")]
    public void What_is_no_peer_id_is_refused(string? text)
    {
        Assert.False(PeerId.TryParse(text, out var peer));
        Assert.True(peer.IsEmpty);
    }

    [Theory]
    [InlineData("")]
    [InlineData("0000")]
    [InlineData("12200011")]
    [InlineData("1314000102030405060708090a0b0c0d0e0f10111213")] // sha2-512 code
    [InlineData("002b000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000")] // 43 bytes inline
    public void Multihashes_that_no_key_can_have_are_refused(string hex) =>
        Assert.False(PeerId.TryParse(Convert.FromHexString(hex), out _));
}
