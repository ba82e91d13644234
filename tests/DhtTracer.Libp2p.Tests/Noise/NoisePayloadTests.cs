using DhtTracer.Libp2p.Identities;
using DhtTracer.Libp2p.Noise;
using DhtTracer.Libp2p.Yamux;
using DhtTracer.TestSupport;

namespace DhtTracer.Libp2p.Tests.Noise;

public class NoisePayloadTests
{
    private static readonly byte[] StaticKey = Vectors.Other.GetProperty("noise").Hex("staticPublicKeyHex");

    [Fact]
    public void The_payload_is_that_of_js_libp2p_byte_for_byte()
    {
        var identity = Identity.FromProtobuf(Vectors.Keys.First().Hex("privateKeyProtobufHex"));
        Assert.Equal(
            Vectors.Other.GetProperty("noise").Text("payloadHex"),
            Convert.ToHexStringLower(NoisePayload.Create(identity, StaticKey, [YamuxSession.ProtocolId]))
        );
    }

    [Fact]
    public void The_payload_of_js_libp2p_is_read_and_its_signature_holds()
    {
        var payload = NoisePayload.ParseAndVerify(Vectors.Other.GetProperty("noise").Hex("payloadHex"), StaticKey);
        Assert.Equal(Vectors.Keys.First().Text("peerId"), payload.IdentityKey.PeerId.ToString());
        Assert.Equal(["/yamux/1.0.0"], payload.StreamMuxers);
    }

    [Fact]
    public void A_payload_without_extensions_names_no_muxer() =>
        Assert.Empty(
            NoisePayload.ParseAndVerify(Vectors.Other.GetProperty("noise").Hex("payloadWithoutExtensionsHex"), StaticKey).StreamMuxers
        );

    [Fact]
    public void A_payload_for_another_static_key_is_refused()
    {
        byte[] other = [.. StaticKey];
        other[0] ^= 1;
        Assert.Throws<WireException>(() => NoisePayload.ParseAndVerify(Vectors.Other.GetProperty("noise").Hex("payloadHex"), other));
    }

    [Fact]
    public void Mutated_payloads_are_refused_or_say_the_same()
    {
        var random = new Random(12);
        var valid = Vectors.Other.GetProperty("noise").Hex("payloadHex");
        for (var i = 0; i < Fuzz.Costly(10); i++)
        {
            try
            {
                // What still verifies was changed outside of key and signature.
                var payload = NoisePayload.ParseAndVerify(Fuzz.Mutate(random, valid), StaticKey);
                Assert.Equal(Vectors.Keys.First().Text("peerId"), payload.IdentityKey.PeerId.ToString());
            }
            catch (WireException)
            {
                // As it should.
            }
        }
    }
}
