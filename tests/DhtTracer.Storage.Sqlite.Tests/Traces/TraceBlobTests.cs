using System.Buffers;
using DhtTracer.Storage.Packed;

namespace DhtTracer.Storage.Sqlite.Tests.Traces;

public sealed class TraceBlobTests
{
    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(3_000_000)]
    public void Packed_bytes_come_back(int length)
    {
        var data = new byte[length];
        new Random(length).NextBytes(data.AsSpan(0, length / 2));
        Assert.Equal(data, Inflate(TraceBlob.Compress(data)));
    }

    [Fact]
    public void A_frame_that_announces_more_than_its_bytes_can_hold_is_damaged_and_allocates_nothing()
    {
        // Magic number, a header with a size of 8 bytes, and an empty last block: https://www.rfc-editor.org/rfc/rfc8878#section-3.1.1
        byte[] frame = [0x28, 0xB5, 0x2F, 0xFD, 0xE0, 0, 0, 0, 0x70, 0, 0, 0, 0, 0x01, 0, 0];
        Assert.Throws<InvalidDataException>(() => Inflate(frame));
    }

    [Fact]
    public void Every_cut_of_a_frame_is_damaged()
    {
        var packed = TraceBlob.Compress("a trace a trace a trace a trace"u8);
        for (var length = 0; length < packed.Length; length++)
        {
            Assert.Throws<InvalidDataException>(() => Inflate(packed[..length]));
        }
    }

    private static byte[] Inflate(byte[] packed)
    {
        var output = new ArrayBufferWriter<byte>();
        TraceBlob.Inflate(packed, isBrotli: false, output);
        return output.WrittenSpan.ToArray();
    }
}
