using DhtTracer.Libp2p.Identities;
using DhtTracer.TestSupport;

namespace DhtTracer.Libp2p.Tests.Identities;

public sealed class IdentityTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("dht-tracer-identity").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void Keys_of_js_libp2p_give_the_same_identities() =>
        Assert.All(
            Vectors.Keys,
            key =>
            {
                var identity = Identity.FromProtobuf(key.Hex("privateKeyProtobufHex"));
                Assert.Equal(key.Text("peerId"), identity.PeerId.ToString());
                Assert.Equal(key.Text("peerId"), Identity.FromSeed(key.Hex("seedHex")).PeerId.ToString());
                Assert.Equal(key.Text("privateKeyProtobufHex"), Convert.ToHexStringLower(identity.ToProtobuf()));
            }
        );

    [Fact]
    public void The_key_pair_of_the_specification_belongs_together()
    {
        var identity = Identity.FromProtobuf(
            Convert.FromHexString(
                "080112407e0830617c4a7de83925dfb2694556b12936c477a0e1feb2e148ec9da60fee7d1ed1e8fae2c4a144b8be8fd4b47b"
                    + "f3d3b34b871c3cacf6010f0e42d474fce27e"
            )
        );
        Assert.Equal(
            "080112201ed1e8fae2c4a144b8be8fd4b47bf3d3b34b871c3cacf6010f0e42d474fce27e",
            Convert.ToHexStringLower(identity.PublicKey.Protobuf)
        );
    }

    [Fact]
    public void The_older_form_with_the_public_key_twice_is_read()
    {
        var key = Vectors.Keys.First();
        var data = Convert.FromHexString(key.Text("privateKeyProtobufHex")[8..]);
        byte[] older = [.. data, .. data[32..]];
        Assert.Equal(key.Text("peerId"), Identity.FromProtobuf(KeyMessage.Of(1, older)).PeerId.ToString());
        older[95] ^= 1;
        Assert.Throws<WireException>(() => Identity.FromProtobuf(KeyMessage.Of(1, older)));
    }

    [Fact]
    public void What_is_signed_verifies_under_the_public_key()
    {
        var identity = Identity.Create();
        Assert.True(identity.PublicKey.Verify("message"u8, identity.Sign("message"u8)));
    }

    [Fact]
    public void An_identity_file_is_made_once_and_only_for_its_owner()
    {
        var path = Path.Combine(_folder, "sub", "identity");
        var first = IdentityFile.ReadOrCreate(path);
        Assert.Equal(first.PeerId, IdentityFile.ReadOrCreate(path).PeerId);
        if (!OperatingSystem.IsWindows())
        {
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(path));
        }
    }

    [Fact]
    public void A_file_that_holds_something_else_is_refused_and_left_alone()
    {
        var path = Path.Combine(_folder, "letter");
        File.WriteAllText(path, "Dear all");
        var error = Assert.Throws<WireException>(() => IdentityFile.ReadOrCreate(path));
        Assert.Contains(path, error.Message, StringComparison.Ordinal);
        Assert.Equal("Dear all", File.ReadAllText(path));
    }

    [Fact]
    public void A_peer_record_of_js_libp2p_opens()
    {
        var record = PeerRecord.Open(Vectors.Other.Hex("peerRecordEnvelopeHex"));
        Assert.Equal(Vectors.Keys.First().Text("peerId"), record.Peer.ToString());
        Assert.Equal(["/ip4/127.0.0.1/tcp/4001", "/ip4/10.1.2.3/udp/4001/quic-v1"], record.Addresses.Select(address => address.ToString()));
        Assert.Equal(Vectors.Other.Text("peerRecordHex"), Convert.ToHexStringLower(record.ToBytes()));
    }

    [Fact]
    public void A_peer_record_is_sealed_as_js_libp2p_seals_it()
    {
        var identity = Identity.FromSeed(Vectors.Keys.First().Hex("seedHex"));
        var envelope = SignedEnvelope.Sign(identity, PeerRecord.Domain, PeerRecord.PayloadType, Vectors.Other.Hex("peerRecordHex"));
        Assert.Equal(Vectors.Other.Text("peerRecordEnvelopeHex"), Convert.ToHexStringLower(envelope.ToBytes()));
    }

    [Fact]
    public void A_peer_record_signed_by_somebody_else_is_refused()
    {
        var envelope = SignedEnvelope.Sign(
            Identity.Create(),
            PeerRecord.Domain,
            PeerRecord.PayloadType,
            Vectors.Other.Hex("peerRecordHex")
        );
        Assert.Throws<WireException>(() => PeerRecord.Open(envelope.ToBytes()));
        Assert.Throws<WireException>(() => SignedEnvelope.ParseAndVerify(envelope.ToBytes(), "another-domain"));
    }

    [Fact]
    public void Mutated_envelopes_are_refused_or_say_the_same()
    {
        var random = new Random(14);
        var valid = Vectors.Other.Hex("peerRecordEnvelopeHex");
        for (var i = 0; i < Fuzz.Costly(10); i++)
        {
            try
            {
                var record = PeerRecord.Open(Fuzz.Mutate(random, valid));
                Assert.Equal(Vectors.Other.Text("peerRecordHex"), Convert.ToHexStringLower(record.ToBytes()));
            }
            catch (WireException)
            {
                // As it should.
            }
        }
    }
}
