using DhtTracer.Libp2p.Protobuf;
using DhtTracer.TestSupport;

namespace DhtTracer.Libp2p.Tests.Protobuf;

public class ProtobufReaderTests
{
    [Fact]
    public void The_examples_of_the_protobuf_documentation_are_read()
    {
        // "Encoding" in the protobuf documentation: a = 150 is 08 96 01, b = "testing" is 12 07 74 65 73 74 69 6e 67.
        var reader = new ProtobufReader([0x08, 0x96, 0x01, 0x12, 0x07, 0x74, 0x65, 0x73, 0x74, 0x69, 0x6e, 0x67]);
        Assert.True(reader.Next());
        Assert.Equal((1, 150UL), (reader.Field, reader.Varint()));
        Assert.True(reader.Next());
        Assert.Equal((2, "testing"), (reader.Field, reader.String(100)));
        Assert.False(reader.Next());
    }

    [Fact]
    public void Fields_of_all_wire_types_are_passed_over()
    {
        var reader = new ProtobufReader([0x09, 1, 2, 3, 4, 5, 6, 7, 8, 0x15, 1, 2, 3, 4, 0x1a, 1, 9, 0x20, 0xff, 1, 0x28, 7]);
        while (reader.Next() && reader.Field < 5)
        {
            reader.Skip();
        }

        Assert.Equal((5, 7), (reader.Field, reader.Int32()));
    }

    [Fact]
    public void A_length_written_longer_than_needed_is_read()
    {
        var reader = new ProtobufReader([0x0a, 0x81, 0x80, 0x00, 0x61]);
        Assert.True(reader.Next());
        Assert.Equal("a", reader.String(10));
    }

    [Theory]
    [InlineData("08")] // no value
    [InlineData("0a05aa")] // longer than the message
    [InlineData("00")] // field 0
    [InlineData("0b")] // start of a group
    [InlineData("0dff")] // four bytes, one there
    [InlineData("08ffffffffffffffffffff01")] // eleven bytes
    public void Malformed_messages_are_refused_by_type(string hex) =>
        Assert.Equal(
            WireLayer.Protobuf,
            Assert
                .Throws<WireException>(() =>
                {
                    var reader = new ProtobufReader(Convert.FromHexString(hex));
                    while (reader.Next())
                    {
                        reader.Skip();
                    }
                })
                .Layer
        );

    [Fact]
    public void A_field_of_another_type_than_expected_is_refused() =>
        Assert.Throws<WireException>(() =>
        {
            var reader = new ProtobufReader([0x08, 1]);
            _ = reader.Next();
            _ = reader.Bytes();
        });

    [Fact]
    public void A_text_that_is_not_utf8_is_refused() =>
        Assert.Throws<WireException>(() =>
        {
            var reader = new ProtobufReader([0x0a, 1, 0xff]);
            _ = reader.Next();
            _ = reader.String(10);
        });

    [Fact]
    public void Mutated_messages_are_read_to_their_end_or_refused_by_type()
    {
        byte[] valid =
        [
            0x08,
            0x96,
            0x01,
            0x12,
            0x07,
            .. "testing"u8,
            0x19,
            1,
            2,
            3,
            4,
            5,
            6,
            7,
            8,
            0x25,
            1,
            2,
            3,
            4,
            0x2a,
            0x03,
            0x08,
            0x96,
            0x01,
            0x30,
            0xff,
            0xff,
            0x03,
        ];
        var random = new Random(23);
        var (read, refused) = (0, 0);
        var allocated = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < Fuzz.Inputs; i++)
        {
            var bytes = Fuzz.Mutate(random, valid);
            var steps = 0;
            try
            {
                var reader = new ProtobufReader(bytes);
                while (reader.Next())
                {
                    Assert.InRange(++steps, 1, bytes.Length);
                    Take(ref reader, random.Next(5));
                }

                read++;
            }
            catch (WireException e)
            {
                Assert.Equal(WireLayer.Protobuf, e.Layer);
                refused++;
            }
        }

        Assert.True(read > 0 && refused > 0, $"{read} read, {refused} refused");
        Assert.InRange((GC.GetAllocatedBytesForCurrentThread() - allocated) / Fuzz.Inputs, 0, 8192);

        static void Take(ref ProtobufReader reader, int how)
        {
            switch (how)
            {
                case 0 when reader.WireType == ProtobufWireType.Varint:
                    _ = reader.Varint();
                    break;
                case 1:
                    _ = reader.Bytes();
                    break;
                case 2:
                    _ = reader.String(100);
                    break;
                case 3:
                    _ = reader.Int32();
                    break;
                default:
                    reader.Skip();
                    break;
            }
        }
    }
}
