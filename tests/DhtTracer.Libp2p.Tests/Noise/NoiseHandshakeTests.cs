using DhtTracer.Libp2p.Noise;
using DhtTracer.TestSupport;

namespace DhtTracer.Libp2p.Tests.Noise;

public class NoiseHandshakeTests
{
    // The vector for Noise_XX_25519_ChaChaPoly_SHA256 of the cacophony suite, which most Noise implementations check themselves against.
    private const string Prologue = "4a6f686e2047616c74";
    private const string InitiatorStatic = "e61ef9919cde45dd5f82166404bd08e38bceb5dfdfded0a34c8df7ed542214d1";
    private const string InitiatorEphemeral = "893e28b9dc6ca8d611ab664754b8ceb7bac5117349a4439a6b0569da977c464a";
    private const string ResponderStatic = "4a3acbfdb163dec651dfa3194dece676d437029c62a408b4c5ea9114246e4893";
    private const string ResponderEphemeral = "bbdb4cdbd309f1a1f2e1456967fe288cadd6f712d65dc7b7793d5e63da6b375b";

    private static readonly (string Payload, string Message)[] Messages =
    [
        (
            "4c756477696720766f6e204d69736573",
            "ca35def5ae56cec33dc2036731ab14896bc4c75dbb07a61f879f8e3afa4c79444c756477696720766f6e204d69736573"
        ),
        (
            "4d757272617920526f746862617264",
            "95ebc60d2b1fa672c1f46a8aa265ef51bfe38e7ccb39ec5be34069f14480884381cbad1f276e038c48378ffce2b65285e08d"
                + "6b68aaa3629a5a8639392490e5b9bd5269c2f1e4f488ed8831161f19b7815528f8982ffe09be9b5c412f8a0db50f8814c719"
                + "4e83f23dbd8d162c9326ad"
        ),
        (
            "462e20412e20486179656b",
            "c7195ffacac1307ff99046f219750fc47693e23c3cb08b89c2af808b444850a80ae475b9df0f169ae80a89be0865b57f58c9"
                + "fea0d4ec82a286427402f113e4b6ae769a1d95941d49b25030"
        ),
        ("4361726c204d656e676572", "96763ed773f8e47bb3712f0e29b3060ffc956ffc146cee53d5e1df"),
        ("4a65616e2d426170746973746520536179", "3e40f15f6f3a46ae446b253bf8b1d9ffb6ed9b174d272328ff91a7e2e5c79c07f5"),
        ("457567656e2042f6686d20766f6e2042617765726b", "eb3f3515110702e047a6c9da4478b6ead94873c11c0f2d710ddb3f09fce024b3a58502ae3f"),
    ];

    [Fact]
    public void The_published_vectors_hold_message_by_message()
    {
        using var initiator = new NoiseHandshake(true, Key(InitiatorStatic), Hex(Prologue), Key(InitiatorEphemeral));
        using var responder = new NoiseHandshake(false, Key(ResponderStatic), Hex(Prologue), Key(ResponderEphemeral));
        for (var i = 0; i < 3; i++)
        {
            var (from, to) = i % 2 == 0 ? (initiator, responder) : (responder, initiator);
            var message = from.WriteMessage(Hex(Messages[i].Payload));
            Assert.Equal(Messages[i].Message, Convert.ToHexStringLower(message));
            Assert.Equal(Messages[i].Payload, Convert.ToHexStringLower(to.ReadMessage(message)));
        }

        Assert.Equal(Key(ResponderStatic).PublicKey, initiator.RemoteStatic);
        Assert.Equal(Key(InitiatorStatic).PublicKey, responder.RemoteStatic);
        Assert.Equal("c8e5f64e846193be2a834104c2a009868d6c9f3bd3c186299888b488b2f1f58e", Convert.ToHexStringLower(initiator.HandshakeHash));
        Assert.Equal(initiator.HandshakeHash.ToArray(), responder.HandshakeHash.ToArray());
        var (initiatorSend, initiatorReceive) = initiator.Split();
        var (responderSend, responderReceive) = responder.Split();
        for (var i = 3; i < Messages.Length; i++)
        {
            var payload = Hex(Messages[i].Payload);
            var message = new byte[payload.Length + NoiseCipher.TagLength];
            (i % 2 == 1 ? responderSend : initiatorSend).Encrypt(payload, message);
            Assert.Equal(Messages[i].Message, Convert.ToHexStringLower(message));
            (i % 2 == 1 ? initiatorReceive : responderReceive).Decrypt(message, message);
            Assert.Equal(payload, message[..payload.Length]);
        }
    }

    [Theory]
    [InlineData("0000000000000000000000000000000000000000000000000000000000000000")]
    [InlineData("0100000000000000000000000000000000000000000000000000000000000000")]
    [InlineData("ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f")]
    [InlineData("e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800")]
    [InlineData("5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157")]
    public void A_remote_key_of_small_order_is_refused(string key)
    {
        using var responder = new NoiseHandshake(false, X25519KeyPair.Create());
        _ = responder.ReadMessage(Hex(key));
        Assert.Equal(WireLayer.Noise, Assert.Throws<WireException>(() => responder.WriteMessage([])).Layer);
    }

    [Fact]
    public void A_replayed_message_is_refused()
    {
        var key = new byte[32];
        using var send = new NoiseCipher(key);
        using var receive = new NoiseCipher(key);
        var message = new byte[5 + NoiseCipher.TagLength];
        send.Encrypt("hello"u8, message);
        receive.Decrypt(message, new byte[5]);
        Assert.Throws<WireException>(() => receive.Decrypt(message, new byte[5]));
    }

    [Fact]
    public void Mutated_handshakes_end_in_a_typed_error()
    {
        var random = new Random(11);
        var initiatorStatic = Key(InitiatorStatic);
        var responderStatic = Key(ResponderStatic);

        // Each handshake costs some Diffie-Hellman: fewer inputs than for a parser.
        for (var i = 0; i < Fuzz.Costly(100); i++)
        {
            using var initiator = new NoiseHandshake(true, initiatorStatic, default, Key(InitiatorEphemeral));
            using var responder = new NoiseHandshake(false, responderStatic, default, Key(ResponderEphemeral));
            var first = initiator.WriteMessage([]);
            _ = responder.ReadMessage(first);
            var second = responder.WriteMessage("payload"u8);
            var mutated = Fuzz.Mutate(random, second);
            if (!mutated.AsSpan().SequenceEqual(second))
            {
                Assert.Equal(WireLayer.Noise, Assert.Throws<WireException>(() => initiator.ReadMessage(mutated)).Layer);
            }
        }
    }

    private static byte[] Hex(string hex) => Convert.FromHexString(hex);

    private static X25519KeyPair Key(string hex) => new(Hex(hex));
}
