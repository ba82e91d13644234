using DhtTracer.Libp2p.Noise;

namespace DhtTracer.Libp2p.Tests.Noise;

public class X25519KeyPairTests
{
    // RFC 7748, section 6.1.
    private const string AlicePrivate = "77076d0a7318a57d3c16c17251b26645df4c2f87ebc0992ab177fba51db92c2a";
    private const string AlicePublic = "8520f0098930a754748b7ddcb43ef75a0dbf3a0d26381af4eba4a98eaa9b4e6a";
    private const string BobPrivate = "5dab087e624a8a4b79e17f8b83800ee66f3bb1292618b6fd1c2f8b27ff88e0eb";
    private const string BobPublic = "de9edb7d7b7dc1b4d35b61c2ece435373f8343c85b78674dadfc7e146f882b4f";
    private const string Shared = "4a5d9d5ba4ce2de1728e3bf480350f25e07e21c947d19e3376f09b3c1e161742";

    [Theory]
    [InlineData(AlicePrivate, AlicePublic, BobPublic)]
    [InlineData(BobPrivate, BobPublic, AlicePublic)]
    public void The_key_pairs_of_the_rfc_agree(string privateKey, string publicKey, string remote)
    {
        var pair = new X25519KeyPair(Convert.FromHexString(privateKey));
        var secret = new byte[32];
        Assert.Equal(publicKey, Convert.ToHexStringLower(pair.PublicKey));
        Assert.True(pair.TryAgree(Convert.FromHexString(remote), secret));
        Assert.Equal(Shared, Convert.ToHexStringLower(secret));
    }

    // The u coordinates of small order on Curve25519 and its twist, with those written above p: every private key gives zero for them.
    [Theory]
    [InlineData("0000000000000000000000000000000000000000000000000000000000000000")]
    [InlineData("0100000000000000000000000000000000000000000000000000000000000000")]
    [InlineData("e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800")]
    [InlineData("5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157")]
    [InlineData("ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f")]
    [InlineData("edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f")]
    [InlineData("eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f")]
    public void A_remote_key_of_small_order_gives_no_secret(string remote) =>
        Assert.False(X25519KeyPair.Create().TryAgree(Convert.FromHexString(remote), new byte[32]));
}
