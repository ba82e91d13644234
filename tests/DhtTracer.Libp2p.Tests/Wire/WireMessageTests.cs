using DhtTracer.Libp2p.Wire;
using DhtTracer.TestSupport;

namespace DhtTracer.Libp2p.Tests.Wire;

public class WireMessageTests
{
    [Fact]
    public void Fields_of_all_wire_types_are_passed_over()
    {
        // 64 bits, 32 bits, bytes and varint under the unknown fields 11, 12, 13 and 14, then data = 2.
        var message = Parse("59" + "0102030405060708" + "65" + "01020304" + "6a0109" + "70ff01" + "120107");
        Assert.False(message.HasType);
        Assert.Equal([7], message.Data.ToByteArray());
    }

    [Fact]
    public void A_length_written_longer_than_needed_is_read() => Assert.Equal([0x61], Parse("1281800061").Data.ToByteArray());

    [Fact]
    public void A_number_beyond_32_bits_is_not_cut_down_to_a_known_key_type() =>
        Assert.Throws<WireException>(() =>
            Libp2p.Identities.PublicKey.Parse(Convert.FromHexString("088180808010" + "1220" + new string('3', 64)))
        );

    [Theory]
    [InlineData("08")] // no value
    [InlineData("1205aa")] // longer than the message
    [InlineData("12ffffffff0f")] // a length of -1
    [InlineData("12ffffffff07aa")] // 2 GiB
    [InlineData("00")] // field 0
    [InlineData("5b")] // a group that does not end
    [InlineData("65ff")] // four bytes, one there
    [InlineData("08ffffffffffffffffffff01")] // eleven bytes
    public void Malformed_messages_are_refused_by_type(string hex) =>
        Assert.Equal(WireLayer.Protobuf, Assert.Throws<WireException>(() => Parse(hex)).Layer);

    [Theory]
    [InlineData("ff", 10)] // not UTF-8
    [InlineData("616161", 2)] // too long
    public void A_text_that_is_not_utf8_or_too_long_is_refused(string hex, int maxLength) =>
        Assert.Throws<WireException>(() => WireMessage.Text(Google.Protobuf.ByteString.CopyFrom(Convert.FromHexString(hex)), maxLength));

    [Fact]
    public void Mutated_messages_are_read_or_refused_by_type_and_take_no_more_memory_than_they_have_bytes()
    {
        var valid = Vectors.Other.Hex("identifyHex");
        var random = new Random(23);
        var (read, refused) = (0, 0);
        var allocated = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < Fuzz.Inputs; i++)
        {
            try
            {
                _ = WireMessage.Parse(IdentifyPart.Parser, Fuzz.Mutate(random, valid));
                read++;
            }
            catch (WireException e)
            {
                Assert.Equal(WireLayer.Protobuf, e.Layer);
                refused++;
            }
        }

        Assert.True(read > 0 && refused > 0, $"{read} read, {refused} refused");
        Assert.InRange((GC.GetAllocatedBytesForCurrentThread() - allocated) / Fuzz.Inputs, 0, 16 * 1024);
    }

    private static PublicKeyMessage Parse(string hex) => WireMessage.Parse(PublicKeyMessage.Parser, Convert.FromHexString(hex));
}
