using DhtTracer.Libp2p.Identify;
using DhtTracer.Multiformats;
using DhtTracer.TestSupport;

namespace DhtTracer.Libp2p.Tests.Identify;

public class IdentifyMessageTests
{
    [Fact]
    public void A_message_of_js_libp2p_is_read()
    {
        var message = IdentifyMessage.Parse(Vectors.Other.Hex("identifyHex"));
        Assert.Equal("ipfs/0.1.0", message.ProtocolVersion);
        Assert.Equal("js-libp2p/3.3.11 node/20.20.2", message.AgentVersion);
        Assert.Equal(["/ipfs/id/1.0.0", "/ipfs/kad/1.0.0", "/ipfs/ping/1.0.0"], message.Protocols);
        Assert.Equal("/ip4/127.0.0.1/tcp/4001", message.ObservedAddress?.ToString());
        Assert.Equal("/ip4/127.0.0.1/tcp/4001", Assert.Single(message.ListenAddresses).ToString());
        Assert.Equal(Vectors.Keys.First().Text("publicKeyProtobufHex"), Convert.ToHexStringLower(message.PublicKey!));
        Assert.Equal(Vectors.Other.Text("peerRecordEnvelopeHex"), Convert.ToHexStringLower(message.SignedPeerRecord!));
    }

    [Fact]
    public void What_is_written_is_read_again()
    {
        var message = IdentifyMessage.Parse(Vectors.Other.Hex("identifyHex"));
        var again = IdentifyMessage.Parse(message.ToBytes());
        Assert.Equal(message.Protocols, again.Protocols);
        Assert.Equal(message.ListenAddresses, again.ListenAddresses);
        Assert.Equal(
            (message.AgentVersion, message.ProtocolVersion, message.ObservedAddress),
            (again.AgentVersion, again.ProtocolVersion, again.ObservedAddress)
        );
        Assert.Equal(message.SignedPeerRecord, again.SignedPeerRecord);
    }

    [Fact]
    public void A_message_in_parts_is_merged()
    {
        var first = new IdentifyMessage
        {
            AgentVersion = "a/1",
            Protocols = ["/x/1"],
            ObservedAddress = Multiaddr.Parse("/ip4/1.2.3.4/tcp/1"),
        };
        var merged = first.Merge(new IdentifyMessage { AgentVersion = "a/2", Protocols = ["/y/1"] });
        Assert.Equal("a/2", merged.AgentVersion);
        Assert.Equal(["/x/1", "/y/1"], merged.Protocols);
        Assert.Equal("/ip4/1.2.3.4/tcp/1", merged.ObservedAddress?.ToString());
    }

    [Fact]
    public void Mutated_messages_are_read_or_refused_by_type()
    {
        var random = new Random(15);
        var valid = Vectors.Other.Hex("identifyHex");
        for (var i = 0; i < Fuzz.Inputs; i++)
        {
            try
            {
                _ = IdentifyMessage.Parse(IdentifyMessage.Parse(Fuzz.Mutate(random, valid)).ToBytes());
            }
            catch (WireException e)
            {
                Assert.Equal(WireLayer.Protobuf, e.Layer);
            }
        }
    }
}
