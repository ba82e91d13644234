using System.Security.Cryptography;
using System.Text;
using DhtTracer.Libp2p.Identities;
using DhtTracer.TestSupport;

namespace DhtTracer.Libp2p.Tests.Identities;

public class PublicKeyTests
{
    // The ECDSA fixture of go-libp2p's core/crypto tests: key, and signature over the sentence, whose s is in the upper half of the order.
    private const string GoEcdsaKey =
        "0803125b3059301306072a8648ce3d020106082a8648ce3d03010703420004e29a8674f3614e0ccb72406bfe2137e9f8c5f7"
        + "d62d137f0a2edd233e35374777fd1f9aed4d2cfa7371caafc6ef02db83b81f77cfe1bcd8c715acf0b9a2778ea9";
    private const string GoEcdsaSignature =
        "3046022100846a6685b9e72b560cb2fc4a75f9cbc38a90aaeaa7f3f25ee719832db7b93a65022100cd992bb7bd2bcc28c7db"
        + "04987d10adc490fe348270954f7696cb0dffff0dfc3d";

    [Fact]
    public void A_p256_signature_of_go_libp2p_verifies()
    {
        var key = PublicKey.Parse(Convert.FromHexString(GoEcdsaKey));
        Assert.Equal(KeyType.Ecdsa, key.Type);
        Assert.True(key.Verify("Libp2p is the _best_!"u8, Convert.FromHexString(GoEcdsaSignature)));
        Assert.False(key.Verify("Libp2p is the _test_!"u8, Convert.FromHexString(GoEcdsaSignature)));
    }

    // RFC 8032, section 7.1, tests 2 and 3.
    [Theory]
    [InlineData(
        "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
        "72",
        "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00"
    )]
    [InlineData(
        "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
        "af82",
        "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a"
    )]
    public void The_ed25519_vectors_of_the_rfc_verify(string key, string message, string signature)
    {
        var parsed = PublicKey.Parse(KeyMessage.Of(1, Convert.FromHexString(key)));
        Assert.True(parsed.Verify(Convert.FromHexString(message), Convert.FromHexString(signature)));
        Assert.False(parsed.Verify([.. Convert.FromHexString(message), 0], Convert.FromHexString(signature)));
        Assert.Equal(parsed.Protobuf.ToArray(), PublicKey.FromPeerId(parsed.PeerId)!.Protobuf.ToArray());
    }

    [Fact]
    public void A_secp256k1_signature_of_the_bcl_verifies_under_the_compressed_key()
    {
        // The BCL signs; the key is written as libp2p does, compressed.
        using var ecdsa = ECDsa.Create(ECCurve.CreateFromValue("1.3.132.0.10"));
        var point = ecdsa.ExportParameters(false).Q;
        byte[] compressed = [(byte)(2 + (point.Y![31] & 1)), .. point.X!];
        var key = PublicKey.Parse(KeyMessage.Of(2, compressed));
        var signature = ecdsa.SignData("message"u8, HashAlgorithmName.SHA256, DSASignatureFormat.Rfc3279DerSequence);
        Assert.True(key.Verify("message"u8, signature));
        Assert.False(key.Verify("massage"u8, signature));
        Assert.False(key.Verify("message"u8, [1, 2, 3]));
        Assert.StartsWith("16Uiu2HA", key.PeerId.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void The_secp256k1_key_of_the_specification_is_read() =>
        Assert.Equal(
            KeyType.Secp256k1,
            PublicKey.Parse(Convert.FromHexString("08021221037777e994e452c21604f91de093ce415f5432f701dd8cd1a7a6fea0e630bfca99")).Type
        );

    [Fact]
    public void An_rsa_signature_verifies_and_its_peer_id_is_a_hash()
    {
        using var rsa = RSA.Create(2048);
        var key = PublicKey.Parse(KeyMessage.Of(0, rsa.ExportSubjectPublicKeyInfo()));
        var signature = rsa.SignData(Encoding.UTF8.GetBytes("message"), HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
        Assert.True(key.Verify("message"u8, signature));
        Assert.False(key.Verify("massage"u8, signature));
        Assert.StartsWith("Qm", key.PeerId.ToString(), StringComparison.Ordinal);
        Assert.Null(PublicKey.FromPeerId(key.PeerId));
    }

    [Theory]
    [InlineData("")] // nothing
    [InlineData("0801")] // no data
    [InlineData("080112200000000000000000000000000000000000000000000000000000000000000000")] // small order
    [InlineData("080112200100000000000000000000000000000000000000000000000000000000000080")] // small order, other sign
    [InlineData("08011220ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f")] // small order
    [InlineData("08011220eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff")] // small order, not reduced
    [InlineData("0801122026e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05")] // order 8
    [InlineData("08011204aabbccdd")] // too short
    [InlineData("0802122105aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa")] // no point encoding
    [InlineData("080012020102")] // no RSA key
    [InlineData("080312020102")] // no ECDSA key
    [InlineData("0809122003030303030303030303030303030303030303030303030303030303030303")] // unknown type
    public void What_is_no_usable_key_is_refused(string hex) =>
        Assert.Throws<WireException>(() => PublicKey.Parse(Convert.FromHexString(hex)));

    [Fact]
    public void A_small_rsa_key_is_refused()
    {
        using var rsa = RSA.Create(1024);
        Assert.Throws<WireException>(() => PublicKey.Parse(KeyMessage.Of(0, rsa.ExportSubjectPublicKeyInfo())));
    }

    [Fact]
    public void Mutated_keys_are_read_or_refused_by_type()
    {
        using var rsa = RSA.Create(2048);
        byte[][] valid =
        [
            Convert.FromHexString(GoEcdsaKey),
            Convert.FromHexString("08021221037777e994e452c21604f91de093ce415f5432f701dd8cd1a7a6fea0e630bfca99"),
            Vectors.Keys.First().Hex("publicKeyProtobufHex"),
            KeyMessage.Of(0, rsa.ExportSubjectPublicKeyInfo()),
        ];
        var random = new Random(13);
        for (var i = 0; i < Fuzz.Costly(10); i++)
        {
            try
            {
                var key = PublicKey.Parse(Fuzz.Mutate(random, valid[i % valid.Length]));
                Assert.False(key.Verify("message"u8, Fuzz.Mutate(random, Convert.FromHexString(GoEcdsaSignature))));
            }
            catch (WireException)
            {
                // As it should.
            }
        }
    }
}
